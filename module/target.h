/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was found in the running kernel
 *
 * All that the rest of the module knows about kernels is in struct lg_target.
 */
#ifndef LG_TARGET_H
#define LG_TARGET_H

#include <linux/bits.h>
#include <linux/types.h>

#include "site.h"
#include "symbols.h"

enum {
	LG_MAX_LOOPS	= 2,	/* the CPU's own, and a sub-scheduler's in it */
	LG_MAX_RETURNS	= 8,
	LG_MAX_ENTRIES	= 12,	/* of functions that may lead to a loop */
};

/* A function that holds the dispatch loop, which may have been inlined into two. */
struct lg_loop {
	struct lg_symbol function;
	bool recursive;			/* may be entered from within itself */

	/* for engine loopsite */
	int site_error;
	struct lg_site site;		/* where in it the loop decides */

	/* for engine kretprobe */
	int returns_error;
	struct lg_symbol consume;	/* what the loop calls last */
	u32 returns[LG_MAX_RETURNS];	/* where the calls return to, offsets */
	u32 nr_returns;
};

/* How to get at the dispatch context of a CPU when the consume function is called. */
struct lg_context {
	enum {
		LG_CONTEXT_VARIABLE,	/* scx_dsp_ctx is a per-CPU variable */
		LG_CONTEXT_POINTER,	/* it points to one, NULL while there is none */
		LG_CONTEXT_OF_SCHED,	/* the first argument has such a pointer */
	} kind;
	bool reachable;			/* what follows is known */
	union {
		void __percpu *variable;
		void __percpu **pointer;
		struct {
			u32 pcpu_offset;	/* in the argument */
			u32 offset;		/* in what that points to */
		};
	};
};

/* Where the name of the BPF scheduler is. */
struct lg_ops_name {
	const void *base;
	bool indirect;		/* @base points to a pointer */
	bool by_ctx;		/* @base is of no use: the pointer is at ... */
	s32 sched_offset;	/* ... this distance from the dispatch context */
	u32 offset;		/* of the name, in what was got at */
};

/*
 * What an engine needs of all loops is there if its error is 0. One engine at least
 * has it; the functions that hold the loops are known in any case.
 */
struct lg_target {
	struct lg_loop loops[LG_MAX_LOOPS];
	u32 nr_loops;			/* the one that CPUs come to is the first */
	bool nested;			/* one may be entered from within another */
	struct lg_symbol entries[LG_MAX_ENTRIES];	/* who leads to them, or has them */
	u32 nr_entries;
	int site_error;			/* for engine loopsite: the first that a loop has */
	int returns_error;		/* the same for engine kretprobe */

	u32 rq_offset;			/* of rq in the dispatch context */
	u32 nr_tasks_offset;		/* of nr_tasks in it */
	u32 outer_offset;		/* of it in what else the code may point to */
	void __percpu *runqueues;	/* to tell a real context by its rq */
	struct lg_context context;
	struct lg_ops_name ops_name;

	u32 native_limit;		/* iterations; 0: the kernel has no bound */
};

int lg_target_find(struct lg_target *target);
const char *lg_way_to_loop(u32 i);
/* in lg_target_touched(), of entry i */
#define LG_TOUCHED(i)	BIT(2 * (i))
#define LG_SHARED(i)	BIT(2 * (i) + 1)

u32 lg_target_touched(const struct lg_target *target);

#endif
