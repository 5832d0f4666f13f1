/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hook: a kprobe on the dispatch loop's own load of nr_tasks
 */
#ifndef LG_LOOPSITE_H
#define LG_LOOPSITE_H

#include <linux/types.h>

struct lg_target;

int lg_loopsite_arm(const struct lg_target *target);
void lg_loopsite_disarm(void);
bool lg_loopsite_in_place(void);

#endif
