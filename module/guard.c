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
 * queued by the first counted iteration and, as IRQs are off, runs when the
 * invocation is over; that of a sibling's rq, which may come first, is told by its
 * rq. Setting need_resched any earlier would be useless:
 * the loop runs inside __schedule(), which clears the flag of the task it
 * switches away from. From the irq_work it hits the task that was picked, most
 * likely idle, and the CPU comes back to the dispatch path with a new count.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpuhotplug.h>
#include <linux/delay.h>
#include <linux/export.h>
#include <linux/irq_work.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/kprobes.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seqlock.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/timekeeping.h>
#include <linux/topology.h>
#include <linux/uaccess.h>

#include "clock.h"
#include "eject.h"
#include "guard.h"
#include "scx_loopguard.h"
#include "target.h"
#include "tell.h"

unsigned int lg_limit = LG_LIMIT_DEFAULT;
unsigned int lg_budget_us;
bool lg_enforce = true;

enum {
	DRAIN_QUIET_MS	= 250,
	DRAIN_STORM_MS	= 1250,		/* more than a period of real-time throttling */
	DRAIN_NOTE_MS	= 10000,
	DRAIN_LOOKS	= 100,
	DRAIN_BUDGET_US	= 10000,	/* at least */
	/*
	 * Iterations after which the clock is read again, where nobody has set a budget; at first
	 * no more than there were already, as each may take long.
	 */
	DRAIN_UNTIMED	= 15,

	/*
	 * Iterations after which the settings are read again: who lowers a large limit, or sets a
	 * budget, means the invocation that is under way as well.
	 */
	SETTLED		= 63,
};

/*
 * So many loops ended on one CPU without IRQs on in between, and the hook is not
 * where it was thought to be: what it ended did not end. The scheduler balances a
 * CPU and its SMT siblings a few times over at most.
 */
#define LG_FUTILE 256

/*
 * An invocation of the dispatch loop. With sub-schedulers one may dispatch from
 * within another (scx_bpf_sub_dispatch()), and they have counts of their own. They are
 * told apart by their stack frames, of which the inner one is below the outer one.
 */
struct invocation {
	unsigned long frame;		/* 0 where the kernel does not nest them */
	void *ctx;			/* its context, checked */
	void *rq;			/* the rq that is balanced, checked */
	int rq_cpu;			/* that rq's CPU: this one or an SMT sibling */
	u32 loops;
	u32 futile;			/* ended since IRQs were on */
	bool tripped;
};

/* The kernel nests SCX_SUB_MAX_DEPTH, 4, in the root's. */
#define LG_MAX_NESTED 8

/*
 * All fields but @kick, @csd and @csd_in_use are written by their own CPU only: the count and
 * the counters from the loop, IRQs off and rq lock held, or from the irq_work.
 */
struct lg_cpu {
	/* the invocations being counted, outermost first */
	struct invocation nest[LG_MAX_NESTED];
	u32 innermost;			/* index in @nest */

	u64 over;			/* times that IRQs were found on again */

	/*
	 * lg_clock_now() when the outermost invocation began, as far as is known, 0:
	 * nobody wanted to know. Where loops are nested, the inner one may have been
	 * counted first: it is of the stretch without IRQs that @began_over tells.
	 */
	u64 began;
	u64 began_over;

	/*
	 * This CPU is to be kicked. Set under its rq lock by the CPU that
	 * balanced its rq, taken by that CPU's irq_work.
	 */
	bool kick;
	bool csd_in_use;		/* by whoever has set it, see kick_sibling() */

	/* since IRQs were on */
	bool counted;			/* an iteration, of whatever invocation */
	bool tripped;

	struct irq_work work;
	call_single_data_t csd;		/* to kick this CPU from a sibling */

	/* for the readers of the status */
	u64 trips;
	u64 budget_trips;
	u64 kicks;
	u32 max_loops;
	seqcount_t trip_seq;		/* covers the one below */
	struct lg_trip trip;
};

static DEFINE_PER_CPU_ALIGNED(struct lg_cpu, lg_cpu);

/*
 * nr_tasks in the context with which the last loop ended on this CPU, NULL: something is
 * being counted. An iteration with it that dispatched nothing is the first of its
 * invocation, and the last one: there is nothing to do but to count the hit.
 */
