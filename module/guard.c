// SPDX-License-Identifier: GPL-2.0-only
/*
 * The policy: count the iterations of each invocation, end the loop at the
 * limit, kick the CPU
 *
 * An invocation of the dispatch loop runs from entry to exit with IRQs off, so
 * the per-CPU state below cannot be re-entered and needs no lock. When an
 * iteration found nothing to run but dispatched something, the loop is about to
 * go round again: that is counted. At the limit nr_tasks is cleared, which the
 * loop takes for "nothing was dispatched" and ends by itself, on the same path
 * on which it ends every time that a CPU goes idle.
 *
 * Both the end of the count and the kick wait for this CPU's irq_work. It is
 * queued by the first counted iteration and, as IRQs are off, runs exactly when
 * the invocation is over. Setting need_resched any earlier would be useless:
 * the loop runs inside __schedule(), which clears the flag of the task it
 * switches away from. From the irq_work it hits the task that was picked, most
 * likely idle, and the CPU comes back to the dispatch path with a new count.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/irq_work.h>
#include <linux/kprobes.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seqlock.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/topology.h>
#include <linux/uaccess.h>

#include "guard.h"
#include "target.h"

unsigned int lg_limit = LG_LIMIT_DEFAULT;
bool lg_enforce = true;

enum {
	DRAIN_QUIET_MS	= 250,
	DRAIN_NOTE_MS	= 10000,
	DRAIN_LOOKS	= 100,
};

/*
 * All fields but @kick are written by their own CPU only: the count and the
 * counters from the loop, IRQs off and rq lock held, or from the irq_work.
 */
struct lg_cpu {
	/* the invocation being counted */
	void *ctx;			/* its context, checked */
	void *rq;			/* the rq that is balanced, checked */
	int rq_cpu;			/* that rq's CPU: this one or an SMT sibling */
	u32 loops;
	bool tripped;

	/*
	 * This CPU is to be kicked. Set under its rq lock by the CPU that
	 * balanced its rq, taken by that CPU's irq_work.
	 */
	bool kick;

	struct irq_work work;
	call_single_data_t csd;		/* to kick this CPU from a sibling */

	/* for the readers of the status */
	u64 hits;
	u64 trips;
	u64 kicks;
	u32 max_loops;
	seqcount_t trip_seq;		/* covers the two below */
	u64 trip_ns;
	char trip_ops[LG_OPS_NAME_LEN];
};

static DEFINE_PER_CPU_ALIGNED(struct lg_cpu, lg_cpu);

/* Set once before the hook is armed. */
static const struct lg_target *target;

/*
 * The hook was reached with something that is not this CPU's dispatch context.
 * Nothing is written any more until the module is loaded anew. Set by any CPU,
 * never cleared.
 */
static bool distrust;

/* The limit in force is LG_LIMIT_MAX, see lg_guard_drain(). */
static bool draining;

/* On its own CPU, when an invocation begins or is over. */
static __always_inline void restart_count(struct lg_cpu *c)
{
	WRITE_ONCE(c->loops, 0);
	c->tripped = false;
}

/*
 * Is @ctx the dispatch context of this CPU? It is if it names the runqueue of
 * this CPU or, as core scheduling balances siblings from here, of a sibling.
 * Then a new invocation begins, so the count does.
 */
static noinline bool adopt(struct lg_cpu *c, void *ctx)
{
	void *rq;
	int cpu;

	if (copy_from_kernel_nofault(&rq, ctx + target->rq_offset, sizeof(rq)))
		goto wrong;

	for_each_cpu(cpu, topology_sibling_cpumask(smp_processor_id())) {
		if (rq != per_cpu_ptr(target->runqueues, cpu))
			continue;
		c->ctx = ctx;
		c->rq = rq;
		c->rq_cpu = cpu;
		restart_count(c);
		return true;
	}
wrong:
	WRITE_ONCE(distrust, true);
	irq_work_queue(&c->work);	/* which may print */
	return false;
}
NOKPROBE_SYMBOL(adopt);

