// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ejecting a BPF scheduler under which a CPU does nothing but trip
 *
 * While loops are ended again and again the machine lives, but burns its CPUs until the
 * scheduler's watchdog finds a task that has not run, which may take 30 s. With
 * eject_ms the kernel is asked for what sysrq-S does as soon as one CPU has had no
 * progress for that long. That function is exported and is what a keyboard or a
 * serial line calls from its hard interrupt, so the irq_work may as well: nothing of it
 * waits for a task that the BPF scheduler would have to run. A work item would.
 *
 * There was progress on a CPU between two of its trips if
 *
 * - an invocation in between ended without a trip: the loop found a task, or nothing
 *   was dispatched any more. If it took more than an iteration, its irq_work comes without
 *   a trip, and the task that it has found then runs; a kernel thread or a real-time
 *   task may have been put there by anyone, see below. If it took but one, it shows in
 *   the count of iterations, which no trip accounts for;
 *   where loops are nested that may be one of the inner ones; or
 * - a user's task runs when the tripped invocation is over, or ran until it began.
 *   That catches those that the loop found in its very first iteration, of which the
 *   hook knows nothing. Kernel threads do not count, and neither do real-time
 *   tasks: schedulers hand the first to their CPU without a dispatch, and the second
 *   are none of theirs, so that both run in the worst of storms.
 *
 * Not all of it is seen: a user's task may be followed by a real-time one, and where loops
 * are nested, that one of a single iteration has ended. So time is left out in which the CPU
 * was away from its loop for longer than some of eject_ms; and any such time if it ends with a
 * real-time task or a kernel thread that stops: the CPU may have been idle before. In a storm it
 * is not, as each kick takes it from the idle task right back to the loop.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/kprobes.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sched/prio.h>
#include <linux/smp.h>
#include <linux/sysrq.h>
#include <linux/time64.h>

#include "eject.h"
#include "guard.h"
#include "tell.h"

unsigned int lg_eject_ms;

/* Trips further apart than this do not belong together. */
#define APART_NS	(1000 * NSEC_PER_MSEC)

/*
 * A CPU that has been kicked is back in its loop at once. What it takes longer than this
 * part of eject_ms it has done something else, or nothing. The first call of
 * ops.dispatch() is in there too.
 */
#define AWAY_PART	4

/*
 * It takes the kernel a while to take a scheduler down. What trips until no CPU has for so
 * long is the one that was ejected; to enable another one takes longer. So may a CPU of a
 * virtual machine whose host is busy, but nothing else runs on it meanwhile.
 */
#define QUIET_NS	(100 * NSEC_PER_MSEC)

/* Trips without progress. Of its own CPU, IRQs off: written by the hook or the irq_work. */
struct storm {
	u64 since;		/* the first of them, ns; later by what is left out */
	u64 last;		/* 0: none yet */
	u64 trips;
	u64 hits;		/* what the CPU had counted at the last trip */
	u32 schedulers;		/* so many had been dealt with before */
	bool progress;		/* seen by the hook */
	bool after_task;	/* and that this trip is not one of the idle task's */
};

static DEFINE_PER_CPU(struct storm, storms);

static atomic64_t ejections;

/* The last trip, on any CPU, of the scheduler that has been dealt with; 0: none is. */
static u64 dealt_with;
static u64 dealt_at;		/* when that was */

/* What still trips so long after that is another one, or has to be asked again. */
#define GONE_NS		(5 * NSEC_PER_SEC)

/* How many have been; written by whoever sets the one above. */
static u32 schedulers;

/**
 * lg_can_eject - does kernel.sysrq allow what ejects BPF schedulers
 *
 * Context: any.
 * Return: true if so; false too where the kernel has no sysrq.
 */
bool lg_can_eject(void)
{
	int mask = sysrq_mask();

	/* as sysrq_on_mask() does; S is among the "nicing of all RT tasks" */
	return mask == 1 || mask & SYSRQ_ENABLE_RTNICE;
}

/**
 * lg_ejections - how many schedulers the kernel has been asked to eject
 *
 * Context: any.
 * Return: their number.
 */
u64 lg_ejections(void)
{
	return atomic64_read(&ejections);
}

/* Does this CPU run, or is it about to leave, what a scheduler is there for? */
static __always_inline bool runs_users_task(void)
{
	return !(current->flags & PF_KTHREAD) && current->prio >= MAX_RT_PRIO;
}

/**
 * lg_storm_trip - an invocation is a trip
 * @hits_before: iterations that this CPU had counted when it began
 * @loops: how many it has counted itself
 * @nested: others may have counted in between
 *
 * Context: in the loop: IRQs off, rq lock held.
 */