DEFINE_PER_CPU(u32 *, lg_quiet);

/*
 * The invocation that is being counted, as its next iteration has to find it to be only
 * one more. What is to be looked at otherwise, and the limit, is when @left is used up.
 */
struct lg_run {
	u32 *nr_tasks;			/* NULL: look at it all */
	unsigned long sp;
	void **rq_slot;			/* in the context */
	void *rq;
	u32 *loops;			/* the invocation's */
	u32 left;			/* iterations */
};

static DEFINE_PER_CPU_ALIGNED(struct lg_run, lg_run);

/* Iterations that found no task. The livepatch reads its own CPU's. */
DEFINE_PER_CPU(u64, scx_loopguard_hits);
EXPORT_PER_CPU_SYMBOL_GPL(scx_loopguard_hits);

/* lg_clock_now() when the livepatch saw this CPU's invocation begin, 0: it is in none. */
DEFINE_PER_CPU(u64, scx_loopguard_began);
EXPORT_PER_CPU_SYMBOL_GPL(scx_loopguard_began);

/* Set once before the hook is armed. */
static const struct lg_target *target;

/*
 * Why the hook is not trusted, NULL: it is. Nothing is written any more until the
 * module is loaded anew. Set by any CPU, never cleared.
 */
static const char *distrust;

/* The limit in force is LG_LIMIT_MAX, see lg_guard_drain(). */
static bool draining;

/* The state of CPUs in which cpu_is_back() is called. */
static enum cpuhp_state online_state;

/*
 * The code itself shows that a loop ends without nr_tasks, and where loops are nested one
 * may be entered and ended any number of times from within another, IRQs off.
 */
static bool ending_is_proven;

/*
 * For what has to wait until IRQs are on. On a CPU that has left the online mask they never are
 * again: what is queued there stays in its list, and as the list is then not empty nothing
 * that is queued later, by whomever, raises the interrupt when the CPU is back. There is no
 * loop there any more on the kernels that are known, so no count stays behind.
 */
static __always_inline void queue_own_work(struct lg_cpu *c)
{
	if (likely(cpu_online(smp_processor_id())))
		irq_work_queue(&c->work);
}

/* Stop writing, and let the irq_work print why. */
static void do_distrust(struct lg_cpu *c, const char *why)
{
	WRITE_ONCE(distrust, why);
	queue_own_work(c);
}
NOKPROBE_SYMBOL(do_distrust);

static __always_inline void note_longest(struct lg_cpu *c,
					 const struct invocation *inv)
{
	if (inv->loops > c->max_loops)
		WRITE_ONCE(c->max_loops, inv->loops);
}

/* When an invocation begins or is over. On its own CPU, as all below. */
static __always_inline void restart_count(struct lg_cpu *c, struct invocation *inv)
{
	note_longest(c, inv);
	WRITE_ONCE(inv->loops, 0);
	inv->tripped = false;
}

/* One in another is over. */
static __always_inline void leave_innermost(struct lg_cpu *c)
{
	note_longest(c, &c->nest[c->innermost]);
	WRITE_ONCE(c->innermost, c->innermost - 1);
}

/* When the outermost begins or is over. */
static __always_inline void restart_all(struct lg_cpu *c)
{
	this_cpu_write(lg_run.nr_tasks, NULL);
	while (c->innermost)
		leave_innermost(c);
	c->nest[0].frame = 0;
	restart_count(c, &c->nest[0]);
}

/*
 * The invocation with this stack frame, where that is not the innermost one: those
 * with lower frames are over, and where there is none a new one begins. Deeper than
 * can be, it shares the last one's count, which only ends it earlier, see adopt().
 */
static noinline struct invocation *find_invocation(struct lg_cpu *c,
						   unsigned long frame)
{
	struct invocation *inv = &c->nest[c->innermost];

	while (c->innermost && inv->frame < frame) {
		leave_innermost(c);
		inv = &c->nest[c->innermost];
	}
	if (inv->frame == frame)
		return inv;
	if (inv->frame > frame) {
		if (c->innermost == LG_MAX_NESTED - 1)
			return inv;
		WRITE_ONCE(c->innermost, c->innermost + 1);
		inv = &c->nest[c->innermost];
	}
	inv->frame = frame;
	inv->futile = 0;
	restart_count(c, inv);
	return inv;
}
NOKPROBE_SYMBOL(find_invocation);