static void record_trip(struct lg_cpu *c)
{
	const char *ops = target->ops_name;

	raw_write_seqcount_begin(&c->trip_seq);
	c->trip_ns = ktime_get_boot_fast_ns();
	strscpy(c->trip_ops, ops, min_t(size_t, sizeof(c->trip_ops),
					target->ops_name_size));
	raw_write_seqcount_end(&c->trip_seq);
}
NOKPROBE_SYMBOL(record_trip);

/* The invocation has reached the limit: end the loop, unless only observing. */
static noinline void trip(struct lg_cpu *c, u32 *nr_tasks)
{
	if (!c->tripped) {
		c->tripped = true;
		WRITE_ONCE(c->trips, c->trips + 1);
		record_trip(c);
	}
	if (!READ_ONCE(lg_enforce) || READ_ONCE(distrust))
		return;

	WRITE_ONCE(*nr_tasks, 0);
	restart_count(c);
	WRITE_ONCE(per_cpu(lg_cpu, c->rq_cpu).kick, true);
}
NOKPROBE_SYMBOL(trip);

static u32 limit_in_force(void)
{
	return READ_ONCE(draining) ? LG_LIMIT_MAX : READ_ONCE(lg_limit);
}

/**
 * lg_iteration - an iteration of the dispatch loop has found no task to run
 * @ctx: the dispatch context that the loop uses
 *
 * Context: called by the hook from inside the loop, before it reads nr_tasks:
 * IRQs off, rq lock held. Takes no lock, prints nothing, wakes nobody.
 */
void lg_iteration(void *ctx)
{
	struct lg_cpu *c = this_cpu_ptr(&lg_cpu);
	u32 *nr_tasks = ctx + target->nr_tasks_offset;
	u32 loops;

	/* @ctx may be read directly only once it has been checked */
	if (unlikely(ctx != c->ctx ||
		     *(void **)(ctx + target->rq_offset) != c->rq) &&
	    !adopt(c, ctx))
		return;

	WRITE_ONCE(c->hits, c->hits + 1);
	loops = c->loops + 1;
	if (unlikely(!loops))
		loops--;		/* observing for ever: stay at the top */
	if (loops > c->max_loops)
		WRITE_ONCE(c->max_loops, loops);

	if (!READ_ONCE(*nr_tasks)) {
		/* nothing dispatched either: the loop ends here by itself */
		restart_count(c);
		return;
	}

	WRITE_ONCE(c->loops, loops);
	if (loops == 1)
		irq_work_queue(&c->work);
	if (loops >= limit_in_force())
		trip(c, nr_tasks);
}
NOKPROBE_SYMBOL(lg_iteration);

/* On the CPU to be kicked, IRQs off. */
static void resched_here(void *unused)
{
	set_tsk_need_resched(current);
	set_preempt_need_resched();
}

static void kick(struct lg_cpu *me, int cpu)
{
	if (cpu == smp_processor_id())
		resched_here(NULL);
	else if (!cpu_online(cpu) ||
		 smp_call_function_single_async(cpu, &per_cpu(lg_cpu, cpu).csd))
		return;		/* gone, or one is still on its way */
	WRITE_ONCE(me->kicks, me->kicks + 1);
}

/* The invocation is over: IRQs are on again, or this could not run. */
static void invocation_over(struct irq_work *work)
{
	struct lg_cpu *c = container_of(work, struct lg_cpu, work);
	int cpu;

	if (unlikely(READ_ONCE(distrust)))
		pr_err_once("disabled: the dispatch loop was reached with a context that is not this CPU's\n");

	restart_count(c);
	for_each_cpu(cpu, topology_sibling_cpumask(smp_processor_id()))
		if (xchg(&per_cpu(lg_cpu, cpu).kick, false))
			kick(c, cpu);
}

/**
 * lg_distrusts - was the hook reached with a wrong context
 *
 * Context: any.
 * Return: true if so; the module then changes nothing any more.
 */
bool lg_distrusts(void)
{
	return READ_ONCE(distrust);
}

/**
 * lg_read_counts - sum the counters over all CPUs
 * @counts: filled in
 *
 * Context: any. Each counter is a single load per CPU, so the sums never go
 * backwards.
 */
