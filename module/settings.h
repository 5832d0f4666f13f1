/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Settings, their limits and their defaults
 *
 * Written by module parameters under the module's parameter lock, read without a lock
 * from inside the loop. Macros, for MODULE_PARM_DESC() quotes them.
 */
#ifndef LG_SETTINGS_H
#define LG_SETTINGS_H

#include <linux/types.h>

#define LG_LIMIT_DEFAULT	32	/* upstream's SCX_DSP_MAX_LOOPS */
#define LG_LIMIT_MIN		1
#define LG_LIMIT_MAX		4096
#define LG_BUDGET_US_MAX	1000000
#define LG_KICK_WAIT_MS_DEFAULT	10
#define LG_KICK_WAIT_MS_MAX	1000
#define LG_KICK_LONE_MS		150	/* the kernel's scx_pair has waits of 100 ms */
#define LG_EJECT_MS_MAX		30000	/* no watchdog of a scheduler waits longer */

extern unsigned int lg_limit;
extern unsigned int lg_budget_us;	/* 0: no budget */
extern unsigned int lg_eject_ms;	/* 0: never */
extern unsigned int lg_kick_wait_ms;	/* 0: however long it takes */
extern bool lg_enforce;

#endif