/*
 * The invocation with this stack frame is over, or about to begin, and so are those in it.
 * What stays here is only what the irq_work is going to clear: the frame of one that
 * is over would be taken for that of an outer one by the next task.
 */
static void forget_invocation(struct lg_cpu *c, unsigned long frame)
{
	this_cpu_write(lg_run.nr_tasks, NULL);
	while (c->innermost && c->nest[c->innermost].frame <= frame)
		leave_innermost(c);
	if (c->nest[c->innermost].frame <= frame) {
		/* only the outermost can be */
		c->nest[0].frame = 0;
		restart_count(c, &c->nest[0]);
	}
}
NOKPROBE_SYMBOL(forget_invocation);

/* Where loops are not nested the stack pointer tells nothing. */
static __always_inline unsigned long frame_of(unsigned long sp)
{
	return target->nested ? sp : 0;
}

static __always_inline struct invocation *invocation_of(struct lg_cpu *c,
							unsigned long frame)
{
	struct invocation *inv = &c->nest[c->innermost];

	return likely(inv->frame == frame) ? inv : find_invocation(c, frame);
}

/*
 * The CPU whose runqueue this is: this one or, as core scheduling balances siblings
 * from here, one of those; -1: neither. A CPU on its way out is no sibling of its
 * own any more.
 */
static int cpu_of_rq(void *rq)
{
	int cpu = smp_processor_id();

	if (rq == per_cpu_ptr(target->runqueues, cpu))
		return cpu;
	for_each_cpu(cpu, topology_sibling_cpumask(smp_processor_id()))
		if (rq == per_cpu_ptr(target->runqueues, cpu))
			return cpu;
	return -1;
}
NOKPROBE_SYMBOL(cpu_of_rq);

/*
 * Is @ctx the dispatch context of this CPU? It is if it names a runqueue that this
 * CPU may balance. Then a new invocation begins, so the count does.
 */
static noinline bool adopt(struct lg_cpu *c, struct invocation *inv, void *ctx,
			   unsigned long frame)
{
	void *rq;
	int cpu = -1;

	if (!copy_from_kernel_nofault(&rq, ctx + target->rq_offset, sizeof(rq)))
		cpu = cpu_of_rq(rq);
	if (cpu >= 0) {
		if (ctx != inv->ctx)
			inv->futile = 0;
		inv->ctx = ctx;
		inv->rq = rq;
		inv->rq_cpu = cpu;
		if (inv->frame == frame)
			restart_count(c, inv);
		return true;
	}
	do_distrust(c, "the dispatch loop was reached with a context that is not this CPU's");
	return false;
}
NOKPROBE_SYMBOL(adopt);

/* The name of the BPF scheduler that @ctx belongs to, or of the only one. */
static void read_ops_name(char *name, const void *ctx)
{
	const struct lg_ops_name *ops = &target->ops_name;
	const void *at = ops->base;

	if (ops->by_ctx)
		at = ctx + ops->sched_offset;
	name[0] = '\0';
	if ((!ops->indirect ||
	     !copy_from_kernel_nofault(&at, at, sizeof(at))) &&
	    copy_from_kernel_nofault(name, at + ops->offset, LG_OPS_NAME_LEN))
		name[0] = '\0';
	name[LG_OPS_NAME_LEN - 1] = '\0';
}
NOKPROBE_SYMBOL(read_ops_name);

/*
 * @counter counts trips of this kind. What there is to be done about it beyond this
 * invocation waits for the irq_work.
 */
static void record_trip(struct lg_cpu *c, const void *ctx, u32 loops,
			u64 *counter)
{
	struct lg_trip *trip = &c->trip;

	WRITE_ONCE(*counter, *counter + 1);
	raw_write_seqcount_begin(&c->trip_seq);
	trip->ns = ktime_get_boot_fast_ns();
	trip->duration = c->began ? lg_clock_since(c->began) : 0;
	trip->loops = loops;
	trip->more += c->tripped;
	trip->budget = counter == &c->budget_trips;
	memcpy(trip->comm, current->comm, TASK_COMM_LEN);
	trip->comm[TASK_COMM_LEN - 1] = '\0';
	read_ops_name(trip->ops, ctx);
	raw_write_seqcount_end(&c->trip_seq);

	lg_storm_trip(this_cpu_read(scx_loopguard_hits) - loops, loops,
		      target->nested);
	c->tripped = true;
	queue_own_work(c);
}
NOKPROBE_SYMBOL(record_trip);

