/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guard of waits for kicked CPUs (SCX_KICK_WAIT)
 */
#ifndef LG_WAIT_H
#define LG_WAIT_H

#include <linux/irq_work.h>
#include <linux/percpu.h>
#include <linux/types.h>

#include "trip.h"

struct lg_target;

/* A CPU's wait for another one; written by its own CPU only, IRQs off. */
struct lg_waiter {
	const void *seq;	/* what it waits for to change, NULL: it does not wait */
	unsigned long before;	/* what that is still */
	u64 since;		/* CLOCK_BOOTTIME, ns */
	u64 last;		/* look at it, the same */
	u64 sure;		/* it has not changed by then, 0: not known */
	int for_cpu;
	bool cycle;		/* it was seen to lead to one */
	bool pins;		/* it is long enough for rmmod to say "in use" */

	struct lg_trip trip;	/* the last one that was ended */
	bool told;		/* of that */
	struct irq_work work;	/* to tell it, and to keep the module, once IRQs are on */

	/* for the readers of the status */
	u64 ended;
	u64 longest_ns;
};

DECLARE_PER_CPU(struct lg_waiter, lg_waiter);

bool lg_wait_start(const struct lg_target *target);
void lg_wait_stop(void);
unsigned long lg_wait_nmissed(void);
const char *lg_wait_state(void);

#endif
