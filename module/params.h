/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Status and tuning: /sys/module/scx_loopguard/parameters/
 */
#ifndef LG_PARAMS_H
#define LG_PARAMS_H

#include <linux/types.h>

struct lg_engine;
struct lg_target;

void lg_params_start(const struct lg_target *target,
		     const struct lg_engine *engine);
void lg_params_stop(void);
const char *lg_state(void);
bool lg_engine_wanted(const struct lg_engine *engine);

#endif