/* Does the kernel itself end the invocation here? */
static __always_inline bool ends_by_itself(const struct invocation *inv)
{
	return target->native_limit && inv->loops >= target->native_limit;
}

/*
 * The invocation has reached the limit or spent its budget, which @counter counts: end
 * the loop, unless only observing.
 */
static noinline void trip(struct lg_cpu *c, struct invocation *inv,
			  u32 *nr_tasks, u64 *counter)
{
	if (!inv->tripped) {
		inv->tripped = true;
		record_trip(c, inv->ctx, inv->loops, counter);
	}
	if (ends_by_itself(inv)) {
		restart_count(c, inv);
		return;
	}
	if (!READ_ONCE(lg_enforce) || READ_ONCE(distrust))
		return;

	if (++inv->futile > LG_FUTILE && !ending_is_proven) {
		do_distrust(c, "ending the dispatch loop has no effect");
		return;
	}
	WRITE_ONCE(*nr_tasks, 0);
	restart_count(c, inv);
	WRITE_ONCE(per_cpu(lg_cpu, inv->rq_cpu).kick, true);
	queue_own_work(c);
}
NOKPROBE_SYMBOL(trip);

/*
 * Nothing goes beyond the kernel's own bound, if it has one. While draining only the
 * outermost loop may go on for longer: where they are nested the limits multiply.
 */
static __always_inline u32 limit_in_force(bool outermost)
{
	u32 limit = READ_ONCE(draining) && outermost ? LG_LIMIT_MAX :
						       READ_ONCE(lg_limit);
	u32 native = target->native_limit;

	return unlikely(native && native < limit) ? native : limit;
}

/*
 * us; 0: no budget. While draining there is one in any case, as the raised limit is a lockup
 * where iterations are slow; and as with the limit, what is spent by loops that end is not to
 * keep rmmod waiting.
 */
static __always_inline u32 budget_in_force(void)
{
	u32 us = READ_ONCE(lg_budget_us);

	if (unlikely(READ_ONCE(draining)))
		us = us ? max_t(u32, us, DRAIN_BUDGET_US) : LG_BUDGET_US_MAX;
	return us;
}

/* Does anybody want to know how long an invocation takes? */
static __always_inline bool is_timed(u32 budget_us)
{
	return unlikely(budget_us) || unlikely(READ_ONCE(lg_eject_ms)) ||
	       lg_trips_are_traced();
}

/*
 * The first iteration of an invocation is over, which is the first that one sees of it
 * unless the livepatch knows when it began.
 */
static __always_inline void note_begin(struct lg_cpu *c,
				       const struct invocation *inv,
				       u32 budget_us)
{
	u64 began = this_cpu_read(scx_loopguard_began);

	c->counted = true;
	if (began) {
		c->began = began;
		return;
	}
	if (inv != c->nest || (target->nested && c->began_over == c->over))
		return;
	c->began = is_timed(budget_us) ? lg_clock_now() : 0;
	c->began_over = c->over;
}

/* Has the outermost invocation, or what is in it, been under way for too long? */
static __always_inline bool is_over_budget(struct lg_cpu *c, u32 budget_us)
{
	if (likely(!budget_us))
		return false;
	if (unlikely(!c->began)) {
		/* the budget, or rmmod, has come in the middle of it */
		c->began = lg_clock_now();
		c->began_over = c->over;
		return false;
	}
	return lg_clock_since(c->began) > budget_us * (u64)NSEC_PER_USEC;
}

/* An iteration has found no task. */
static __always_inline void count(struct lg_cpu *c, struct invocation *inv)
{
	/* observing for ever: stay at the top */
	if (likely(inv->loops != U32_MAX))
		WRITE_ONCE(inv->loops, inv->loops + 1);
	note_longest(c, inv);
	this_cpu_inc(scx_loopguard_hits);
}

