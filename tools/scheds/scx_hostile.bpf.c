// SPDX-License-Identifier: GPL-2.0-only
/*
 * scx_hostile - a scheduler whose dispatch loop goes wrong in one way
 *
 * One FIFO for all CPUs, as simple as can be, for a second. From then
 * on ops.dispatch() dispatches what cannot run, as scx_spin does, but where and how
 * is up to the kind:
 *
 * - unlock: before that a task of another CPU's is moved from one DSQ to another, for
 *   which the kernel drops this CPU's rq lock to take the other's. What is waiting for
 *   the lock gets it in the middle of the loop, and may change what the loop looks at.
 * - move: only the task is moved, so nothing is dispatched and the loop ends by itself. With
 *   core scheduling in use the kernel then picks anew, for ever.
 * - brink: only so often, and then a task is found; each time once more than the time
 *   before, from just under the limit to just over it.
 * - held: on one CPU. It keeps its rq lock all the time, for which the others wait.
 * - dying: what is dispatched are tasks that were seen to exit. They are kept, so most of
 *   them are dead by then and some of them are just about to be. For the kernel to look
 *   at them at all tasks are queued by PID here, and not in a DSQ.
 * - all: on every CPU at the same moment.
 * - idle, rt: only where the CPU comes from the idle task, or from a real-time one.
 */

/* what is used is declared below, as no kernel has all of it */
#define BPF_NO_KFUNC_PROTOTYPES
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "scx_exit.h"
#include "scx_hostile.h"

char _license[] SEC("license") = "GPL";

enum {
	SHARED_DSQ	= 0,
	OTHER_DSQ	= 1,
	KTHREADD	= 2,		/* nearly always asleep */
	KEPT		= 64,		/* tasks that have exited */
	QUEUE_LEN	= 8192,
	TRIES		= 8,
	MAX_RT_PRIO	= 100,		/* macros, so not in BTF */
	PF_KTHREAD	= 0x00200000,
};

s32 scx_bpf_create_dsq(u64 dsq_id, s32 node) __ksym;
s32 scx_bpf_dsq_nr_queued(u64 dsq_id) __ksym;
void scx_bpf_kick_cpu(s32 cpu, u64 flags) __ksym;
s32 scx_bpf_task_cpu(const struct task_struct *p) __ksym;
struct task_struct *bpf_task_from_pid(s32 pid) __ksym;
struct task_struct *bpf_task_acquire(struct task_struct *p) __ksym;
void bpf_task_release(struct task_struct *p) __ksym;
int bpf_iter_scx_dsq_new(struct bpf_iter_scx_dsq *it, u64 dsq_id,
			 u64 flags) __ksym;
struct task_struct *bpf_iter_scx_dsq_next(struct bpf_iter_scx_dsq *it) __ksym;
void bpf_iter_scx_dsq_destroy(struct bpf_iter_scx_dsq *it) __ksym;

/* three kfuncs got other names in 6.13, and lost the old ones later */
void scx_bpf_dispatch(struct task_struct *p, u64 dsq_id, u64 slice,
		      u64 enq_flags) __ksym __weak;
void scx_bpf_dsq_insert(struct task_struct *p, u64 dsq_id, u64 slice,
			u64 enq_flags) __ksym __weak;
bool scx_bpf_consume(u64 dsq_id) __ksym __weak;
bool scx_bpf_dsq_move_to_local(u64 dsq_id) __ksym __weak;
bool scx_bpf_dispatch_from_dsq(struct bpf_iter_scx_dsq *it, struct task_struct *p,
			       u64 dsq_id, u64 enq_flags) __ksym __weak;
bool scx_bpf_dsq_move(struct bpf_iter_scx_dsq *it, struct task_struct *p,
		      u64 dsq_id, u64 enq_flags) __ksym __weak;

/* set by scx_hostile.c before the scheduler is loaded */
const volatile enum hostile_kind kind;
const volatile s32 held_cpu;
const volatile u32 least;
const volatile u32 most;
const volatile u64 slice_ns;
const volatile u64 first_ns;
const volatile u64 for_ns;

/* when ops.dispatch() was called first */
u64 since;

struct hostile_stats stats;
struct exit_record exit_record;

