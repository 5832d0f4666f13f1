/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Health: is the hook still there, and does the scheduler still come by
 */
#ifndef LG_HEALTH_H
#define LG_HEALTH_H

#include <linux/types.h>

enum lg_health {
	LG_HOOKED,	/* all is well */
	LG_DISARMED,	/* the hook is not there, or cannot see */
	LG_BYPASSED,	/* it is there, but the loop may be elsewhere now */
};

struct lg_engine;
struct lg_target;

void lg_health_start(const struct lg_target *target,
		     const struct lg_engine *engine);
void lg_health_stop(void);
enum lg_health lg_health(void);
bool lg_live(void);

#endif
