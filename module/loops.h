/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the dispatch loop is, from the kernel's code
 */
#ifndef LG_LOOPS_H
#define LG_LOOPS_H

#include "arch/arch.h"
#include "image.h"
#include "layout.h"

enum {
	LG_MAX_LOOPS	= 2,	/* the CPU's own, and a sub-scheduler's in it */
	LG_MAX_CALLS	= LG_MAX_SITES,	/* of the consume functions, in every iteration one */
	LG_MAX_ENTRIES	= 12,	/* of functions that may lead to a loop */
};

/* A function that holds the dispatch loop, which may have been inlined into two. */
struct lg_loop {
	struct lg_symbol function;
	bool recursive;			/* may be entered from within itself */

	int site_error;			/* for engine loopsite */
	struct lg_sites sites;		/* where in it the loop decides */
	bool bounded;			/* by the kernel itself, in every iteration */

	int calls_error;		/* for engine callsite */
	u32 calls[LG_MAX_CALLS];	/* where it calls the consume function, offsets */
	u32 nr_calls;

	int gate_error;			/* ops.dispatch cannot be taken away from it */
};

struct lg_loops {
	struct lg_loop loop[LG_MAX_LOOPS];	/* the one that CPUs come to is the first */
	u32 nr;
	bool nested;			/* one may be entered from within another */
	bool bounded;			/* all of them, by the kernel itself */
	int site_error;			/* for engine loopsite: the first that a loop has */
	int calls_error;		/* the same for engine callsite */
	struct lg_symbol entries[LG_MAX_ENTRIES];	/* who leads to them, or has them */
	u32 nr_entries;
};

int lg_loops_find(const struct lg_layout *layout, struct lg_loops *loops);
const char *lg_way_to_loop(u32 i);

#endif