/* @ctx may be read directly only once it has been checked. */
static __always_inline bool is_known(const struct invocation *inv, void *ctx)
{
	return likely(ctx == inv->ctx &&
		      *(void **)(ctx + target->rq_offset) == inv->rq);
}

/* Is nothing being counted on this CPU? */
static __always_inline bool is_quiet(const struct lg_cpu *c)
{
	return !c->innermost && !c->nest[0].frame && !c->nest[0].loops;
}

/* The iteration that has just been counted is not the last one before the limit. */
static void expect_more(struct invocation *inv, void *ctx, unsigned long sp,
			u32 left)
{
	struct lg_run *run = this_cpu_ptr(&lg_run);

	run->nr_tasks = ctx + target->nr_tasks_offset;
	run->sp = sp;
	run->rq_slot = ctx + target->rq_offset;
	run->rq = inv->rq;
	run->loops = &inv->loops;
	run->left = left;
}
NOKPROBE_SYMBOL(expect_more);

static noinline void do_iteration(u32 *nr_tasks, unsigned long sp)
{
	struct lg_cpu *c = this_cpu_ptr(&lg_cpu);
	unsigned long frame = frame_of(sp);
	struct invocation *inv = invocation_of(c, frame);
	void *ctx = (void *)nr_tasks - target->nr_tasks_offset;
	u32 limit, budget_us;

	this_cpu_write(lg_quiet, NULL);
	this_cpu_write(lg_run.nr_tasks, NULL);
	if (!is_known(inv, ctx) && !adopt(c, inv, ctx, frame))
		return;

	count(c, inv);
	if (!READ_ONCE(*nr_tasks)) {
		/* nothing dispatched either: the loop ends here by itself */
		forget_invocation(c, frame);
		if (is_quiet(c))
			this_cpu_write(lg_quiet, nr_tasks);
		return;
	}

	budget_us = budget_in_force();
	if (inv->loops == 1) {
		note_begin(c, inv, budget_us);
		queue_own_work(c);
	}
	limit = limit_in_force(inv == c->nest);
	if (inv->loops >= limit)
		trip(c, inv, nr_tasks, &c->trips);
	else if (is_over_budget(c, budget_us))
		trip(c, inv, nr_tasks, &c->budget_trips);
	else if (!budget_us)
		expect_more(inv, ctx, sp, min(limit - inv->loops - 1, (u32)SETTLED));
	else if (!READ_ONCE(lg_budget_us))
		expect_more(inv, ctx, sp, min3(limit - inv->loops - 1, inv->loops - 1,
					       (u32)DRAIN_UNTIMED));
}
NOKPROBE_SYMBOL(do_iteration);

/**
 * lg_count_iteration - what is left of lg_iteration()
 * @nr_tasks: as there
 * @sp: as there
 *
 * In a storm the first lines of it are what nearly all iterations take.
 *
 * Context: as lg_iteration().
 */
void lg_count_iteration(u32 *nr_tasks, unsigned long sp)
{
	struct lg_run *run = this_cpu_ptr(&lg_run);

	if (run->nr_tasks == nr_tasks && run->left && run->sp == sp &&
	    READ_ONCE(*nr_tasks) && READ_ONCE(*run->rq_slot) == run->rq) {
		run->left--;
		WRITE_ONCE(*run->loops, *run->loops + 1);
		this_cpu_inc(scx_loopguard_hits);
	} else {
		do_iteration(nr_tasks, sp);
	}
}
NOKPROBE_SYMBOL(lg_count_iteration);

/**
 * lg_bound_reached - the kernel's own bound is about to end the loop
 * @sp: as for lg_iteration()
 *
 * In that iteration lg_iteration() is not called. Where the count says that it cannot
 * be so, it is taken for something else.
 *
 * Context: as lg_iteration().
 */
void lg_bound_reached(unsigned long sp)
{
	struct lg_cpu *c = this_cpu_ptr(&lg_cpu);
	unsigned long frame = frame_of(sp);
	struct invocation *inv = invocation_of(c, frame);

	if (inv->loops + 1 >= target->native_limit) {
		count(c, inv);
		if (!inv->tripped)
			record_trip(c, inv->ctx, inv->loops, &c->trips);
	}
	forget_invocation(c, frame);
}
NOKPROBE_SYMBOL(lg_bound_reached);

