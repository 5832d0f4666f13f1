// SPDX-License-Identifier: GPL-2.0-only
/*
 * scx_spin - a scheduler that misbehaves on request
 *
 * Five FIFO queues of PIDs, chosen by a task's weight; a CPU takes 1, 2, 4, 8 and
 * 16 tasks from them in turn. It is here to bring the dispatch loop of the
 * kernel into each state that scx_loopguard has to tell apart:
 *
 * - An endless loop (loop_after): dispatch a task that is not queued, here
 *   kthreadd, each time. The kernel counts it as dispatched, drops it, finds the
 *   local DSQ empty and asks again, with IRQs off.
 * - A long loop that ends (need_iterations): the same, but only so many times
 *   before a task is handed out. It must go on making progress when cut short.
 * - Slow iterations of either (waste_ns).
 * - Bouncing (bounce): tasks that cannot run on this CPU are moved to a fallback
 *   DSQ one by one, which is legitimate and takes an iteration each.
 * - Waits for kicked CPUs (kick_ring): a CPU that a task of user space is leaving kicks the next
 *   one of its ring and waits for it, IRQs off up to 6.18, so that a whole ring waits for itself.
 * - Stalls and errors, which the kernel answers by ejecting the scheduler.
 *
 * PIDs and not task pointers are queued, so a task may have gone or have been
 * dequeued by the time it is dispatched; the kernel ignores such dispatches.
 */

/* what is used is declared below, as no kernel has all of it */
#define BPF_NO_KFUNC_PROTOTYPES
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "scx_exit.h"
#include "scx_spin.h"

char _license[] SEC("license") = "GPL";

enum {
	SHARED_DSQ	= 0,
	FALLBACK_DSQ	= 1,
	KTHREADD	= 2,		/* nearly always asleep */
	QUEUE_LEN	= 8192,
	MAX_WASTE	= 1 << 23,	/* as many rounds as bpf_loop() makes */
	MAX_BATCH	= 1024,
	PF_KTHREAD	= 0x00200000,	/* a macro, so not in BTF */
};

s32 scx_bpf_task_cpu(const struct task_struct *p) __ksym;
bool bpf_cpumask_test_cpu(u32 cpu, const struct cpumask *mask) __ksym;
struct task_struct *bpf_task_from_pid(s32 pid) __ksym;
void bpf_task_release(struct task_struct *p) __ksym;

/* two kfuncs got other names in 6.13, and lost the old ones later */
void scx_bpf_dispatch(struct task_struct *p, u64 dsq_id, u64 slice,
		      u64 enq_flags) __ksym __weak;
void scx_bpf_dsq_insert(struct task_struct *p, u64 dsq_id, u64 slice,
			u64 enq_flags) __ksym __weak;
bool scx_bpf_consume(u64 dsq_id) __ksym __weak;
bool scx_bpf_dsq_move_to_local(u64 dsq_id) __ksym __weak;

/*
 * Since 7.1 these take an implicit argument, which the build of the kernel hides from BPF
 * programs. In Debian's builds of 7.1 and 7.2 it is left visible in some of them, in other
 * ones each time, and then the verifier lets no program call those: do without.
 */
s32 scx_bpf_create_dsq(u64 dsq_id, s32 node) __ksym __weak;
void scx_bpf_kick_cpu(s32 cpu, u64 flags) __ksym __weak;
s32 scx_bpf_pick_idle_cpu(const struct cpumask *allowed, u64 flags) __ksym __weak;
void scx_bpf_error_bstr(char *fmt, unsigned long long *data, u32 size) __ksym __weak;

/* set by scx_spin.c before the scheduler is loaded */
const volatile u64 slice_ns;
const volatile u32 error_after;
const volatile u32 stall_user_nth;
const volatile u32 stall_kernel_nth;
const volatile u32 loop_after;
const volatile s32 loop_cpu;
const volatile u32 batch;
const volatile s32 disallow_tgid;
const volatile u32 need_iterations;
const volatile bool bounce;
const volatile u64 waste_ns;
const volatile bool quiet;
const volatile u32 kick_ring;
const volatile u32 nr_cpus;

struct spin_stats stats;
struct exit_record exit_record;
char exit_dump[SPIN_DUMP_LEN];

/* PIDs queued now; only a hint, as dequeued tasks are never taken out */
static s64 queued;

struct fifo {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, QUEUE_LEN);
	__type(value, u32);
} fifo0 SEC(".maps"), fifo1 SEC(".maps"), fifo2 SEC(".maps"),
  fifo3 SEC(".maps"), fifo4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, SPIN_QUEUES);
	__type(key, u32);
	__array(values, struct fifo);
} fifos SEC(".maps") = {
	.values = { &fifo0, &fifo1, &fifo2, &fifo3, &fifo4 },
};

