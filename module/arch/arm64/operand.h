/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An arm64 memory operand: base + disp
 */
#ifndef LG_ARM64_OPERAND_H
#define LG_ARM64_OPERAND_H

#include <linux/types.h>

struct lg_operand {
	u8 base;	/* register number, 0 (x0) to 30 (x30) */
	s32 disp;
};

#endif
