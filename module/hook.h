/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hook: kprobes at places in the dispatch loop that every iteration without a task meets
 */
#ifndef LG_HOOK_H
#define LG_HOOK_H

#include <linux/kallsyms.h>
#include <linux/types.h>

struct lg_target;

/* A kind of place, as the parameter engine names it. */
struct lg_engine;

extern const struct lg_engine lg_loopsite;
extern const struct lg_engine lg_callsite;

enum {
	LG_WHERE_LEN	= KSYM_NAME_LEN + 256,	/* bytes of what lg_hook_where() writes */
};

const char *lg_engine_name(const struct lg_engine *engine);
int lg_hook_can(const struct lg_engine *engine, const struct lg_target *target);
int lg_hook_arm(const struct lg_engine *engine, const struct lg_target *target);
void lg_hook_disarm(void);
bool lg_hook_in_place(void);
unsigned long lg_hook_nmissed(void);
int lg_hook_where(const struct lg_engine *engine, const struct lg_target *target,
		  char *buf, size_t size);

#endif
