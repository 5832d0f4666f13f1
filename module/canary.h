/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The canary: a kprobe on a function of our own, to see whether kprobes fire
 */
#ifndef LG_CANARY_H
#define LG_CANARY_H

#include <linux/types.h>

int lg_canary_start(void);
void lg_canary_stop(void);
bool lg_canary_fires(void);

#endif