void lg_read_counts(struct lg_counts *counts)
{
	int cpu;

	memset(counts, 0, sizeof(*counts));
	for_each_possible_cpu(cpu) {
		const struct lg_cpu *c = &per_cpu(lg_cpu, cpu);

		counts->hits += READ_ONCE(c->hits);
		counts->trips += READ_ONCE(c->trips);
		counts->kicks += READ_ONCE(c->kicks);
		counts->max_loops = max(counts->max_loops,
					READ_ONCE(c->max_loops));
	}
}

/**
 * lg_read_last_trip - the most recent trip of any CPU
 * @last: filled in
 *
 * Context: task. Waits for a CPU that is just recording one.
 */
void lg_read_last_trip(struct lg_last_trip *last)
{
	struct lg_last_trip trip;
	unsigned int seq;
	int cpu;

	*last = (struct lg_last_trip){ .cpu = -1 };
	for_each_possible_cpu(cpu) {
		const struct lg_cpu *c = &per_cpu(lg_cpu, cpu);

		trip.cpu = cpu;
		do {
			seq = read_seqcount_begin(&c->trip_seq);
			trip.ns = c->trip_ns;
			memcpy(trip.ops, c->trip_ops, sizeof(trip.ops));
		} while (read_seqcount_retry(&c->trip_seq, seq));

		if (trip.ns > last->ns)
			*last = trip;
	}
}

/*
 * Is some CPU in a loop that goes on and on? One that is slow may not reach the
 * raised limit while one looks; but its count stays high, while that of finite
 * loops falls back each time that one of them ends.
 */
static bool loop_goes_on(void)
{
	int cpu, tries;

	for_each_possible_cpu(cpu) {
		const struct lg_cpu *c = &per_cpu(lg_cpu, cpu);

		for (tries = 0; READ_ONCE(c->loops) > READ_ONCE(lg_limit); tries++) {
			if (tries == DRAIN_LOOKS)
				return true;
			usleep_range(500, 1000);
		}
	}
	return false;
}

static u64 trips_so_far(void)
{
	struct lg_counts counts;

	lg_read_counts(&counts);
	return counts.trips;
}

/**
 * lg_guard_drain - wait until no CPU depends on the guard
 *
 * Taking the hook away from under a BPF scheduler that loops for ever would
 * trap the CPUs at once, the one in rmmod included. So raise the limit to its
 * maximum and go on protecting until no loop reaches it: either the kernel's
 * watchdog has ejected the scheduler, or its loops are finite. A signal ends
 * the wait.
 *
 * Context: task, may sleep. The hook is still armed.
 */
void lg_guard_drain(void)
{
	unsigned int waited_ms = 0;
	u64 trips;

	if (target->native_limit || !lg_enforce || lg_distrusts())
		return;

	WRITE_ONCE(draining, true);
	do {
		trips = trips_so_far();
		if (waited_ms && waited_ms % DRAIN_NOTE_MS == 0)
			pr_warn("unload waits: the BPF scheduler loops without end and would trap the CPUs; eject it, or interrupt rmmod to unload all the same\n");
		schedule_timeout_interruptible(msecs_to_jiffies(DRAIN_QUIET_MS));
		waited_ms += DRAIN_QUIET_MS;
	} while ((trips != trips_so_far() || loop_goes_on()) &&
		 !signal_pending(current));
}

/**
 * lg_guard_init - prepare every CPU's state
 * @found: what to guard; has to outlive the guard
 *
 * Context: task, before the hook is armed.
 */
void lg_guard_init(const struct lg_target *found)
{
	int cpu;

	target = found;
	for_each_possible_cpu(cpu) {
		struct lg_cpu *c = &per_cpu(lg_cpu, cpu);

		c->work = IRQ_WORK_INIT_HARD(invocation_over);
		INIT_CSD(&c->csd, resched_here, NULL);
		seqcount_init(&c->trip_seq);
	}
}

/**
 * lg_guard_exit - wait for what the hook has left behind
 *
 * Context: task, may sleep. The hook is gone and none of its handlers runs.
 */
void lg_guard_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		irq_work_sync(&per_cpu(lg_cpu, cpu).work);

	/*
	 * A kick that was sent to a sibling is taken with this IPI or before; the
	 * grace period waits for the rest of that interrupt.
	 */
	kick_all_cpus_sync();
	synchronize_rcu();
}
