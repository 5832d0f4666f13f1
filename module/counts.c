// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sums over all CPUs, for the readers of the status
 */
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/time64.h>

#include "counts.h"
#include "cpu.h"
#include "repick.h"
#include "wait.h"

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
		const struct lg_waiter *w = &per_cpu(lg_waiter, cpu);
		u64 hits = READ_ONCE(per_cpu(scx_loopguard_hits, cpu));

		counts->hits += hits;
		counts->trips += READ_ONCE(c->trips);
		counts->budget_trips += READ_ONCE(c->budget_trips);
		counts->restarts += lg_repick_ended(cpu);
		counts->kicks += READ_ONCE(c->kicks);
		/* an invocation of one iteration is only a hit */
		counts->max_loops = max3(counts->max_loops,
					 READ_ONCE(c->max_loops),
					 (u32)!!hits);
		counts->kick_waits += READ_ONCE(w->ended);
		counts->kick_wait_longest_us = max(counts->kick_wait_longest_us,
						   READ_ONCE(w->longest_ns) / NSEC_PER_USEC);
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
