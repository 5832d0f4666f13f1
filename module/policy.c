// SPDX-License-Identifier: GPL-2.0-only
/*
 * The policy: count the iterations of each invocation, and end the loop at the limit
 *
 * When an iteration found nothing to run but dispatched something, the loop is about to
 * go round again: that is counted. At the limit nr_tasks is cleared, which the
 * loop takes for "nothing was dispatched" and ends by itself, on the same path
 * on which it ends every time that a CPU goes idle.
 *
 * Both the end of the count and the kick wait for this CPU's irq_work, see kick.c. It is
 * queued by the first counted iteration and, as IRQs are off, runs when the invocation is
 * over. For an SMT sibling's rq it may run before that; then the rq of the invocation tells
 * that the count goes on with another one. Most invocations in which anything is counted at
 * all have but one iteration, and need no interrupt: see shows_its_end().
 */
#include <linux/cpu.h>
#include <linux/kprobes.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/timekeeping.h>
#include <linux/topology.h>
#include <linux/uaccess.h>

#include "clock.h"
#include "eject.h"
#include "policy.h"
#include "repick.h"
#include "settings.h"
#include "target.h"
#include "tell.h"

enum {
	/*
	 * So many loops ended on one CPU without IRQs on in between, and the hook is not
	 * where it was thought to be: what it ended did not end. The scheduler balances a
	 * CPU and its SMT siblings a few times over at most.
	 */
	FUTILE		= 256,

	/* Iterations after which the settings are read again: a new one is in force soon. */
	SETTLED		= 63,

	/*
	 * Iterations that a budget is spent in at least. A hypervisor may take the CPU away
	 * between two of them, and those of a scheduler that behaves are fewer.
	 */
	BUDGET_LOOPS	= 4,
};

/* Set once before the hook is armed. */
static const struct lg_target *target;
static const struct lg_layout *layout;

/*
 * The code itself shows that a loop ends without nr_tasks. Where loops are nested, many inner
 * ones may be entered and ended within one stretch without IRQs, so that FUTILE says nothing.
 */
static bool ending_is_proven;

/* May core scheduling keep a CPU idle for which the loop has found a task? */
static bool idle_may_stay;

/*
 * Why the hook is not trusted, NULL: it is. Nothing is written any more until the
 * module is loaded anew. Set by any CPU, never cleared.
 */
static const char *distrust;

/**
 * lg_policy_start - what is to be guarded
 * @found: what was found; has to outlive the hook
 *
 * Context: task, before the hook is armed.
 */
void lg_policy_start(const struct lg_target *found)
{
	target = found;
	layout = &found->layout;
	ending_is_proven = found->loops.nested && !found->loops.site_error;
	idle_may_stay = IS_ENABLED(CONFIG_SCHED_CORE) && cpu_smt_possible();
}

/**
 * lg_distrust - has the hook turned out to be wrong
 *
 * Context: any.
 * Return: why, or NULL if it has not; if it has, the module changes nothing any more.
 */
const char *lg_distrust(void)
{
	return READ_ONCE(distrust);
}

/* Stop writing, and let the irq_work print why. */
static void stop_writing(struct lg_cpu *c, const char *why)
{
	WRITE_ONCE(distrust, why);
	lg_when_over(c);
}
NOKPROBE_SYMBOL(stop_writing);

/* Where loops are not nested the stack pointer tells nothing. */
static __always_inline unsigned long frame_of(unsigned long sp)
{
	return target->loops.nested ? sp : 0;
}

static __always_inline struct lg_invocation *invocation_of(struct lg_cpu *c,
							   unsigned long frame)
{
	struct lg_invocation *inv = &c->nest[c->innermost];

	return likely(inv->frame == frame) ? inv : lg_find_invocation(c, frame);
}

static void *rq_of(int cpu)
{
	return per_cpu_ptr((void __percpu *)layout->runqueues, cpu);
}
NOKPROBE_SYMBOL(rq_of);

/*
 * The CPU whose runqueue this is: this one or, as core scheduling balances siblings
 * from here, one of those; -1: neither. A CPU on its way out is no sibling of its
 * own any more.
 */
static int cpu_of_rq(void *rq)
{
	int cpu = smp_processor_id();

	if (rq == rq_of(cpu))
		return cpu;
	for_each_cpu(cpu, topology_sibling_cpumask(smp_processor_id()))
		if (rq == rq_of(cpu))
			return cpu;
	return -1;
}
NOKPROBE_SYMBOL(cpu_of_rq);

