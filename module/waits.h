/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a CPU waits for one that it has kicked, from the kernel's code
 */
#ifndef LG_WAITS_H
#define LG_WAITS_H

#include "arch/arch.h"
#include "image.h"
#include "layout.h"

/* The function that waits, from the source. */
#define LG_WAIT_FUNCTION "kick_cpus_irq_workfn"

struct lg_waits {
	struct lg_symbol function;
	int error;		/* 0, or why there is no loop to be guarded; see lg_waits_find() */
	struct lg_spin spin;
};

void lg_waits_find(const struct lg_layout *layout, struct lg_waits *waits);

#endif
