/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is known of each CPU: the invocations that are being counted, and its counters
 *
 * An invocation of the dispatch loop runs from entry to exit with IRQs off, so this cannot
 * be re-entered and needs no lock. It is changed by its own CPU only, except where it says
 * otherwise: from inside the loop, IRQs off and rq lock held, or by the irq_work.
 */
#ifndef LG_CPU_H
#define LG_CPU_H

#include <linux/irq_work.h>
#include <linux/percpu.h>
#include <linux/seqlock.h>
#include <linux/smp.h>

#include "scx_loopguard.h"
#include "trip.h"

/*
 * An invocation of the dispatch loop. With sub-schedulers one may dispatch from
 * within another (scx_bpf_sub_dispatch()), and they have counts of their own. They are
 * told apart by their stack frames, of which the inner one is below the outer one.
 */
struct lg_invocation {
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

struct lg_cpu {
	/* the invocations being counted, outermost first */
	struct lg_invocation nest[LG_MAX_NESTED];
	u32 innermost;			/* index in @nest */

	/*
	 * lg_clock_now() when the outermost invocation began, as far as is known, 0: nobody
	 * wanted to know. Where loops are nested, the inner one may have been counted
	 * first: it is of the stretch without IRQs that @began_stretch tells.
	 */
	u64 began;
	u64 began_hits;			/* the CPU's hits then */
	u64 began_stretch;
	u64 stretch;			/* times that IRQs were found on again */

	/*
	 * This CPU is to be kicked. Set under its rq lock by the CPU that
	 * balanced its rq, taken by that CPU's irq_work.
	 */
	bool kick;
	bool csd_in_use;		/* by whoever has set it, see kick_sibling() */

	/* since IRQs were on */
	bool counted;			/* an iteration, of whatever invocation */
	bool tripped;

	struct irq_work work;		/* runs when IRQs are on again */
	call_single_data_t csd;		/* to kick this CPU from a sibling */

	/* for the readers of the status */
	u64 trips;
	u64 budget_trips;
	u64 kicks;
	u32 max_loops;
	seqcount_t trip_seq;		/* covers the one below */
	struct lg_trip trip;
};

DECLARE_PER_CPU_ALIGNED(struct lg_cpu, lg_cpu);

/*
 * nr_tasks in the context with which the last loop ended on this CPU, NULL: something is
 * being counted. An iteration with it that dispatched nothing is the first of its
 * invocation, and the last one: there is nothing to do but to count the hit.
 */
DECLARE_PER_CPU(u32 *, lg_quiet);

/*
 * The fast path of a storm: what the next iteration has to look like to be only one more of
 * the same invocation. What else there is to look at, and the limit, is when @left is used up.
 */
struct lg_run {
	u32 *nr_tasks;			/* NULL: look at it all */
	unsigned long sp;
	void **rq_slot;			/* in the context */
	void *rq;
	u32 *loops;			/* the invocation's */
	u32 left;			/* iterations */

	/*
	 * The same of an invocation of which no more than the first iteration is counted, here
	 * alone, and for which no irq_work is queued; NULL: there is none. And who ran then.
	 */
	u32 *first;
	const struct task_struct *task;
	u64 task_start;			/* its start_time */
	unsigned long switches;		/* from it, by then */
};

DECLARE_PER_CPU_ALIGNED(struct lg_run, lg_run);

struct lg_invocation *lg_find_invocation(struct lg_cpu *c, unsigned long frame);
void lg_forget_invocation(struct lg_cpu *c, unsigned long frame);
void lg_restart_all(struct lg_cpu *c);

static __always_inline void lg_note_longest(struct lg_cpu *c,
					    const struct lg_invocation *inv)
{
	if (inv->loops > c->max_loops)
		WRITE_ONCE(c->max_loops, inv->loops);
}

/* When an invocation begins or is over. */
static __always_inline void lg_restart_count(struct lg_cpu *c, struct lg_invocation *inv)
{
	lg_note_longest(c, inv);
	inv->loops = 0;
	inv->tripped = false;
}

/*
 * lg_queue_here - have an irq_work run on this CPU, which it does when IRQs are on
 *
 * On a CPU that has left the online mask they never are again: what is queued there stays in
 * its list, and as the list is then not empty nothing that is queued later, by whomever,
 * raises the interrupt when the CPU is back. There is no loop there any more on the kernels
 * that are known, so no count stays behind.
 *
 * Returns whether it is queued.
 */
static __always_inline bool lg_queue_here(struct irq_work *work)
{
	if (unlikely(!cpu_online(smp_processor_id())))
		return false;
	irq_work_queue(work);
	return true;
}

/* The same of what there is to do when this CPU's invocation is over. */
static __always_inline void lg_when_over(struct lg_cpu *c)
{
	lg_queue_here(&c->work);
}

#endif
