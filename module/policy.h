/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The policy: count the iterations of each invocation, and end the loop at the limit
 */
#ifndef LG_POLICY_H
#define LG_POLICY_H

#include <linux/compiler.h>
#include <linux/percpu.h>
#include <linux/types.h>

#include "cpu.h"

struct lg_target;

void lg_policy_start(const struct lg_target *target);
void lg_count_iteration(u32 *nr_tasks, unsigned long sp);
void lg_bound_reached(unsigned long sp);
const char *lg_distrust(void);
void lg_read_ops_name(char *name, const void *ctx);

enum {
	/*
	 * Hits of CPUs that go idle, of which one is looked at all the same; see repick.c. A
	 * prime, so that no pattern of hits keeps in step with it.
	 */
	LG_LOOK_EVERY	= 61,
};

/**
 * lg_iteration - an iteration of the dispatch loop has found no task to run
 * @nr_tasks: what the loop is about to read of its dispatch context
 * @sp: the stack pointer in the function with the loop
 *
 * All that a scheduler costs which behaves is here, when a CPU goes idle.
 *
 * Context: called by the hook from inside the loop: IRQs off, rq lock held. Takes no
 * lock, prints nothing, wakes nobody.
 */
static __always_inline void lg_iteration(u32 *nr_tasks, unsigned long sp)
{
	if (likely(nr_tasks == this_cpu_read(lg_quiet) && !READ_ONCE(*nr_tasks) &&
		   this_cpu_read(scx_loopguard_hits) % LG_LOOK_EVERY))
		this_cpu_inc(scx_loopguard_hits);
	else
		lg_count_iteration(nr_tasks, sp);
}

#endif
