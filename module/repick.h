/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way out of picks that begin anew for ever
 */
#ifndef LG_REPICK_H
#define LG_REPICK_H

#include <linux/types.h>

struct lg_invocation;
struct lg_target;

void lg_repick_start(const struct lg_target *found, bool is_hooked);
void lg_repick_stop(void);
bool lg_repick_look(const struct lg_invocation *inv, bool first);
bool lg_repick_over(void);
bool lg_repick_owes_kicks(void);
u64 lg_repick_ended(int cpu);
const char *lg_repick_state(void);

#endif
