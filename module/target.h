/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was found in the running kernel
 *
 * All that the rest of the module knows about kernels is in struct lg_target.
 */
#ifndef LG_TARGET_H
#define LG_TARGET_H

#include <linux/types.h>

#include "site.h"
#include "symbols.h"

enum {
	LG_MAX_RETURNS	= 4,
};

/*
 * What an engine needs is there if its error is 0. One engine at least has it;
 * the function that holds the loop is known in any case.
 */
struct lg_target {
	struct lg_symbol loop;		/* the function that holds the loop */

	/* for engine loopsite */
	int site_error;
	struct lg_site site;		/* where in it the loop decides */

	/* for engine kretprobe */
	int returns_error;
	struct lg_symbol consume;	/* what the loop calls last */
	u32 returns[LG_MAX_RETURNS];	/* where the calls return to, offsets */
	u32 nr_returns;
	void __percpu **dsp_ctx;	/* scx_dsp_ctx, the dispatch contexts */

	u32 rq_offset;			/* of rq in the dispatch context */
	u32 nr_tasks_offset;		/* of nr_tasks in it */
	void __percpu *runqueues;	/* to tell a real context by its rq */

	const char *ops_name;		/* of the BPF scheduler; NULL: not found */
	u32 ops_name_size;		/* bytes, with the NUL */

	u32 native_limit;		/* iterations; 0: the kernel has no bound */
};

int lg_target_find(struct lg_target *target);

#endif
