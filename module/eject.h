/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ejecting a BPF scheduler under which a CPU does nothing but trip
 */
#ifndef LG_EJECT_H
#define LG_EJECT_H

#include <linux/types.h>

struct lg_trip;

bool lg_can_eject(void);
void lg_eject_note_trip(u64 hits_before, u32 loops);
void lg_eject_note_end(u64 hits);
void lg_eject_look(const struct lg_trip *trip);
u64 lg_ejections(void);

#endif
