// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding where the code asks whether there is an ops.dispatch at all
 *
 * In C it reads, once before the dispatch loop,
 *
 *	if (unlikely(!test_bit(SCX_OP_IDX(dispatch), sch->has_op)))
 *		return SCX_DSP_NONE;
 *
 * and compilers make of it one of
 *
 *	mov	0x230(%r13),%rax		testq	$0x8,0x230(%r12)
 *	test	$0x8,%al			je	none
 *	je	none
 *
 * with other registers. Anything else is none that is known.
 */
#include <linux/errno.h>

#include "../arch.h"
#include "insn.h"

enum {
	TEST_AL	= 0xa8,
	TEST_8	= 0xf6,		/* with /0, an immediate of a byte */
	TEST_32	= 0xf7,		/* the same of four, also for 64 bits */
	LOAD	= 0x8b,
	REX_W	= 8,
};

static bool is_word(const struct x86_insn *x, s32 disp)
{
	return x->is_mem && !x->ip_relative && !x->prefixed && x->rex & REX_W &&
	       x->mem.base != X86_SP && x->mem.index == X86_NO_REG && x->mem.disp == disp;
}

/* test $mask,%reg, of as many bits of it as may be */
static bool tests_register(const struct x86_insn *x, u8 reg, u32 mask)
{
	if (x->prefixed || x->is_mem)
		return false;
	switch (x->op) {
	case TEST_AL:
		return reg == X86_AX && (u8)x->imm == mask;
	case TEST_8:
		/* without a REX prefix 4 to 7 are the second bytes of 0 to 3 */
		return !(x->reg & 7) && x->rm == reg && (reg < 4 || reg >= 8) &&
		       (u8)x->imm == mask;
	case TEST_32:
		return !(x->reg & 7) && x->rm == reg && x->imm == mask;
	}
	return false;
}

/* Is the bit tested from @at on? Then @x is the instruction that does it, and @at where. */
static bool tests(const struct lg_code *code, u32 *at, s32 disp, u32 mask, struct x86_insn *x)
{
	u8 loaded = x->reg;

	if (!is_word(x, disp))
		return false;
	if (x->op == TEST_32)
		return !(x->reg & 7) && x->imm == mask;
	if (x->op != LOAD)
		return false;
	*at += x->len;
	return x86_decode(code, *at, x) && tests_register(x, loaded, mask);
}

/* Where the code goes on if the bit that was tested just before @at is clear. */
static bool if_clear(const struct lg_code *code, u32 at, u32 *clear)
{
	struct x86_insn x;
	s64 target;

	if (!x86_decode(code, at, &x) || x.prefixed)
		return false;
	target = (s64)at + x.len;
	switch (x.op) {
	case 0x74: case 0x0f84:
		target += x.imm;
		break;
	case 0x75: case 0x0f85:
		break;
	default:
		return false;
	}
	*clear = target;
	return target >= 0 && target < code->len;
}

/**
 * lg_arch_find_gate - find where a bit of a word is tested
 * @code: the text of the function
 * @disp: the displacement of the word
 * @bit: the bit's number in it
 * @gate: to be set, of use on success only
 *
 * Context: any.
 * Return: 0, -ESRCH if it is not tested in a form that is known, -ENOTUNIQ if it is in several
 * places.
 */
int lg_arch_find_gate(const struct lg_code *code, s32 disp, u32 bit, struct lg_gate *gate)
{
	u32 at, next, clear, nr = 0;
	struct x86_insn x, y;

	if (bit >= 7)
		return -ESRCH;	/* a byte's highest would be negative */
	for (at = 0; at < code->len; at += x.len) {
		if (!x86_decode(code, at, &x))
			return -ESRCH;
		next = at;
		y = x;
		if (!tests(code, &next, disp, 1 << bit, &y) ||
		    !if_clear(code, next + y.len, &clear))
			continue;
		gate->at = at;
		gate->clear = clear;
		nr++;
	}
	return !nr ? -ESRCH : nr > 1 ? -ENOTUNIQ : 0;
}
