// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the kernel keeps what the dispatch loop works with, from its BTF
 *
 * Each refusal says what is missing.
 */
#include <linux/errno.h>
#include <linux/stringify.h>

#include "btf.h"
#include "image.h"
#include "layout.h"

/* The finding runs once, so that this may be here. */
static const char *refusal;

/**
 * lg_refuse - the loop of this kernel cannot be guarded
 * @err: the error
 * @why: what is missing; a constant
 *
 * Context: task, from module init.
 * Return: @err.
 */
int lg_refuse(int err, const char *why)
{
	refusal = why;
	return err;
}

/**
 * lg_refusal - why it cannot
 *
 * Context: task, from module init, after lg_refuse().
 * Return: the last one's.
 */
const char *lg_refusal(void)
{
	return refusal;
}

/* The dispatch context. Sizes are checked: a field that grew is another field. */
static int read_context(const struct lg_btf *btf, struct lg_layout *l)
{
	struct lg_btf_member rq, nr_tasks, outer;
	int ret;

	if (!lg_btf_has_struct(btf, "scx_dsp_ctx"))
		return lg_refuse(-EOPNOTSUPP,
				 "unknown layout: BTF has no struct scx_dsp_ctx");

	ret = lg_btf_member(btf, "scx_dsp_ctx", "nr_tasks", &nr_tasks);
	if (ret == -ENOENT)
		return lg_refuse(-EOPNOTSUPP,
				 "the dispatch loop keeps no nr_tasks (sched_ext of the RFC era, or a fork)");
	if (ret || nr_tasks.size != sizeof(u32))
		return lg_refuse(-EOPNOTSUPP,
				 "unknown layout: nr_tasks of struct scx_dsp_ctx is not a u32");

	ret = lg_btf_member(btf, "scx_dsp_ctx", "rq", &rq);
	if (ret || rq.size != sizeof(void *))
		return lg_refuse(-EOPNOTSUPP,
				 "unknown layout: struct scx_dsp_ctx has no pointer rq");

	/* since there are sub-schedulers it is a part of each one's per-CPU data */
	ret = lg_btf_member(btf, "scx_sched_pcpu", "dsp_ctx", &outer);
	if (ret && ret != -ENOENT)
		return lg_refuse(-EOPNOTSUPP,
				 "unknown layout: dsp_ctx of struct scx_sched_pcpu");

	l->outer_offset = ret ? 0 : outer.offset;
	l->rq_offset = rq.offset;
	l->nr_tasks_offset = nr_tasks.offset;
	return 0;
}

/* A variable of the section whose start LG_PERCPU_ANCHOR tells. */
static int find_percpu(const struct lg_btf *btf, const char *name, unsigned long *address)
{
	u32 anchor, offset;
	int ret;

	ret = lg_btf_percpu(btf, __stringify(LG_PERCPU_ANCHOR), &anchor) ?:
	      lg_btf_percpu(btf, name, &offset);
	if (!ret)
		*address = lg_image_percpu() - anchor + offset;
	return ret;
}

static int find_runqueues(const struct lg_btf *btf, struct lg_layout *l)
{
	struct lg_btf_member cpu;

	if (find_percpu(btf, "runqueues", &l->runqueues))
		return lg_refuse(-EOPNOTSUPP,
				 "unknown layout: BTF does not say where the per-CPU runqueues are");
	if (!lg_btf_member(btf, "rq", "cpu", &cpu) && cpu.size == sizeof(int))
		l->cpu_offset = cpu.offset;
	return 0;
}

/* Only for last_trip_ops: a kernel without it is protected all the same. */
static void find_ops_name(const struct lg_btf *btf, struct lg_layout *l)
{
	struct lg_ops_name *ops = &l->ops_name;
	unsigned long scx_ops = lg_image_data("scx_ops");
	unsigned long scx_root = lg_image_data("scx_root");
	struct lg_btf_member name, member;

	if (lg_btf_member(btf, "sched_ext_ops", "name", &name) ||
	    name.size != LG_OPS_NAME_LEN)
		return;

	/* struct scx_sched begins with its ops where they are in an unnamed union */
	if (l->outer_offset &&
	    !lg_btf_member(btf, "scx_sched_pcpu", "sch", &member) &&
	    member.size == sizeof(void *)) {
		ops->by_ctx = true;
		ops->indirect = true;
		ops->sched_offset = (s32)member.offset - (s32)l->outer_offset;
	} else if (scx_root && lg_btf_has_struct(btf, "scx_sched")) {
		ops->base = scx_root;
		ops->indirect = true;
	} else {
		ops->base = scx_ops;
	}
	ops->offset = name.offset;
	if (ops->indirect && !lg_btf_member(btf, "scx_sched", "ops", &member))
		ops->offset += member.offset;
}

/*
 * How engine callsite gets at the dispatch contexts. Symbols of data need
 * KALLSYMS_ALL, and in older kernels the name is that of a per-CPU variable, which
 * must not be asked for.
 */
