/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What to do about what was found: by which engine, at which places, whether the kernel's
 * own bound is enough, and whether there are waits to be guarded
 *
 * Pure logic: it is compiled for user space too, where scx-loopguard-check says what the module
 * would do on a kernel that does not run.
 */
#ifndef LG_PLAN_H
#define LG_PLAN_H

#include <linux/kallsyms.h>
#include <linux/types.h>

struct lg_layout;
struct lg_loop;
struct lg_loops;
struct lg_target;

/* A kind of place in the loop, as the parameter engine names it. */
struct lg_engine {
	const char *name;
	/* 0, or why a kernel has not what it needs */
	int (*error)(const struct lg_loops *loops);
	/* the places in a loop, offsets in its function */
	u32 (*places)(const struct lg_loop *loop, const u32 **offsets);
};

extern const struct lg_engine lg_loopsite;
extern const struct lg_engine lg_callsite;

enum {
	LG_NR_ENGINES	= 2,
	LG_WHERE_LEN	= KSYM_NAME_LEN + 256,	/* bytes of what lg_plan_where() writes */
	LG_LAYOUT_LEN	= 32,			/* ... and lg_plan_layout() */
};

/* Best first. */
extern const struct lg_engine * const lg_engines[LG_NR_ENGINES];

int lg_plan_can(const struct lg_engine *engine, const struct lg_target *target);
int lg_plan_where(const struct lg_engine *engine, const struct lg_target *target,
		  char *buf, size_t size);
int lg_plan_layout(const struct lg_layout *layout, char *buf, size_t size);
const char *lg_plan_restart(const struct lg_target *target);
bool lg_plan_is_native(const struct lg_target *target, bool hooked);
bool lg_plan_waits_are_native(const struct lg_target *target);
const char *lg_plan_no_waits(const struct lg_target *target);

#endif
