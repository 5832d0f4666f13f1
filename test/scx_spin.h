/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two halves of scx_spin share. */
#ifndef SCX_SPIN_H
#define SCX_SPIN_H

enum {
	SPIN_QUEUES	= 5,
	SPIN_REASON_LEN	= 128,
	SPIN_MSG_LEN	= 1024,
	SPIN_DUMP_LEN	= 32768,
};

/* Why the kernel unloaded the scheduler; written by ops.exit(). */
struct spin_exit {
	int kind;		/* enum scx_exit_kind; 0: still running */
	long long exit_code;
	char reason[SPIN_REASON_LEN];
	char msg[SPIN_MSG_LEN];
};

struct spin_stats {
	unsigned long long enqueued;
	unsigned long long dispatched;	/* tasks handed out */
	unsigned long long phantoms;	/* dispatches of a task that cannot run */
	unsigned long long bounced;	/* to the fallback DSQ, with -B */
	unsigned long long stalled;	/* tasks forgotten on purpose */
};

#endif
