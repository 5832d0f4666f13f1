/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Telling of trips: a tracepoint, and a line in the log now and then
 */
#ifndef LG_TELL_H
#define LG_TELL_H

#include <linux/sched.h>
#include <linux/types.h>

#include "guard.h"

/* A CPU's last trip. */
struct lg_trip {
	u64 ns;			/* its time, CLOCK_BOOTTIME, 0: never */
	u64 duration;		/* of the invocation so far in ns, 0: not measured */
	u32 loops;		/* iterations of it */
	u32 more;		/* trips before it of which nothing was told */
	bool budget;		/* it was for time */
	char comm[TASK_COMM_LEN];	/* the task that the CPU was about to leave */
	char ops[LG_OPS_NAME_LEN];	/* the BPF scheduler */
};

void lg_tell_trip(const struct lg_trip *trip);
void lg_tell_eject(const struct lg_trip *trip, u64 trips, u64 duration);
bool lg_trips_are_traced(void);

#endif
