/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sums over all CPUs, for the readers of the status
 */
#ifndef LG_COUNTS_H
#define LG_COUNTS_H

#include <linux/types.h>

#include "layout.h"

/* Each of them never goes backwards. */
struct lg_counts {
	u64 hits;
	u64 trips;
	u64 budget_trips;
	u64 kicks;
	u64 restarts;
	u32 max_loops;
	u64 kick_waits;
	u64 kick_wait_longest_us;
};

struct lg_last_trip {
	int cpu;			/* -1: never */
	u64 ns;				/* CLOCK_BOOTTIME, 0: never */
	char ops[LG_OPS_NAME_LEN];
};

void lg_read_counts(struct lg_counts *counts);
void lg_read_last_trip(struct lg_last_trip *last);

#endif