static void find_context(const struct lg_btf *btf, struct lg_layout *l)
{
	struct lg_context *c = &l->context;
	struct lg_btf_member pcpu = {};

	if (l->outer_offset) {
		c->kind = LG_CONTEXT_OF_SCHED;
		c->reachable = !lg_btf_member(btf, "scx_sched", "pcpu", &pcpu) &&
			       pcpu.size == sizeof(void *);
		c->pcpu_offset = pcpu.offset;
	} else if (!find_percpu(btf, "scx_dsp_ctx", &c->address)) {
		c->kind = LG_CONTEXT_VARIABLE;
		c->reachable = true;
	} else {
		c->kind = LG_CONTEXT_POINTER;
		c->address = lg_image_data("scx_dsp_ctx");
		c->reachable = c->address;
	}
}

/* Only for the guard of waits: a kernel without it has its loop guarded all the same. */
static void find_kick(const struct lg_btf *btf, struct lg_layout *l)
{
	struct lg_kick_layout *kick = &l->kick;
	struct lg_btf_member scx, member, func;

	if (lg_btf_member(btf, "rq", "scx", &scx))
		return;
	/* pnt_seq until 6.18 */
	if ((!lg_btf_member(btf, "scx_rq", "kick_sync", &member) ||
	     !lg_btf_member(btf, "scx_rq", "pnt_seq", &member)) &&
	    member.size == sizeof(unsigned long))
		kick->seq_offset = scx.offset + member.offset;
	if (!lg_btf_member(btf, "scx_rq", "kick_cpus_irq_work", &member) &&
	    !lg_btf_member(btf, "irq_work", "func", &func))
		kick->func = l->runqueues + scx.offset + member.offset + func.offset;
	kick->deferred = !lg_btf_member(btf, "scx_rq", "kick_sync_bal_cb", &member);
}

/*
 * A scheduler is known by its dispatch context, and that it is the one by the way back; so
 * find_ops_name() and find_context() come first.
 */
static void find_repick(const struct lg_btf *btf, struct lg_layout *l)
{
	struct lg_btf_member scx, seq, has_op, level, dispatch;
	struct lg_repick *r = &l->repick;
	u32 op;

	r->core = !lg_btf_member(btf, "rq", "core_enabled", &seq);
	r->anew = r->core && !lg_btf_member(btf, "scx_rq", "lock_drop_seq", &seq);
	if (!r->anew || seq.size != sizeof(u32) ||
	    lg_btf_member(btf, "rq", "scx", &scx) ||
	    lg_btf_member(btf, "scx_sched", "has_op", &has_op) ||
	    lg_btf_member(btf, "scx_sched", "level", &level) || level.size != sizeof(s32) ||
	    lg_btf_member(btf, "sched_ext_ops", "dispatch", &dispatch))
		return;
	/* the ops begin with their functions, of which each has a bit in that order */
	op = dispatch.offset / sizeof(void *);
	r->known = l->ops_name.by_ctx && l->context.kind == LG_CONTEXT_OF_SCHED &&
		   l->context.reachable && op < 8 * sizeof(long) && op / 8 < has_op.size;
	r->seq_offset = scx.offset + seq.offset;
	r->level_offset = level.offset;
	r->has_op_offset = has_op.offset;
	r->has_op_bit = op;
}

static int read_limit(const struct lg_btf *btf, struct lg_layout *l)
{
	s64 limit = 0;
	int ret = lg_btf_enumerator(btf, "SCX_DSP_MAX_LOOPS", &limit);

	if (ret && ret != -ENOENT)
		return lg_refuse(-EOPNOTSUPP,
				 "unknown layout: SCX_DSP_MAX_LOOPS is ambiguous in BTF");
	if (!ret && (limit < 1 || limit > U32_MAX))
		return lg_refuse(-EOPNOTSUPP,
				 "unknown layout: SCX_DSP_MAX_LOOPS is out of range");
	l->declared_limit = limit;
	return 0;
}

static int read_all(const struct lg_btf *btf, struct lg_layout *l)
{
	int ret;

	ret = find_runqueues(btf, l);
	if (ret)
		return ret;
	find_kick(btf, l);
	ret = read_context(btf, l) ?: read_limit(btf, l);
	find_ops_name(btf, l);
	find_context(btf, l);
	find_repick(btf, l);
	return ret;
}

/**
 * lg_layout_find - read the layout from the image's BTF
 * @layout: filled in; zeroed by the caller
 *
 * Calls lg_refuse() on refusal; what is known then of waits and names is filled in all the same.
 *
 * Context: task, may sleep.
 * Return: 0, -ENODATA without BTF, -EOPNOTSUPP for a layout that is not known.
 */
int lg_layout_find(struct lg_layout *layout)
{
	struct lg_blob blob;
	struct lg_btf btf;
	int ret;

	if (lg_image_btf(&blob) || lg_btf_open(&btf, blob.data, blob.size))
		ret = lg_refuse(-ENODATA,
				"symbols not available: no __start_BTF (CONFIG_KALLSYMS_ALL), and cannot read /sys/kernel/btf/vmlinux");
	else
		ret = read_all(&btf, layout);
	lg_image_btf_put(&blob);
	return ret;
}
