/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Health: is the hook still there, and does the scheduler still come by
 */
#ifndef LG_HEALTH_H
#define LG_HEALTH_H

#include <linux/types.h>

enum lg_health {
	LG_HOOKED,	/* all is well */
	LG_DISARMED,	/* the hook is not there */
	LG_REPLACED,	/* it is there, but the code that runs may be another's */
};

struct lg_target;

void lg_health_start(const struct lg_target *target);
void lg_health_stop(void);
enum lg_health lg_health(void);
bool lg_live(void);

#endif