/*
 * Is @ctx the dispatch context of this CPU? It is if it names a runqueue that this
 * CPU may balance. Then a new invocation begins, so the count does.
 */
static noinline bool adopt(struct lg_cpu *c, struct lg_invocation *inv, void *ctx,
			   unsigned long frame)
{
	void *rq;
	int cpu = -1;

	if (!copy_from_kernel_nofault(&rq, ctx + layout->rq_offset, sizeof(rq)))
		cpu = cpu_of_rq(rq);
	if (cpu >= 0) {
		if (ctx != inv->ctx)
			inv->futile = 0;
		inv->ctx = ctx;
		inv->rq = rq;
		inv->rq_cpu = cpu;
		if (inv->frame == frame)
			lg_restart_count(c, inv);
		return true;
	}
	stop_writing(c, "the dispatch loop was reached with a context that is not this CPU's");
	return false;
}
NOKPROBE_SYMBOL(adopt);

/* @ctx may be read directly only once it has been checked. */
static __always_inline bool is_known(const struct lg_invocation *inv, void *ctx)
{
	return likely(ctx == inv->ctx && *(void **)(ctx + layout->rq_offset) == inv->rq);
}

/**
 * lg_read_ops_name - the name of a BPF scheduler
 * @name: set to it; LG_OPS_NAME_LEN bytes
 * @ctx: the dispatch context that belongs to it; of no use where there is only one scheduler
 *
 * Context: any.
 */
void lg_read_ops_name(char *name, const void *ctx)
{
	const struct lg_ops_name *ops = &layout->ops_name;
	const void *at = (const void *)ops->base;

	strscpy(name, "unknown", LG_OPS_NAME_LEN);
	if (ops->by_ctx)
		at = ctx + ops->sched_offset;
	else if (!at)
		return;
	if ((ops->indirect && copy_from_kernel_nofault(&at, at, sizeof(at))) ||
	    copy_from_kernel_nofault(name, at + ops->offset, LG_OPS_NAME_LEN))
		name[0] = '\0';
	name[LG_OPS_NAME_LEN - 1] = '\0';
}
NOKPROBE_SYMBOL(lg_read_ops_name);

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
	lg_read_ops_name(trip->ops, ctx);
	raw_write_seqcount_end(&c->trip_seq);

	lg_eject_note_trip(target->loops.nested ?
			   0 : this_cpu_read(scx_loopguard_hits) - loops, loops);
	c->tripped = true;
	lg_when_over(c);
}
NOKPROBE_SYMBOL(record_trip);

/*
 * The invocation has reached the limit or spent its budget, which @counter counts: end
 * the loop, unless only observing or the kernel itself ends it here.
 */
static noinline void trip(struct lg_cpu *c, struct lg_invocation *inv,
			  u32 *nr_tasks, u64 *counter)
{
	if (!inv->tripped) {
		inv->tripped = true;
		record_trip(c, inv->ctx, inv->loops, counter);
	}
	if (target->native_limit && inv->loops >= target->native_limit) {
		lg_restart_count(c, inv);
		return;
	}
	if (!READ_ONCE(lg_enforce) || READ_ONCE(distrust))
		return;

	if (++inv->futile > FUTILE && !ending_is_proven) {
		stop_writing(c, "ending the dispatch loop has no effect");
		return;
	}
	WRITE_ONCE(*nr_tasks, 0);
	lg_restart_count(c, inv);
	WRITE_ONCE(per_cpu(lg_cpu, inv->rq_cpu).kick, true);
	lg_when_over(c);
}
NOKPROBE_SYMBOL(trip);

/* Nothing goes beyond the kernel's own bound, if it has one. */
static __always_inline u32 limit_in_force(void)
{
	u32 limit = READ_ONCE(lg_limit), native = target->native_limit;

	return unlikely(native && native < limit) ? native : limit;
}

/* Does anybody want to know how long an invocation takes? */
static __always_inline bool is_timed(u32 budget_us)
{
	return unlikely(budget_us) || lg_trips_are_traced();
}

static __always_inline void begin(struct lg_cpu *c, u64 now)
{
	c->began = now;
	c->began_hits = this_cpu_read(scx_loopguard_hits);
	c->began_stretch = c->stretch;
}

