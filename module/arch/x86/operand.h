/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An x86-64 memory operand: base + index * scale + disp
 */
#ifndef LG_X86_OPERAND_H
#define LG_X86_OPERAND_H

#include <linux/types.h>

enum {
	X86_NO_REG = 0xff,
};

struct lg_operand {
	u8 base;	/* register number, 0 (rax) to 15 (r15) */
	u8 index;	/* the same, or X86_NO_REG */
	u8 scale;	/* 1, 2, 4 or 8 */
	s32 disp;
};

#endif