struct cpu_state {
	u32 queue;		/* taken from now */
	u32 left;		/* how many more before the next queue's turn */
	u32 iterations;		/* with -n: since a task was handed out here */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct cpu_state);
} cpu_states SEC(".maps");

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
	/* no DSQ but the global one, which the kernel consumes by itself */
	if (!bpf_ksym_exists(scx_bpf_create_dsq))
		return false;
	if (bpf_ksym_exists(scx_bpf_dsq_move_to_local))
		return scx_bpf_dsq_move_to_local(dsq_id);
	return scx_bpf_consume(dsq_id);
}

static __always_inline u64 shared_dsq(void)
{
	return bpf_ksym_exists(scx_bpf_create_dsq) ? SHARED_DSQ : SCX_DSQ_GLOBAL;
}

static struct cpu_state *this_cpu_state(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&cpu_states, &zero);
}

/* not const: the kfunc takes a plain char *, which may not be read-only memory */
static char error_msg[] = "error on request (-e)";

static void error_on_request(void)
{
	unsigned long long none = 0;

	if (bpf_ksym_exists(scx_bpf_error_bstr))
		scx_bpf_error_bstr(error_msg, &none, 0);
}

static u32 queue_of(const struct task_struct *p)
{
	u32 weight = p->scx.weight;

	return weight <= 25 ? 0 : weight <= 50 ? 1 : weight < 200 ? 2 :
	       weight < 400 ? 3 : 4;
}

/* One of every nth tasks is forgotten, for the watchdog to find. */
static bool forget(const struct task_struct *p)
{
	static u32 nr_user, nr_kernel;
	u32 nth = stall_user_nth;
	u32 *nr = &nr_user;

	if (p->flags & PF_KTHREAD) {
		nth = stall_kernel_nth;
		nr = &nr_kernel;
	}
	return nth && __sync_add_and_fetch(nr, 1) % nth == 0;
}

static void kick(s32 cpu, u64 flags)
{
	if (bpf_ksym_exists(scx_bpf_kick_cpu))
		scx_bpf_kick_cpu(cpu, flags);
}

static void wake_a_cpu_for(const struct task_struct *p)
{
	s32 cpu = scx_bpf_task_cpu(p);

	if (bpf_ksym_exists(scx_bpf_pick_idle_cpu))
		cpu = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);
	if (cpu >= 0)
		kick(cpu, SCX_KICK_IDLE);
}

/* For a task that cannot run here: its own CPU is told to take it, or is given it. */
static void dispatch_elsewhere(struct task_struct *p)
{
	s32 cpu = scx_bpf_task_cpu(p);

	if (bpf_ksym_exists(scx_bpf_kick_cpu)) {
		dispatch(p, shared_dsq(), 0);
		kick(cpu, 0);
	} else {
		dispatch(p, SCX_DSQ_LOCAL_ON | cpu, 0);
	}
}

/*
 * Only with -l: else the kernel hands a task that wakes up to an idle CPU by itself, and in
 * an idle machine hardly any is ever dispatched.
 */
SEC("struct_ops/spin_select_cpu")
s32 BPF_PROG(spin_select_cpu, struct task_struct *p, s32 prev_cpu,
	     u64 wake_flags)
{
	return prev_cpu;
}

SEC("struct_ops/spin_enqueue")
int BPF_PROG(spin_enqueue, struct task_struct *p, u64 enq_flags)
{
	static u32 enqueues;
	u32 idx = queue_of(p), pid = p->pid;
	void *fifo;

	if (forget(p)) {
		__sync_fetch_and_add(&stats.stalled, 1);
		return 0;
	}
	if (error_after && __sync_add_and_fetch(&enqueues, 1) == error_after)
		error_on_request();

	/* one way for -B only to meet tasks that cannot run where they are taken */
	if (p->flags & PF_KTHREAD && p->nr_cpus_allowed == 1 && !bounce) {
		dispatch(p, SCX_DSQ_LOCAL, enq_flags);
		return 0;
	}

	fifo = bpf_map_lookup_elem(&fifos, &idx);
	if (!fifo || bpf_map_push_elem(fifo, &pid, 0)) {
		dispatch(p, shared_dsq(), enq_flags);
		return 0;
	}
	__sync_fetch_and_add(&stats.enqueued, 1);
	__sync_fetch_and_add(&queued, 1);
	wake_a_cpu_for(p);
	return 0;
}

static long is_wasted(u32 round, u64 *until)
{
	return bpf_ktime_get_ns() >= *until;
}

/* Dispatch a task that is not queued: counted by the kernel, then dropped. */
static void dispatch_phantom(void)
{
	struct task_struct *p = bpf_task_from_pid(KTHREADD);
	u64 until = bpf_ktime_get_ns() + waste_ns;

	if (waste_ns)
		bpf_loop(MAX_WASTE, is_wasted, &until, 0);
	if (!p)
		return;
	dispatch(p, SCX_DSQ_LOCAL, 0);
	bpf_task_release(p);
	__sync_fetch_and_add(&stats.phantoms, 1);
}