struct cpu_state {
	u32 vain;		/* brink: iterations since a task was found */
	u32 extra;		/* brink: how many more than the least it takes */
	u32 next;		/* dying: of those that are kept */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct cpu_state);
} cpu_states SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, QUEUE_LEN);
	__type(value, u32);
} pids SEC(".maps");

struct kept_task {
	struct task_struct __kptr *task;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, KEPT);
	__type(key, u32);
	__type(value, struct kept_task);
} kept_tasks SEC(".maps");

/* The one that the kernel lacks is dead code to its verifier. */
static __always_inline void dispatch(struct task_struct *p, u64 dsq_id,
				     u64 enq_flags)
{
	if (bpf_ksym_exists(scx_bpf_dsq_insert))
		scx_bpf_dsq_insert(p, dsq_id, slice_ns, enq_flags);
	else
		scx_bpf_dispatch(p, dsq_id, slice_ns, enq_flags);
}

static __always_inline bool consume(u64 dsq_id)
{
	if (bpf_ksym_exists(scx_bpf_dsq_move_to_local))
		return scx_bpf_dsq_move_to_local(dsq_id);
	return scx_bpf_consume(dsq_id);
}

static __always_inline bool move(struct bpf_iter_scx_dsq *it,
				 struct task_struct *p, u64 dsq_id)
{
	if (bpf_ksym_exists(scx_bpf_dsq_move))
		return scx_bpf_dsq_move(it, p, dsq_id, 0);
	return scx_bpf_dispatch_from_dsq(it, p, dsq_id, 0);
}

/* Is this where it is hostile? The current task is the one that the CPU comes from. */
static bool is_the_place(s32 cpu)
{
	const struct task_struct *current = bpf_get_current_task_btf();

	switch (kind) {
	case HOSTILE_HELD:
		return cpu == held_cpu;
	case HOSTILE_IDLE:
		return !current->pid;
	case HOSTILE_RT:
		return current->prio < MAX_RT_PRIO;
	default:
		return true;
	}
}

/* Dispatch a task that is not queued: counted by the kernel, then dropped. */
static void dispatch_phantom(void)
{
	struct task_struct *p = bpf_task_from_pid(KTHREADD);

	if (!p)
		return;
	dispatch(p, SCX_DSQ_LOCAL, 0);
	bpf_task_release(p);
	__sync_fetch_and_add(&stats.vain, 1);
}

/*
 * Move the first task of another CPU's, if there is one. For that the kernel lets go
 * of this CPU's rq lock, takes the task's, and comes back.
 */
static __always_inline bool move_remote(s32 cpu, u64 from, u64 to)
{
	struct task_struct *p;
	bool moved = false;

	bpf_for_each(scx_dsq, p, from, 0) {
		if (scx_bpf_task_cpu(p) == cpu)
			continue;
		moved = move(&___it, p, to);
		break;
	}
	return moved;
}

static void drop_lock(s32 cpu)
{
	if (move_remote(cpu, SHARED_DSQ, OTHER_DSQ) ||
	    move_remote(cpu, OTHER_DSQ, SHARED_DSQ))
		__sync_fetch_and_add(&stats.unlocked, 1);
}

/* The next one of those that have exited. One that waits to do so is let go on with it. */
static void dispatch_dying(struct cpu_state *c)
{
	u64 nr = stats.dying < KEPT ? stats.dying : KEPT;
	struct kept_task *kept;
	struct task_struct *p;
	u32 i;

	if (consume(SHARED_DSQ) || !nr)
		return;
	i = c->next++ % nr;
	kept = bpf_map_lookup_elem(&kept_tasks, &i);
	if (!kept)
		return;
	p = kept->task;
	if (!p)
		return;
	dispatch(p, SHARED_DSQ, 0);
	__sync_fetch_and_add(&stats.vain, 1);
}

static bool find(void)
{
	/* first what unlock and move have left there, to which nothing more comes */
	if (!consume(OTHER_DSQ) && !consume(SHARED_DSQ))
		return false;
	__sync_fetch_and_add(&stats.found, 1);
	return true;
}

