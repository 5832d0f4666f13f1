// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was found in the running kernel
 */
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/percpu.h>

#include "target.h"

/* Each runqueue has to say that it is its CPU's, or the per-CPU section is another one. */
static int check_runqueues(const struct lg_layout *l)
{
	int cpu, its;

	if (!l->cpu_offset)
		return 0;	/* one CPU only */
	for_each_possible_cpu(cpu) {
		void *rq = per_cpu_ptr((void __percpu *)l->runqueues, cpu);

		if (lg_image_read(&its, (unsigned long)rq + l->cpu_offset, sizeof(its)) ||
		    its != cpu)
			return lg_refuse(-EOPNOTSUPP,
					 "unknown layout: the per-CPU runqueues are not where BTF says");
	}
	return 0;
}

/**
 * lg_target_entries - who sits at the entries of the functions that lead to the loops
 * @target: what was found
 *
 * Context: any.
 * Return: for each entry its enum lg_entry, at LG_ENTRY_SHIFT().
 */
u32 lg_target_entries(const struct lg_target *target)
{
	enum lg_entry who;
	u32 i, entries = 0;

	for (i = 0; i < target->loops.nr_entries; i++) {
		lg_arch_body(&target->loops.entries[i], &who);
		entries |= who << LG_ENTRY_SHIFT(i);
	}
	return entries;
}

/**
 * lg_target_find - find the dispatch loop of the running kernel
 * @target: filled in; zeroed by the caller
 *
 * Calls lg_refuse() on refusal; the waits may have been found all the same. That BTF has the
 * enumerator of a native bound proves only that it was declared, so it counts only where every
 * loop has a countdown.
 *
 * Context: task, may sleep. Called once, from module init.
 * Return: 0 if some engine can hook it, -ENODEV without sched_ext, -ENODATA
 * without BTF, -EOPNOTSUPP for a loop or a layout that is not known, -ENOMEM.
 */
int lg_target_find(struct lg_target *target)
{
	struct lg_symbol kfunc;
	int ret, known;

	target->waits.error = -ENODATA;
	/* in every generation since the first RFC */
	if (lg_image_function("scx_bpf_kick_cpu", &kfunc))
		return lg_refuse(-ENODEV, "this kernel has no sched_ext");
	known = lg_layout_find(&target->layout);
	ret = target->layout.runqueues ? check_runqueues(&target->layout) : known;
	if (ret)
		return ret;
	lg_waits_find(&target->layout, &target->waits);
	ret = known ?: lg_loops_find(&target->layout, &target->loops);
	if (ret)
		return ret;
	if (target->loops.bounded)
		target->native_limit = target->layout.declared_limit;
	return 0;
}
