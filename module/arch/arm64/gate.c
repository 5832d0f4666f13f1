// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding where the code asks whether there is an ops.dispatch at all
 *
 * In C it reads, once before the dispatch loop,
 *
 *	if (unlikely(!test_bit(SCX_OP_IDX(dispatch), sch->has_op)))
 *		return SCX_DSP_NONE;
 *
 * and compilers make of it
 *
 *	ldr	x0, [x23, #560]
 *	tbz	w0, #3, none
 *
 * with other registers, or a tbnz. Anything else is none that is known.
 */
#include <linux/errno.h>

#include "../arch.h"
#include "insn.h"

/* Is the bit tested from @at on? Then @clear is where the code goes on if it is clear. */
static bool tests(const struct lg_code *code, u32 at, s32 disp, u32 bit, u32 *clear)
{
	struct a64_insn load, test;
	s64 target;

	if (!a64_decode(code, at, &load) || load.form != A64_LOAD || load.size != 8 ||
	    load.mem.base == A64_SP || load.mem.disp != disp || load.rd == A64_ZR ||
	    !a64_decode(code, at + A64_LEN, &test) || test.form != A64_TBZ ||
	    test.rn != load.rd || test.imm != bit)
		return false;
	target = test.on_nonzero ? at + 2 * A64_LEN : test.target;
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
	u32 at, clear, nr = 0;

	for (at = 0; at < code->len; at += A64_LEN) {
		if (!tests(code, at, disp, bit, &clear))
			continue;
		gate->at = at;
		gate->clear = clear;
		nr++;
	}
	return !nr ? -ESRCH : nr > 1 ? -ENOTUNIQ : 0;
}
