/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The livepatch that may wrap the function with the loop, seen from this module
 */
#ifndef LG_ATTACH_H
#define LG_ATTACH_H

#include <linux/types.h>

struct lg_target;

void lg_attach_start(const struct lg_target *target);
bool lg_wrapped(void);

#endif
