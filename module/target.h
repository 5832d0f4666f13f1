/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was found in the running kernel
 *
 * All that the rest of the module knows about kernels is in struct lg_target.
 */
#ifndef LG_TARGET_H
#define LG_TARGET_H

#include "layout.h"
#include "loops.h"
#include "waits.h"

struct lg_target {
	struct lg_layout layout;
	struct lg_loops loops;
	struct lg_waits waits;
	u32 native_limit;	/* iterations; 0: the kernel has no bound */
};

int lg_target_find(struct lg_target *target);
u32 lg_target_entries(const struct lg_target *target);

/* Of what lg_target_entries() returns: the enum lg_entry of entry @i, and those with a jump. */
#define LG_ENTRY_SHIFT(i)	(2 * (i))
#define LG_REDIRECTED(e)	((e) >> 1 & ~(e) & 0x15555555)

#endif