/**
 * lg_invocation_begins - what is counted from now on is of a new invocation
 * @sp: as for lg_iteration()
 *
 * Only an engine that knows calls this. Where none does, the irq_work that the
 * first iteration queues does it when the invocation is over.
 *
 * Context: as lg_iteration().
 */
void lg_invocation_begins(unsigned long sp)
{
	forget_invocation(this_cpu_ptr(&lg_cpu), frame_of(sp));
}
NOKPROBE_SYMBOL(lg_invocation_begins);

/**
 * lg_tell_when_over - count in lg_invocations_over() when IRQs are on again
 *
 * Context: as lg_iteration().
 */
void lg_tell_when_over(void)
{
	queue_own_work(this_cpu_ptr(&lg_cpu));
}
NOKPROBE_SYMBOL(lg_tell_when_over);

/**
 * lg_invocations_over - how often this CPU's irq_work has run
 *
 * Context: IRQs off.
 * Return: a number that, after lg_tell_when_over(), stays the same for as long as
 * IRQs have not been on.
 */
u64 lg_invocations_over(void)
{
	return this_cpu_read(lg_cpu.over);
}
NOKPROBE_SYMBOL(lg_invocations_over);

/**
 * scx_loopguard_over - an invocation of the function with the loop is over
 *
 * For the livepatch that wraps the function, if there were hits in the invocation. The
 * count then restarts here, and not only by irq_work.
 *
 * Context: IRQs off, as from the first of the hits on.
 */
void scx_loopguard_over(void)
{
	restart_all(this_cpu_ptr(&lg_cpu));
}
EXPORT_SYMBOL_GPL(scx_loopguard_over);
NOKPROBE_SYMBOL(scx_loopguard_over);

/**
 * lg_guard_complain - say once why the hook is not trusted, if it is not
 *
 * Context: any but under a rq lock.
 */
void lg_guard_complain(void)
{
	const char *why = READ_ONCE(distrust);

	if (unlikely(why))
		pr_err_once("disabled: %s\n", why);
}

/* On the CPU to be kicked, IRQs off. @csd_in_use: if it comes by that. */
static void resched_here(void *csd_in_use)
{
	bool *in_use = csd_in_use;

	/* the kernel has let go of the csd already */
	if (in_use)
		smp_store_release(in_use, false); /* pairs with xchg() in kick_sibling() */
	/* set_tsk_need_resched() has a tracepoint that not every kernel exports */
	set_tsk_thread_flag(current, TIF_NEED_RESCHED);
	set_preempt_need_resched();
}

/*
 * Any sibling may want to kick a CPU, and there may be more than two of them; the kernel leaves it
 * to its callers that only one at a time sends a csd.
 */
static bool kick_sibling(int cpu)
{
	struct lg_cpu *c = &per_cpu(lg_cpu, cpu);

	if (!cpu_online(cpu) || xchg(&c->csd_in_use, true))
		return false;	/* gone, or a kick is still on its way */
	if (!smp_call_function_single_async(cpu, &c->csd))
		return true;
	smp_store_release(&c->csd_in_use, false);	/* as in resched_here() */
	return false;
}

static void kick(struct lg_cpu *me, int cpu)
{
	if (cpu == smp_processor_id())
		resched_here(NULL);
	else if (!kick_sibling(cpu))
		return;
	WRITE_ONCE(me->kicks, me->kicks + 1);
}

static void kick_if_due(struct lg_cpu *me, int cpu)
{
	if (READ_ONCE(per_cpu(lg_cpu, cpu).kick) &&
	    xchg(&per_cpu(lg_cpu, cpu).kick, false))
		kick(me, cpu);
}

static void after_trip(struct lg_cpu *c)
{
	c->tripped = false;
	lg_tell_trip(&c->trip);
	lg_storm_look(&c->trip);
	c->trip.more = 0;
}

/* The invocation is over: IRQs are on again, or this could not run. */
static void invocation_over(struct irq_work *work)
{
	struct lg_cpu *c = container_of(work, struct lg_cpu, work);
	int cpu;

	lg_guard_complain();
	restart_all(c);
	c->nest[0].futile = 0;
	WRITE_ONCE(c->over, c->over + 1);
	kick_if_due(c, smp_processor_id());
	for_each_cpu(cpu, topology_sibling_cpumask(smp_processor_id()))
		kick_if_due(c, cpu);
	if (c->tripped)
		after_trip(c);
	else if (c->counted)
		lg_storm_pause(this_cpu_read(scx_loopguard_hits));
	c->counted = false;
}