static bool pop(struct cpu_state *c, u32 *pid)
{
	void *fifo;
	u32 i;

	for (i = 0; i < SPIN_QUEUES; i++) {
		if (!c->left) {
			c->queue = (c->queue + 1) % SPIN_QUEUES;
			c->left = 1 << c->queue;
		}
		fifo = bpf_map_lookup_elem(&fifos, &c->queue);
		if (fifo && !bpf_map_pop_elem(fifo, pid)) {
			c->left--;
			__sync_fetch_and_add(&queued, -1);
			return true;
		}
		c->left = 0;
	}
	return false;
}

/*
 * Hand out one task. In an iteration that only bounces, the kernel finds the
 * local DSQ empty and asks again.
 */
static bool dispatch_one(s32 cpu, struct cpu_state *c)
{
	struct task_struct *p;
	bool here;
	u32 pid;

	if (!pop(c, &pid))
		return false;
	p = bpf_task_from_pid(pid);
	if (!p)
		return true;

	here = bpf_cpumask_test_cpu(cpu, p->cpus_ptr);
	if (bounce && !here) {
		dispatch(p, FALLBACK_DSQ, 0);
		kick(scx_bpf_task_cpu(p), 0);
		__sync_fetch_and_add(&stats.bounced, 1);
	} else {
		if (here)
			dispatch(p, shared_dsq(), 0);
		else
			dispatch_elsewhere(p);
		__sync_fetch_and_add(&stats.dispatched, 1);
	}
	bpf_task_release(p);
	return true;
}

/* With rings of one only CPU 0 waits, for each of the others in turn. */
static void kick_and_wait(s32 cpu)
{
	static u32 turn;
	u32 ring = kick_ring, first = cpu - cpu % ring, len = ring, next;

	if (ring == 1) {
		if (cpu || nr_cpus < 2)
			return;
		next = 1 + turn++ % (nr_cpus - 1);
	} else {
		/* the last one may be shorter */
		if (first + len > nr_cpus)
			len = nr_cpus - first;
		next = first + (cpu - first + 1) % len;
	}
	if (next == cpu)
		return;
	kick(next, SCX_KICK_WAIT);
	__sync_fetch_and_add(&stats.kicks, 1);
}

SEC("struct_ops/spin_dispatch")
int BPF_PROG(spin_dispatch, s32 cpu, struct task_struct *prev)
{
	struct cpu_state *c = this_cpu_state();
	bool handed_out = false;
	u32 i, nr = batch;

	if (!c)
		return 0;

	if (kick_ring && prev && !(prev->flags & PF_KTHREAD))
		kick_and_wait(cpu);
	if (loop_after && stats.dispatched >= loop_after &&
	    (loop_cpu < 0 || cpu == loop_cpu)) {
		dispatch_phantom();
		return 0;
	}
	if (consume(FALLBACK_DSQ) || consume(SHARED_DSQ))
		return 0;

	if (need_iterations && queued > 0 && ++c->iterations < need_iterations) {
		dispatch_phantom();
		return 0;
	}

	bpf_for(i, 0, MAX_BATCH) {
		/* the kernel has room for as many */
		if (i >= nr)
			break;
		if (!dispatch_one(cpu, c))
			break;
		handed_out = true;
	}
	/*
	 * What was just dispatched is in the DSQ only after a flush, which this
	 * does. If another CPU was faster, or the task has gone, this CPU is still
	 * owed one: the next iteration is not in vain.
	 */
	if (consume(SHARED_DSQ) || !handed_out)
		c->iterations = 0;
	return 0;
}

SEC("struct_ops/spin_init_task")
int BPF_PROG(spin_init_task, struct task_struct *p,
	     struct scx_init_task_args *args)
{
	if (p->tgid == disallow_tgid)
		p->scx.disallow = true;
	return 0;
}

SEC("struct_ops.s/spin_init")
int BPF_PROG(spin_init)
{
	s32 ret;

	if (!bpf_ksym_exists(scx_bpf_create_dsq))
		return 0;
	ret = scx_bpf_create_dsq(SHARED_DSQ, -1);
	return ret ?: scx_bpf_create_dsq(FALLBACK_DSQ, -1);
}

SEC("struct_ops.s/spin_exit")
int BPF_PROG(spin_exit, struct scx_exit_info *ei)
{
	/* a constant to the verifier, so it does not mind what is below */
	if (quiet) {
		__sync_fetch_and_add(&exit_record.kind, ei->kind);
		return 0;
	}
	bpf_probe_read_kernel_str(exit_dump, sizeof(exit_dump), ei->dump);
	record_exit(&exit_record, ei);
	return 0;
}

SEC(".struct_ops.link")
struct sched_ext_ops spin_ops = {
	.select_cpu	= (void *)spin_select_cpu,
	.enqueue	= (void *)spin_enqueue,
	.dispatch	= (void *)spin_dispatch,
	.init_task	= (void *)spin_init_task,
	.init		= (void *)spin_init,
	.exit		= (void *)spin_exit,
	.timeout_ms	= 5000,
	.name		= "spin",
};