void lg_storm_trip(u64 hits_before, u32 loops, bool nested)
{
	struct storm *s = this_cpu_ptr(&storms);

	if (likely(!READ_ONCE(lg_eject_ms)))
		return;
	if ((hits_before != s->hits && !nested) || runs_users_task())
		s->progress = true;
	s->hits = hits_before + loops;
	s->after_task = !is_idle_task(current);
	s->trips++;
}
NOKPROBE_SYMBOL(lg_storm_trip);

/**
 * lg_storm_pause - an invocation that is no trip is over
 * @hits: iterations that this CPU has counted by now
 *
 * Context: hard irq, no rq lock held, on the CPU that it was on.
 */
void lg_storm_pause(u64 hits)
{
	struct storm *s = this_cpu_ptr(&storms);

	if (is_idle_task(current) || runs_users_task())
		s->progress = true;
	else
		s->hits = hits;
}

static void eject(const struct storm *s, const struct lg_trip *trip)
{
	if (!lg_can_eject()) {
		pr_err("BPF scheduler \"%s\" not ejected: kernel.sysrq is %d now, which does not allow it\n",
		       trip->ops, sysrq_mask());
		return;
	}
	atomic64_inc(&ejections);
	lg_tell_eject(trip, s->trips, trip->ns - s->since);
	handle_sysrq('S');
}

/*
 * Does this trip belong to a scheduler that has been dealt with? If not, it may be the
 * first one of the next.
 */
static bool is_dealt_with(struct storm *s, u64 began, u64 now)
{
	u64 last = READ_ONCE(dealt_with);
	s64 quiet = began - last;

	if (likely(!last))
		return false;
	/* another CPU may have looked at the clock later and been here earlier */
	if (quiet > (s64)APART_NS || (s64)(now - READ_ONCE(dealt_at)) > (s64)GONE_NS ||
	    (quiet > (s64)QUIET_NS && (s->progress || runs_users_task())))
		return cmpxchg(&dealt_with, last, 0) != last;
	cmpxchg(&dealt_with, last, now);
	s->progress = false;
	return true;
}

/* Whoever is the first deals with it. */
static bool deal_with_it(u64 now)
{
	/* first, or it would look long ago to the other CPUs */
	WRITE_ONCE(dealt_at, now);
	if (cmpxchg(&dealt_with, 0, now))
		return false;
	WRITE_ONCE(schedulers, schedulers + 1);
	return true;
}

/* How long had this CPU been away from its loop when it came back to trip? */
static u64 was_away(const struct storm *s, const struct lg_trip *trip,
		    unsigned int ms)
{
	s64 away = trip->ns - trip->duration - s->last;

	/* the duration of the very first one after eject_ms was set is not known */
	if (!trip->duration || away < 0)
		return 0;
	if (!s->after_task &&
	    away < (s64)(min(ms, 1000U) * NSEC_PER_MSEC / AWAY_PART))
		return 0;
	return away;
}

/* Has this CPU done nothing but trip for @ms, as of this trip? */
static bool is_stuck(struct storm *s, const struct lg_trip *trip,
		     unsigned int ms)
{
	u64 now = trip->ns;

	if (!s->last || s->progress || runs_users_task() ||
	    (s64)(now - trip->duration - s->last) > (s64)APART_NS ||
	    s->schedulers != READ_ONCE(schedulers)) {
		s->schedulers = READ_ONCE(schedulers);
		s->progress = false;
		s->since = now;
		s->trips = 1;
	} else {
		s->since += was_away(s, trip, ms);
	}
	s->last = now;
	/* this clock may step back by a little */
	return (s64)(now - s->since) >= (s64)(ms * NSEC_PER_MSEC);
}

/**
 * lg_storm_look - an invocation that has tripped is over: is it time to eject
 * @trip: the trip
 *
 * Context: hard irq, no rq lock held, on the CPU that has tripped.
 */
void lg_storm_look(const struct lg_trip *trip)
{
	unsigned int ms = READ_ONCE(lg_eject_ms);
	struct storm *s = this_cpu_ptr(&storms);

	if (likely(!ms) || is_dealt_with(s, trip->ns - trip->duration, trip->ns))
		return;
	/* nothing is changed where nothing is to be */
	if (is_stuck(s, trip, ms) && READ_ONCE(lg_enforce) &&
	    !lg_distrusts() && deal_with_it(trip->ns))
		eject(s, trip);
}
