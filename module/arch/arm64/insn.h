/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Instructions of arm64: what they do with registers and memory, where they go on
 */
#ifndef LG_ARM64_INSN_H
#define LG_ARM64_INSN_H

#include "operand.h"
#include "../../code.h"

enum {
	A64_LEN		= 4,	/* bytes of each instruction */

	/* register 31 is one or the other */
	A64_SP		= 31,
	A64_ZR		= 31,

	A64_EQ		= 0,	/* conditions */
	A64_NE		= 1,
	A64_HS		= 2,	/* of a counter that wraps: it is zero */
	A64_LO		= 3,
};

enum a64_form {
	A64_UNKNOWN,	/* where it goes on is not known */
	A64_OTHER,	/* goes on behind it, whatever it does */
	A64_NOP,	/* nor does it do anything to registers or flags */
	A64_WRITE,	/* ... but to rd: a value that nothing is known of */
	A64_COPY,	/* rd = rn */
	A64_ZERO,	/* rd = 0 */
	A64_BYTE,	/* rd = the lowest byte or bit of rn */
	A64_ADD,	/* rd = rn + imm */
	A64_COUNT,	/* the same, which sets the flags */
	A64_TEST,	/* sets the flags by rn: is it zero? */
	A64_TEST_BYTE,	/* the same by its lowest byte or bit */
	A64_LOAD,	/* of rd from mem */
	A64_LOAD_PAIR,	/* of rd, and of rd2 from behind that */
	A64_STORE,	/* the other way round */
	A64_STORE_PAIR,
	A64_B,
	A64_BL,
	A64_B_COND,
	A64_CBZ,	/* of rn; or cbnz */
	A64_TBZ,	/* of bit imm of rn; or tbnz */
	A64_RET,	/* leaves the function */
	A64_WAIT,	/* yield, wfe and the like */
};

struct a64_insn {
	enum a64_form form;
	u8 rd, rd2, rn;		/* register numbers */
	u8 size;		/* bytes: of a register or in memory */
	u8 cond;
	bool on_nonzero;	/* cbnz, tbnz */
	s64 imm;
	struct lg_operand mem;
	s64 target;		/* of a branch or call: offset in the function, or outside */
};

bool a64_decode(const struct lg_code *code, u32 at, struct a64_insn *insn);

#endif
