// SPDX-License-Identifier: GPL-2.0-only
/*
 * scx_nest - a scheduler that may have a child, and may be one, and loops on request
 *
 * Since 7.1 a scheduler can hand CPUs to others that schedule the tasks of a cgroup.
 * They are dispatched from their parent's ops.dispatch(), so the dispatch loop of the
 * kernel nests: in one iteration of the parent's loop all of the child's runs, with a
 * dispatch context of its own. Both can be endless.
 *
 * Tasks go to the local DSQ of their CPU as they are enqueued, so the loop has
 * nothing to do but what it is asked for here:
 *
 * - loop_after: from that many dispatches on, dispatch a task that is not queued each
 *   time. It has to be the scheduler's own, or the kernel does not count it: for
 *   the root kthreadd, for a child its own process, which sleeps in its cgroup.
 * - iterations: the same, but only so many times in each loop.
 * - A child: it is given every CPU and is dispatched first. There may be only one.
 *
 * Of the struct_ops form that counts CPUs by cid, as no other can be nested.
 */
#define BPF_NO_KFUNC_PROTOTYPES
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "scx_exit.h"
#include "scx_nest.h"

#define __arena __attribute__((address_space(1)))

char _license[] SEC("license") = "GPL";

enum {
	SLICE_NS	= 20 * 1000 * 1000,
	EBUSY		= 16,
};

u32 scx_bpf_nr_cids(void) __ksym;
void scx_bpf_dsq_insert(struct task_struct *p, u64 dsq_id, u64 slice,
			u64 enq_flags) __ksym;
bool scx_bpf_sub_dispatch(u64 cgroup_id) __ksym;
s32 scx_bpf_sub_grant(u64 cgroup_id, u64 caps, const struct scx_cmask __arena *cmask__arena,
		      struct scx_cmask __arena *denied_out__arena__nullable) __ksym;
struct task_struct *bpf_task_from_pid(s32 pid) __ksym;
void bpf_task_release(struct task_struct *p) __ksym;

/* set by scx_nest.c before the scheduler is loaded */
const volatile u32 loop_after;
const volatile s32 phantom_pid;
const volatile u32 iterations;

struct nest_stats stats;
struct exit_record exit_record;

static u64 child;		/* ID of its cgroup, 0: none */

/* The kernel takes masks from nowhere else, and gives a child its own only here. */
struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 64);
	__ulong(map_extra, 0x1ull << 44);
} arena SEC(".maps");

struct nest_cmask __arena all_cids;
_Static_assert(__builtin_offsetof(struct nest_cmask, bits) ==
	       __builtin_offsetof(struct scx_cmask, bits), "it passes for a scx_cmask");

static bool dispatch_phantom(void)
{
	struct task_struct *p = bpf_task_from_pid(phantom_pid);

	if (!p)
		return false;
	scx_bpf_dsq_insert(p, SCX_DSQ_LOCAL, SLICE_NS, 0);
	bpf_task_release(p);
	return true;
}

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
} done_so_far SEC(".maps");

/* Is this one of the iterations that loop, or the last of its loop? */
static bool loops_on(void)
{
	u32 zero = 0, *done;

	if (loop_after)
		return stats.dispatches > loop_after;
	done = bpf_map_lookup_elem(&done_so_far, &zero);
	if (!done || !iterations)
		return false;
	*done = *done < iterations ? *done + 1 : 0;
	return *done;
}

SEC("struct_ops/nest_enqueue")
int BPF_PROG(nest_enqueue, struct task_struct *p, u64 enq_flags)
{
	scx_bpf_dsq_insert(p, SCX_DSQ_LOCAL, SLICE_NS, enq_flags);
	return 0;
}

SEC("struct_ops/nest_dispatch")
int BPF_PROG(nest_dispatch, s32 cid, struct task_struct *prev)
{
	u64 id = child;

	__sync_fetch_and_add(&stats.dispatches, 1);
	if (id) {
		__sync_fetch_and_add(&stats.nested, 1);
		if (scx_bpf_sub_dispatch(id))
			return 0;
	}
	if (loops_on() && dispatch_phantom())
		__sync_fetch_and_add(&stats.phantoms, 1);
	return 0;
}

SEC("struct_ops.s/nest_sub_attach")
s32 BPF_PROG(nest_sub_attach, struct scx_sub_attach_args *args)
{
	u64 id = args->ops->sub_cgroup_id;
	u32 i, nr = scx_bpf_nr_cids();
	s32 ret;

	if (child)
		return -EBUSY;

	all_cids.nr_cids = nr;
	all_cids.alloc_words = NEST_MASK_WORDS;
	bpf_for(i, 0, 64)
		if (i < nr)
			all_cids.bits[0] |= 1ULL << i;

	ret = scx_bpf_sub_grant(id, SCX_CAP_ENQ_IMMED | SCX_CAP_ENQ | SCX_CAP_PREEMPT,
				(struct scx_cmask __arena *)&all_cids, NULL);
	if (!ret)
		child = id;
	return ret;
}

SEC("struct_ops.s/nest_sub_detach")
int BPF_PROG(nest_sub_detach, struct scx_sub_detach_args *args)
{
	if (child == args->ops->sub_cgroup_id)
		child = 0;
	return 0;
}

SEC("struct_ops.s/nest_exit")
int BPF_PROG(nest_exit, struct scx_exit_info *ei)
{
	record_exit(&exit_record, ei);
	return 0;
}

SEC(".struct_ops.link")
struct sched_ext_ops_cid nest_ops = {
	.enqueue	= (void *)nest_enqueue,
	.dispatch	= (void *)nest_dispatch,
	.sub_attach	= (void *)nest_sub_attach,
	.sub_detach	= (void *)nest_sub_detach,
	.exit		= (void *)nest_exit,
	.timeout_ms	= 5000,
	.name		= "nest",
};
