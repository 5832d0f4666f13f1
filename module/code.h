/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The text of one function, and what every processor's code has in common
 *
 * Pure logic works on a copy of the text: it is compiled for user space too.
 */
#ifndef LG_CODE_H
#define LG_CODE_H

#include <linux/types.h>

struct lg_code {
	const u8 *text;
	u32 len;
	unsigned long address;	/* where it runs */

	/* the part of it that the compiler has put elsewhere; len 0: there is none */
	unsigned long cold;
	u32 cold_len;
	const u32 *back;	/* where that may come back to, offsets */
	u32 nr_back;
};

enum lg_flow {
	LG_FLOW_NEXT,		/* goes on behind the instruction */
	LG_FLOW_CALL,		/* the same, once the call has returned */
	LG_FLOW_JUMP,		/* goes on at the target */
	LG_FLOW_BRANCH,		/* one or the other */
	LG_FLOW_END,		/* neither: it leaves the function */
	LG_FLOW_UNKNOWN,	/* it cannot be told */
};

/* What one instruction means for the way that the code takes. */
struct lg_step {
	u32 len;		/* bytes */
	enum lg_flow flow;
	s64 target;		/* of call, jump, branch: offset in the function, or outside */
};

/* Is the function at this address the one that is meant? */
typedef bool (*lg_is_function_t)(unsigned long address);

#endif
