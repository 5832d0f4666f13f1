/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two halves of scx_hostile share. */
#ifndef SCX_HOSTILE_H
#define SCX_HOSTILE_H

enum hostile_kind {
	HOSTILE_UNLOCK,
	HOSTILE_MOVE,
	HOSTILE_BRINK,
	HOSTILE_HELD,
	HOSTILE_DYING,
	HOSTILE_ALL,
	HOSTILE_IDLE,
	HOSTILE_RT,
};

struct hostile_stats {
	unsigned long long vain;	/* iterations that dispatched, but no task */
	unsigned long long found;	/* that found one */
	unsigned long long unlocked;	/* times that the rq lock was dropped in one */
	unsigned long long dying;	/* tasks that were seen to exit */
};

#endif
