/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two halves of scx_spin share. */
#ifndef SCX_SPIN_H
#define SCX_SPIN_H

enum {
	SPIN_QUEUES	= 5,
	SPIN_DUMP_LEN	= 32768,
};

struct spin_stats {
	unsigned long long enqueued;
	unsigned long long dispatched;	/* tasks handed out */
	unsigned long long phantoms;	/* dispatches of a task that cannot run */
	unsigned long long bounced;	/* to the fallback DSQ, with -B */
	unsigned long long kicks;	/* of CPUs that are then waited for, with -k */
	unsigned long long stalled;	/* tasks forgotten on purpose */
};

#endif