static bool dispatch_queued(void)
{
	struct task_struct *p;
	u32 i, pid;

	bpf_for(i, 0, TRIES) {
		if (bpf_map_pop_elem(&pids, &pid))
			break;
		p = bpf_task_from_pid(pid);
		if (!p)
			continue;
		dispatch(p, SHARED_DSQ, 0);
		bpf_task_release(p);
		if (find())
			return true;
	}
	return false;
}

static void dispatch_normally(s32 cpu)
{
	if (find() || (kind == HOSTILE_DYING && dispatch_queued()))
		return;
	/* have the kernel look for a task once more when the CPU is idle */
	if (kind == HOSTILE_IDLE && !is_the_place(cpu))
		scx_bpf_kick_cpu(cpu, 0);
}

/*
 * With nothing to be found at the end there is nothing to go on for, and the loop ends
 * by itself. What is found has been queued before, so that one that is not is not owed.
 */
static void dispatch_on_the_brink(struct cpu_state *c)
{
	if (scx_bpf_dsq_nr_queued(SHARED_DSQ) <= 0)
		return;
	if (c->vain < least + c->extra) {
		c->vain++;
		dispatch_phantom();
		return;
	}
	c->vain = 0;
	c->extra = least + c->extra < most ? c->extra + 1 : 0;
	find();
}

/* It behaves first, and perhaps again after a while. */
static bool is_the_time(void)
{
	u64 now = bpf_ktime_get_ns();

	if (!since)
		__sync_val_compare_and_swap(&since, 0, now);
	now -= since;
	return (s64)now >= (s64)first_ns && (!for_ns || now - first_ns < for_ns);
}

SEC("struct_ops/hostile_enqueue")
int BPF_PROG(hostile_enqueue, struct task_struct *p, u64 enq_flags)
{
	u32 pid = p->pid;

	/* what the kernel itself has to do on a CPU is none of this */
	if (p->flags & PF_KTHREAD && p->nr_cpus_allowed == 1)
		dispatch(p, SCX_DSQ_LOCAL, enq_flags);
	else if (kind != HOSTILE_DYING || bpf_map_push_elem(&pids, &pid, 0))
		dispatch(p, SHARED_DSQ, enq_flags);
	return 0;
}

SEC("struct_ops/hostile_dispatch")
int BPF_PROG(hostile_dispatch, s32 cpu, struct task_struct *prev)
{
	u32 zero = 0;
	struct cpu_state *c = bpf_map_lookup_elem(&cpu_states, &zero);

	if (!c)
		return 0;
	if (!is_the_time() || !is_the_place(cpu)) {
		dispatch_normally(cpu);
		return 0;
	}

	switch (kind) {
	case HOSTILE_UNLOCK:
		drop_lock(cpu);
		dispatch_phantom();
		break;
	case HOSTILE_MOVE:
		drop_lock(cpu);
		break;
	case HOSTILE_BRINK:
		dispatch_on_the_brink(c);
		break;
	case HOSTILE_DYING:
		dispatch_dying(c);
		break;
	default:
		dispatch_phantom();
	}
	return 0;
}

/* Any task, of any class; it still runs, and for the last time. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(hostile_sees_exit, struct task_struct *p)
{
	struct task_struct *task = bpf_task_acquire(p);
	struct kept_task *kept;
	u32 i;

	if (!task)
		return 0;
	i = __sync_fetch_and_add(&stats.dying, 1) % KEPT;
	kept = bpf_map_lookup_elem(&kept_tasks, &i);
	if (kept)
		task = bpf_kptr_xchg(&kept->task, task);
	if (task)
		bpf_task_release(task);
	return 0;
}

SEC("struct_ops.s/hostile_init")
int BPF_PROG(hostile_init)
{
	s32 ret = scx_bpf_create_dsq(SHARED_DSQ, -1);

	return ret ?: scx_bpf_create_dsq(OTHER_DSQ, -1);
}

SEC("struct_ops.s/hostile_exit")
int BPF_PROG(hostile_exit, struct scx_exit_info *ei)
{
	record_exit(&exit_record, ei);
	return 0;
}

SEC(".struct_ops.link")
struct sched_ext_ops hostile_ops = {
	.enqueue	= (void *)hostile_enqueue,
	.dispatch	= (void *)hostile_dispatch,
	.init		= (void *)hostile_init,
	.exit		= (void *)hostile_exit,
	.timeout_ms	= 5000,
	.name		= "hostile",
};
