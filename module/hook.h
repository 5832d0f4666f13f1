/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hook: kprobes at places in the dispatch loop that every iteration without a task meets
 */
#ifndef LG_HOOK_H
#define LG_HOOK_H

#include <linux/types.h>

struct lg_engine;
struct lg_target;

int lg_hook_arm(const struct lg_engine *engine, const struct lg_target *target);
void lg_hook_disarm(void);
bool lg_hook_in_place(void);
unsigned long lg_hook_nmissed(void);

#endif