/*
 * The first iteration of an invocation is over, which is the first that one sees of it
 * unless the livepatch knows when it began.
 */
static __always_inline void note_begin(struct lg_cpu *c, const struct lg_invocation *inv,
				       u32 budget_us)
{
	u64 began = this_cpu_read(scx_loopguard_began);

	c->counted = true;
	if (inv != c->nest || (target->loops.nested && c->began_stretch == c->stretch)) {
		if (began)
			c->began = began;
		return;
	}
	begin(c, began ?: is_timed(budget_us) ? lg_clock_now() : 0);
}

/* Has the outermost invocation, or what is in it, been under way for too long? */
static __always_inline bool is_over_budget(struct lg_cpu *c, u32 budget_us)
{
	if (likely(!budget_us))
		return false;
	if (unlikely(!c->began)) {
		/* the budget has come in the middle of it */
		begin(c, lg_clock_now());
		return false;
	}
	return this_cpu_read(scx_loopguard_hits) - c->began_hits + 1 >= BUDGET_LOOPS &&
	       lg_clock_since(c->began) > budget_us * (u64)NSEC_PER_USEC;
}

/* An iteration has found no task. */
static __always_inline void count(struct lg_cpu *c, struct lg_invocation *inv)
{
	/* observing for ever: stay at the top */
	if (likely(inv->loops != U32_MAX))
		inv->loops++;
	lg_note_longest(c, inv);
	this_cpu_inc(scx_loopguard_hits);
}

/* If nothing is being counted on this CPU any more, the fast paths will do. */
static void note_quiet(struct lg_cpu *c, u32 *nr_tasks, void *ctx)
{
	const struct lg_invocation *inv = c->nest;
	struct lg_run *run = this_cpu_ptr(&lg_run);

	if (c->innermost || inv->frame || inv->loops)
		return;
	run->rq_slot = ctx + layout->rq_offset;
	run->rq = inv->ctx == ctx && inv->rq_cpu == smp_processor_id() ? inv->rq : NULL;
	this_cpu_write(lg_quiet, nr_tasks);
}
NOKPROBE_SYMBOL(note_quiet);

/* The iteration that has just been counted is not the last one before the limit. */
static void expect_more(struct lg_invocation *inv, void *ctx, unsigned long sp, u32 left)
{
	struct lg_run *run = this_cpu_ptr(&lg_run);

	run->nr_tasks = ctx + layout->nr_tasks_offset;
	run->sp = sp;
	run->rq_slot = ctx + layout->rq_offset;
	run->rq = inv->rq;
	run->loops = &inv->loops;
	run->left = left;
}
NOKPROBE_SYMBOL(expect_more);

/* Every switch is counted in the task that the CPU switches from. */
static __always_inline unsigned long switches_from(const struct task_struct *task)
{
	return task->nvcsw + task->nivcsw;
}

static __always_inline bool has_switched(const struct lg_run *run)
{
	return run->task != current || run->switches != switches_from(current) ||
	       run->task_start != current->start_time;
}

/*
 * The first iteration of an invocation on this CPU's own rq is about to be counted: will it show
 * at the next count, without an interrupt, whether that invocation is over? A CPU that is idle,
 * or whose task has left its rq, comes out of the loop in one of three ways. It has found a task,
 * and switches to it. Nothing was dispatched, which the hook sees. The limit was reached. So
 * as long as the CPU has not switched, what was counted is of an invocation that goes on.
 *
 * Who ejects or has a budget wants to know more.
 */
static __always_inline bool shows_its_end(void)
{
	bool may_stay = is_idle_task(current) ? idle_may_stay : READ_ONCE(current->on_rq);

	return !may_stay && limit_in_force() > 1 && !READ_ONCE(lg_eject_ms) &&
	       !is_timed(READ_ONCE(lg_budget_us));
}

/* Count the first iteration of an invocation in @run alone, if that will do. */
static __always_inline bool count_first(struct lg_run *run, u32 *nr_tasks, unsigned long sp)
{
	if (!(this_cpu_read(lg_quiet) == nr_tasks ||
	      (run->first == nr_tasks && has_switched(run))) ||
	    !(this_cpu_read(scx_loopguard_hits) % LG_LOOK_EVERY) ||
	    READ_ONCE(*run->rq_slot) != run->rq || !shows_its_end())
		return false;
	this_cpu_write(lg_quiet, NULL);
	run->first = nr_tasks;
	run->sp = sp;
	run->task = current;
	run->task_start = current->start_time;
	run->switches = switches_from(current);
	this_cpu_inc(scx_loopguard_hits);
	return true;
}