/**
 * lg_distrusts - has the hook turned out to be wrong
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

		u64 hits = READ_ONCE(per_cpu(scx_loopguard_hits, cpu));

		counts->hits += hits;
		counts->trips += READ_ONCE(c->trips);
		counts->budget_trips += READ_ONCE(c->budget_trips);
		counts->kicks += READ_ONCE(c->kicks);
		/* an invocation of one iteration is only a hit */
		counts->max_loops = max3(counts->max_loops,
					 READ_ONCE(c->max_loops),
					 (u32)!!hits);
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
			trip.ns = c->trip.ns;
			memcpy(trip.ops, c->trip.ops, sizeof(trip.ops));
		} while (read_seqcount_retry(&c->trip_seq, seq));

		if (trip.ns > last->ns)
			*last = trip;
	}
}

/* Does the invocation that this CPU is in, if it is in one, end before long? */
static bool loop_ends(const struct lg_cpu *c)
{
	u64 over = READ_ONCE(c->over);
	u32 before = 0, loops;
	int tries;

	for (tries = 0; tries < DRAIN_LOOKS; tries++) {
		loops = READ_ONCE(c->nest[0].loops);
		if (target->nested)
			loops += READ_ONCE(c->nest[READ_ONCE(c->innermost)].loops);
		if (!loops || READ_ONCE(c->over) != over ||
		    (loops < before && !target->nested))
			return true;
		before = loops;
		usleep_range(500, 1000);
	}
	return false;
}

/*
 * Is some CPU in a loop that goes on and on? One that is slow may not reach the
 * raised limit while one looks, but it does not end either. The kernel's own bound ends each.
 */
static bool loop_goes_on(void)
{
	int cpu;

	if (target->native_limit)
		return false;
	for_each_possible_cpu(cpu)
		if (cpu_online(cpu) && !loop_ends(&per_cpu(lg_cpu, cpu)))
			return true;
	return false;
}

/* What the kernel's own bound ends needs nobody. */
static u64 trips_so_far(void)
{
	struct lg_counts counts;

	lg_read_counts(&counts);
	return counts.budget_trips + (target->native_limit ? 0 : counts.trips);
}

static bool tripped_lately(void)
{
	struct lg_last_trip last;

	lg_read_last_trip(&last);
	/* that clock may step back a little from one CPU to another */
	return last.cpu >= 0 && (s64)(ktime_get_boot_fast_ns() - last.ns) <
				(s64)(DRAIN_STORM_MS * NSEC_PER_MSEC);
}

/* Those that kill this task where it neither handles nor blocks them, as a bit mask. */
static unsigned long deadly_signals(void)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	const struct sighand_struct *own;
	unsigned long deadly = 0;
	int i;

	own = rcu_dereference_protected(current->sighand, true);	/* stays to the end */
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		if (READ_ONCE(own->action[signals[i] - 1].sa.sa_handler) == SIG_DFL)
			deadly |= sigmask(signals[i]);
	return deadly & ~current->blocked.sig[0];
}

/*
 * Does somebody want to have rmmod ended? A signal is not fatal at once where one that
 * does not matter has come before it.
 */
static bool is_interrupted(void)
{
	return fatal_signal_pending(current) ||
	       (READ_ONCE(current->pending.signal.sig[0]) |
		READ_ONCE(current->signal->shared_pending.signal.sig[0])) &
		       deadly_signals();
}

/**
 * lg_guard_drain - wait until no CPU depends on the guard
 *
 * Taking the hook away from under a BPF scheduler that loops for ever would
 * trap the CPUs at once, the one in rmmod included. So raise the limit to its
 * maximum and go on protecting until no loop reaches it, nor takes a second: either the
 * kernel's watchdog has ejected the scheduler, or its loops are finite. Where loops were ended
 * just now it takes longer to believe that: real-time tasks may keep the scheduler, and
 * with it the loop, off a CPU for most of a second. A signal that kills rmmod ends the
 * wait; what stops it, a debugger and a freezer do not.
 *
 * To be called again where time has passed since: it returns at once if nothing came.
 *
 * Context: task, may sleep. The hook is still armed.
 */
