/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A trip: an invocation that has reached the limit or spent its budget, or a wait for a
 * kicked CPU that was ended
 */
#ifndef LG_TRIP_H
#define LG_TRIP_H

#include <linux/sched.h>
#include <linux/types.h>

#include "layout.h"

struct lg_trip {
	u64 ns;			/* its time, CLOCK_BOOTTIME, 0: never */
	u64 duration;		/* of the invocation so far, or the wait, in ns; 0: not measured */
	u32 loops;		/* iterations of it */
	u32 more;		/* trips before it of which nothing was told */
	bool budget;		/* it was for time */
	bool wait;		/* it was a wait, for ... */
	int for_cpu;		/* ... this CPU */
	char comm[TASK_COMM_LEN];	/* the task that the CPU was about to leave */
	char ops[LG_OPS_NAME_LEN];	/* the BPF scheduler */
};

#endif
