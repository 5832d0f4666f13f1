/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ejecting a BPF scheduler under which a CPU does nothing but trip
 */
#ifndef LG_EJECT_H
#define LG_EJECT_H

#include <linux/types.h>

enum {
	LG_EJECT_MS_MAX	= 30000,	/* no watchdog of a scheduler waits longer */
};

/*
 * Setting, 0: never. Written by the module parameter under param_lock, read
 * without a lock.
 */
extern unsigned int lg_eject_ms;

struct lg_trip;

bool lg_can_eject(void);
void lg_storm_trip(u64 hits_before, u32 loops, bool nested);
void lg_storm_pause(u64 hits);
void lg_storm_look(const struct lg_trip *trip);
u64 lg_ejections(void);

#endif
