// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ejecting a BPF scheduler under which a CPU does nothing but trip
 *
 * While loops are ended again and again the machine lives, but burns its CPUs until the
 * scheduler's watchdog finds a task that has not run, which may take 30 s. With
 * eject_ms the kernel is asked for what sysrq-S does. That function is exported and is what a
 * keyboard or a serial line calls from its hard interrupt, so the irq_work may as well:
 * nothing of it waits for a task that the BPF scheduler would have to run. A work item would.
 *
 * The rule: a CPU is stuck when it has tripped IN_A_ROW times with no task of user space in
 * between. The scheduler is ejected when a CPU is stuck that was stuck eject_ms before, and no
 * invocation of its loop has ended by itself since.
 *
 * So tasks that get to the CPU without its loop, as by a direct dispatch, only have it begin
 * its row anew. Kernel threads and real-time tasks do not even do that: both run in the worst
 * of storms. An invocation ended by itself if the loop found a task, or nothing was dispatched
 * any more. If it took more than an iteration, its irq_work comes without a trip; if it took
 * but one, it shows in the CPU's hits, which its trips do not account for. Of an
 * invocation that finds a task in its very first iteration the hook knows nothing; then that
 * task of user space is what is seen.
 *
 * Waits for kicked CPUs that had to be ended are trips of another kind. They have a row of their
 * own, in which each counts for every WAIT_MS that it took. Tasks run between them, and other waits
 * end by themselves: those for a CPU whose own wait was ended. So such a CPU is stuck as long as
 * there is no APART_NS without one.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/kprobes.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sched/prio.h>
#include <linux/smp.h>
#include <linux/sysrq.h>
#include <linux/time64.h>

#include "eject.h"
#include "settings.h"
#include "tell.h"
#include "trip.h"

enum {
	IN_A_ROW	= 16,
	WAIT_MS		= 10,
};

/* Trips further apart than this do not belong together. */
#define APART_NS	(1000 * NSEC_PER_MSEC)

/*
 * It takes the kernel a while to take a scheduler down. What trips until no CPU has for
 * QUIET_NS is the one that was ejected; to enable another one takes longer. What still trips
 * after GONE_NS has to be asked again.
 */
#define QUIET_NS	(100 * NSEC_PER_MSEC)
#define GONE_NS		(5 * NSEC_PER_SEC)

/* Of its own CPU, IRQs off: written by the hook or the irq_work. */
struct storm {
	u64 since;		/* the CPU was stuck first, ns; 0: it was not */
	u64 trips;		/* since then */
	u64 last;		/* trip, ns */
	u64 hits;		/* what the CPU had counted at that trip */
	u32 in_a_row;		/* trips, or what waits count for */
	bool ended;		/* seen by the hook: an invocation, by itself */
	bool task;		/* the same: a task of user space ran */
};

static DEFINE_PER_CPU(struct storm, storms);
static DEFINE_PER_CPU(struct storm, wait_storms);

static atomic64_t ejections;

/* The scheduler that was ejected last: when that was, and its last trip on any CPU. 0: gone. */
static u64 ejected_at;
static u64 ejected_last;

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
 * lg_eject_note_trip - an invocation is a trip
 * @hits_before: what this CPU had counted when it began; 0: others may be counted in it
 * @loops: how many it has counted itself
 *
 * Context: in the loop: IRQs off, rq lock held.
 */
void lg_eject_note_trip(u64 hits_before, u32 loops)
{
	struct storm *s = this_cpu_ptr(&storms);

	if (likely(!READ_ONCE(lg_eject_ms)))
		return;
	s->ended |= hits_before && hits_before != s->hits;
	s->task |= runs_users_task();
	s->hits = hits_before + loops;
}
NOKPROBE_SYMBOL(lg_eject_note_trip);

/**
 * lg_eject_note_end - an invocation that is no trip is over
 * @hits: iterations that this CPU has counted by now
 *
 * A kernel thread or a real-time task that runs then may have been put there by anyone.
 *
 * Context: hard irq, no rq lock held, on the CPU that it was on.
 */
void lg_eject_note_end(u64 hits)
{
	struct storm *s = this_cpu_ptr(&storms);

	if (is_idle_task(current) || runs_users_task())
		s->ended = true;
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

/* Is a trip that @began then one of the scheduler that is being taken down? */
static bool is_being_ejected(u64 now, u64 began)
{
	u64 last = READ_ONCE(ejected_last);

	if (likely(!last))
		return false;
	/* another CPU may have looked at the clock later and been here earlier */
	if ((s64)(began - last) > (s64)QUIET_NS ||
	    (s64)(now - READ_ONCE(ejected_at)) > (s64)GONE_NS)
		return cmpxchg(&ejected_last, last, 0) != last;
	cmpxchg(&ejected_last, last, now);
	return true;
}

/* Whoever is the first ejects it. */
static bool is_first(u64 now)
{
	/* first, or it would look long ago to the other CPUs */
	WRITE_ONCE(ejected_at, now);
	return !cmpxchg(&ejected_last, 0, now);
}

/* For how many of a row does it count? */
static u32 weight_of(const struct lg_trip *trip)
{
	return trip->wait ? 1 + trip->duration / (WAIT_MS * NSEC_PER_MSEC) : 1;
}

/* Is this CPU stuck, and was it for @ms? */
static bool is_stuck(struct storm *s, const struct lg_trip *trip, u64 began, unsigned int ms)
{
	u64 now = trip->ns;

	if ((s64)(began - s->last) > (s64)APART_NS)
		s->ended = true;
	/* or it was another scheduler */
	if (s->ended || (s64)(s->since - READ_ONCE(ejected_at)) <= 0)
		s->since = 0;
	if (s->ended || s->task || (!trip->wait && runs_users_task()))
		s->in_a_row = 0;
	s->ended = false;
	s->task = false;
	s->last = now;
	s->trips++;
	s->in_a_row += weight_of(trip);
	if (s->in_a_row < IN_A_ROW)
		return false;
	if (!s->since) {
		s->since = now;
		s->trips = trip->wait ? 1 : IN_A_ROW;
	}
	/* this clock may step back by a little */
	return (s64)(now - s->since) >= (s64)(ms * NSEC_PER_MSEC);
}

/**
 * lg_eject_look - what has tripped is over: is it time to eject
 * @trip: the trip
 *
 * Context: hard irq, no rq lock held, on the CPU that has tripped.
 */
void lg_eject_look(const struct lg_trip *trip)
{
	unsigned int ms = READ_ONCE(lg_eject_ms);
	struct storm *s = trip->wait ? this_cpu_ptr(&wait_storms) : this_cpu_ptr(&storms);
	/* a wait may be longer than what tells trips apart */
	u64 began = trip->wait ? trip->ns - trip->duration : trip->ns;

	if (likely(!ms)) {
		s->since = 0;
		return;
	}
	if (is_being_ejected(trip->ns, began))
		s->ended = true;
	else if (is_stuck(s, trip, began, ms) && is_first(trip->ns))
		eject(s, trip);
}
