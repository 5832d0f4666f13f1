/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Instructions of x86-64: their length, their operand, where they go on
 */
#ifndef LG_X86_INSN_H
#define LG_X86_INSN_H

#include "operand.h"
#include "../../code.h"

enum {
	X86_AX = 0,
	X86_SP = 4,

	X86_CALL = 0xe8,	/* rel32 */
};

struct x86_insn {
	u32 len;		/* bytes */
	u16 op;			/* 0x0f00 and more: the second byte behind 0x0f */
	u8 rex;			/* its low four bits, WRXB */
	bool prefixed;		/* by anything else */
	bool is_mem;		/* there is a ModRM byte, and it is about memory */
	bool ip_relative;	/* or has no base */
	u8 reg, rm;		/* register numbers; rm only if !is_mem */
	struct lg_operand mem;	/* if is_mem */
	s64 imm;		/* immediate or distance of a jump */
};

bool x86_decode(const struct lg_code *code, u32 at, struct x86_insn *insn);

#endif