/* It was only the first, and nothing is dispatched any more, there or in the next one. */
static __always_inline bool end_first(struct lg_run *run, u32 *nr_tasks, unsigned long sp)
{
	if (run->first != nr_tasks || run->sp != sp || READ_ONCE(*nr_tasks))
		return false;
	run->first = NULL;
	this_cpu_write(lg_quiet, nr_tasks);
	this_cpu_inc(scx_loopguard_hits);
	return true;
}

/* It was not the last one, if the invocation is still the same. */
static void recount_first(struct lg_cpu *c)
{
	struct lg_run *run = this_cpu_ptr(&lg_run);
	struct lg_invocation *inv;

	run->first = NULL;
	if (has_switched(run))
		return;
	inv = invocation_of(c, frame_of(run->sp));
	inv->loops = 1;
	note_begin(c, inv, READ_ONCE(lg_budget_us));
	lg_when_over(c);
}
NOKPROBE_SYMBOL(recount_first);

static noinline void do_iteration(u32 *nr_tasks, unsigned long sp)
{
	struct lg_cpu *c = this_cpu_ptr(&lg_cpu);
	unsigned long frame = frame_of(sp);
	void *ctx = (void *)nr_tasks - layout->nr_tasks_offset;
	struct lg_invocation *inv;
	u32 limit, budget_us;
	bool dropped;

	this_cpu_write(lg_quiet, NULL);
	this_cpu_write(lg_run.nr_tasks, NULL);
	if (this_cpu_read(lg_run.first))
		recount_first(c);
	inv = invocation_of(c, frame);
	if (!is_known(inv, ctx) && !adopt(c, inv, ctx, frame))
		return;

	count(c, inv);
	dropped = (inv->loops == 1 || !READ_ONCE(*nr_tasks)) &&
		  lg_repick_look(inv, inv->loops == 1);
	if (!READ_ONCE(*nr_tasks)) {
		/* nothing dispatched either: the loop ends here by itself */
		lg_forget_invocation(c, frame);
		if (!dropped)
			note_quiet(c, nr_tasks, ctx);
		return;
	}

	budget_us = READ_ONCE(lg_budget_us);
	if (inv->loops == 1) {
		note_begin(c, inv, budget_us);
		lg_when_over(c);
	}
	limit = limit_in_force();
	if (inv->loops >= limit)
		trip(c, inv, nr_tasks, &c->trips);
	else if (is_over_budget(c, budget_us))
		trip(c, inv, nr_tasks, &c->budget_trips);
	else if (!budget_us)
		expect_more(inv, ctx, sp, min(limit - inv->loops - 1, (u32)SETTLED));
}
NOKPROBE_SYMBOL(do_iteration);

/**
 * lg_count_iteration - what is left of lg_iteration()
 * @nr_tasks: as there
 * @sp: as there
 *
 * In a storm the first lines of it are what nearly all iterations take; the next ones are
 * what a scheduler costs that dispatches for other CPUs as this one goes idle.
 *
 * Context: as lg_iteration().
 */
void lg_count_iteration(u32 *nr_tasks, unsigned long sp)
{
	struct lg_run *run = this_cpu_ptr(&lg_run);

	if (run->nr_tasks == nr_tasks && run->left && run->sp == sp &&
	    READ_ONCE(*nr_tasks) && READ_ONCE(*run->rq_slot) == run->rq) {
		run->left--;
		++*run->loops;
		this_cpu_inc(scx_loopguard_hits);
	} else if (!end_first(run, nr_tasks, sp) && !count_first(run, nr_tasks, sp)) {
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
	struct lg_invocation *inv = invocation_of(c, frame);

	if (inv->loops + 1 >= target->native_limit) {
		count(c, inv);
		if (!inv->tripped)
			record_trip(c, inv->ctx, inv->loops, &c->trips);
	}
	lg_forget_invocation(c, frame);
}
NOKPROBE_SYMBOL(lg_bound_reached);