void lg_guard_drain(void)
{
	unsigned int quiet_ms = 0, enough_ms = DRAIN_QUIET_MS;
	unsigned long note = jiffies + msecs_to_jiffies(DRAIN_NOTE_MS);
	static u64 trips;

	/* the kernel's own bound stays, but no budget does */
	if ((target->native_limit && !READ_ONCE(lg_budget_us)) ||
	    !READ_ONCE(lg_enforce) || lg_distrusts())
		return;
	if (READ_ONCE(draining) && trips == trips_so_far() && !loop_goes_on())
		return;

	/* with a bound it is trips alone that tell, and a budget may be a second */
	if (target->native_limit || tripped_lately())
		enough_ms = DRAIN_STORM_MS;
	WRITE_ONCE(draining, true);
	do {
		trips = trips_so_far();
		if (time_after(jiffies, note)) {
			note = jiffies + msecs_to_jiffies(DRAIN_NOTE_MS);
			pr_warn("unload waits: the BPF scheduler %s; eject it, or interrupt rmmod to unload all the same\n",
				target->native_limit ?
					"spends the budget again and again" :
					"loops without end and would trap the CPUs");
		}
		schedule_timeout_killable(msecs_to_jiffies(DRAIN_QUIET_MS));
		quiet_ms += DRAIN_QUIET_MS;
		/* an invocation that ends while one looks may have ended at the raised limit */
		if (trips != trips_so_far() || loop_goes_on() ||
		    trips != trips_so_far()) {
			quiet_ms = 0;
			enough_ms = DRAIN_STORM_MS;
		}
	} while (quiet_ms < enough_ms && !is_interrupted());
}

/*
 * What others have queued on a CPU on its way out is still in its list when it is back, and no
 * irq_work runs there any more, see queue_own_work(): loops would seem not to end, and
 * irq_work_sync() would not. IRQs off.
 */
static void run_left_works(void *unused)
{
	irq_work_run();
}

static int cpu_is_back(unsigned int cpu)
{
	local_irq_disable();
	run_left_works(NULL);
	local_irq_enable();
	return 0;
}

/**
 * lg_guard_init - prepare every CPU's state
 * @found: what to guard; has to outlive the guard
 *
 * Prints one line on refusal.
 *
 * Context: task, before the hook is armed.
 * Return: 0, -ENODEV where an irq_work would have to wait for the tick, or that of
 * cpuhp_setup_state_nocalls().
 */
int lg_guard_init(const struct lg_target *found)
{
	int cpu, ret;

	if (!arch_irq_work_has_interrupt()) {
		pr_err("not loaded: this machine has no interrupt for irq_work (no local APIC)\n");
		return -ENODEV;
	}
	lg_clock_init();
	target = found;
	ending_is_proven = found->nested && !found->site_error;
	for_each_possible_cpu(cpu) {
		struct lg_cpu *c = &per_cpu(lg_cpu, cpu);

		c->work = IRQ_WORK_INIT_HARD(invocation_over);
		INIT_CSD(&c->csd, resched_here, &c->csd_in_use);
		seqcount_init(&c->trip_seq);
		c->began_over = U64_MAX;	/* no stretch is known yet */
	}

	/* without calls: under a BPF scheduler that loops they might have to wait */
	ret = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, KBUILD_MODNAME ":online",
					cpu_is_back, NULL);
	if (ret < 0) {
		pr_err("not loaded: CPUs that come back cannot be seen (error %d)\n", ret);
		return ret;
	}
	online_state = ret;
	on_each_cpu(run_left_works, NULL, 1);
	return 0;
}

/**
 * lg_guard_exit - wait for what the hook has left behind
 *
 * Context: task, may sleep. The hook is gone and none of its handlers runs.
 */
void lg_guard_exit(void)
{
	int cpu;

	cpuhp_remove_state_nocalls(online_state);
	for_each_possible_cpu(cpu)
		irq_work_sync(&per_cpu(lg_cpu, cpu).work);

	/*
	 * A kick that was sent to a sibling is taken with this IPI or before; the
	 * grace period waits for the rest of that interrupt.
	 */
	kick_all_cpus_sync();
	synchronize_rcu();
}
