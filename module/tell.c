// SPDX-License-Identifier: GPL-2.0-only
/*
 * Telling of trips: a tracepoint, and a line in the log now and then
 *
 * Called by the irq_work. A line is printed from there too, as late as on the console of
 * a machine in a storm nothing else gets through; one a minute does no harm.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/kprobes.h>
#include <linux/printk.h>
#include <linux/smp.h>
#include <linux/time64.h>

#include "counts.h"
#include "tell.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

#define EVERY_NS	(60 * NSEC_PER_SEC)

/* A kind of lines. */
struct line {
	u64 ns;		/* when the last was printed, CLOCK_BOOTTIME, 0: never */
	u64 trips;	/* until then */
};

static struct line trip_line, wait_line;

/* Is it time for a line? Whoever sets that of the last one prints. */
static bool is_time_for(struct line *line, u64 now)
{
	u64 last = READ_ONCE(line->ns);

	if (last && (s64)(now - last) < (s64)EVERY_NS)
		return false;
	return cmpxchg(&line->ns, last, now) == last;
}

static void print_now_and_then(const struct lg_trip *trip)
{
	u64 before = READ_ONCE(trip_line.trips);
	struct lg_counts counts;

	if (!is_time_for(&trip_line, trip->ns))
		return;
	lg_read_counts(&counts);
	WRITE_ONCE(trip_line.trips, counts.trips + counts.budget_trips);
	pr_notice("trip: BPF scheduler \"%s\" on CPU %d, after %u iterations%s (%llu more trips since the last such line)\n",
		  trip->ops, smp_processor_id(), trip->loops,
		  trip->budget ? ", over budget" : "",
		  counts.trips + counts.budget_trips - before - 1);
}

/**
 * lg_tell_trip - an invocation that has tripped is over
 * @trip: what there is to tell
 *
 * Context: hard irq, no rq lock held, on the CPU that has tripped.
 */
void lg_tell_trip(const struct lg_trip *trip)
{
	trace_trip(trip);
	print_now_and_then(trip);
}

/**
 * lg_tell_wait - a wait for a kicked CPU was ended, and is over
 * @trip: what there is to tell
 *
 * Context: hard irq, no rq lock held, on the CPU that has waited.
 */
void lg_tell_wait(const struct lg_trip *trip)
{
	u64 before = READ_ONCE(wait_line.trips);
	struct lg_counts counts;

	trace_kick_wait(trip);
	if (!is_time_for(&wait_line, trip->ns))
		return;
	lg_read_counts(&counts);
	WRITE_ONCE(wait_line.trips, counts.kick_waits);
	pr_notice("kick wait: BPF scheduler \"%s\", CPU %d has waited %llu us for CPU %d (%llu more waits ended since the last such line)\n",
		  trip->ops, smp_processor_id(), trip->duration / NSEC_PER_USEC,
		  trip->for_cpu, counts.kick_waits - before - 1);
}

/**
 * lg_tell_eject - the kernel is about to be asked to eject the BPF scheduler
 * @trip: the last of its trips
 * @trips: how many in a row
 * @duration: in that many ns
 *
 * Context: as lg_tell_trip().
 */
void lg_tell_eject(const struct lg_trip *trip, u64 trips, u64 duration)
{
	trace_eject(trip, trips, duration);
	pr_warn("ejecting BPF scheduler \"%s\": CPU %d has done nothing but %s for %llu ms, %llu times\n",
		trip->ops, smp_processor_id(), trip->wait ? "wait in vain" : "trip",
		duration / NSEC_PER_MSEC, trips);
}

/**
 * lg_trips_are_traced - does anybody listen to the tracepoint of trips
 *
 * Context: any.
 * Return: true if so.
 */
bool lg_trips_are_traced(void)
{
	return trace_trip_enabled();
}
NOKPROBE_SYMBOL(lg_trips_are_traced);
