/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Finding the place in the dispatch loop where it decides to go on
 *
 * Pure logic over a copy of the loop function's text: it is compiled for user
 * space too, where test/unit feeds it the code of every kernel built here.
 */
#ifndef LG_SITE_H
#define LG_SITE_H

#include "btf.h"	/* the integer types */

enum {
	LG_REG_NONE = 0xff,
};

/* An x86-64 memory operand: base + index * scale + disp. */
struct lg_operand {
	u8 base;	/* register number, 0 (rax) to 15 (r15) */
	u8 index;	/* the same, or LG_REG_NONE */
	u8 scale;	/* 1, 2, 4 or 8 */
	s32 disp;
};

/* The loop's own load of nr_tasks, executed after an iteration found no task. */
struct lg_site {
	u32 offset;		/* of the instruction, in its function */
	struct lg_operand nr_tasks;
	u32 call;		/* where the consume call that leads to it returns to */
	bool several;		/* other calls lead to it too */
	bool bounded;		/* a countdown was seen on every way to it */
	u32 bound;		/* where that ends the loop; 0: in several places */
};

/* The text of one function. */
struct lg_code {
	const u8 *text;
	u32 len;
	unsigned long address;	/* where it runs */
};

/* Is @target the entry of the function that the loop consumes from last? */
typedef bool (*lg_is_consume_t)(unsigned long target);

u32 lg_site_calls(const struct lg_code *code, lg_is_consume_t is_consume,
		  u32 *returns, u32 max);
int lg_site_find(const struct lg_code *code, lg_is_consume_t is_consume,
		 s32 nr_tasks_disp, struct lg_site *site);

#endif
