// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding the loop in which a CPU waits for one that it has kicked
 *
 * In C it reads
 *
 *	while (smp_load_acquire(&cpu_rq(cpu)->scx.pnt_seq) == pseqs[cpu])
 *		cpu_relax();
 *
 * and in every build looked at it becomes
 *
 *	pause
 *	mov	0x990(%r11),%rdx
 *	cmp	%rdx,(%r10)		<- what is wanted
 *	je	back to the pause
 *
 * with other registers, the operands of the compare the other way round, a jump to a compare that
 * is shared with the first look, or KASAN's checks before either load. The load is a volatile one,
 * made for this compare only. So start from the pause and follow the code through these few forms.
 * One that is not known and the loop is given up: nothing here is a guess.
 */
#include <linux/errno.h>
#include <linux/types.h>

#include "../arch.h"
#include "insn.h"

enum {
	MAX_STEPS	= 24,	/* instructions from the pause to the compare, or back */

	REPEAT		= 0xf3,	/* with the nop it is a pause */
	NOP		= 0x90,
	CC_E		= 0x4,
	CC_NE		= 0x5,
	REX_B		= 1,
	REX_W		= 8,

	NO_REGS		= 0,
	ALL_REGS	= 0xffff,
	CALLER_SAVED	= 0x0fc7,	/* ax, cx, dx, si, di, r8 to r11 */
};

static bool is_pause(const struct lg_code *code, u32 at, const struct x86_insn *x)
{
	return x->op == NOP && x->len == 2 && code->text[at] == REPEAT;
}

/* Is it a nop, or a move that changes neither flags nor, but for a spill, memory? */
static bool is_move(const struct x86_insn *x)
{
	switch (x->op) {
	case 0x0f1f:
		return true;
	case NOP:	/* xchg %eax,%r8d is none */
		return !x->prefixed && !(x->rex & REX_B);
	case 0x63: case 0x89: case 0x8b: case 0x8d: case 0xb8 ... 0xbf:
		return !x->prefixed;
	}
	return false;
}

static u32 registers_of(const struct lg_operand *op)
{
	return 1 << op->base | (op->index == X86_NO_REG ? 0 : 1 << op->index);
}

/* The registers that a move reads, as bits. */
static u32 reads(const struct x86_insn *x)
{
	switch (x->op) {
	case 0x89:
		return 1 << x->reg | (x->is_mem ? registers_of(&x->mem) : 0);
	case 0x63: case 0x8b: case 0x8d:
		return x->is_mem ? registers_of(&x->mem) : 1 << x->rm;
	}
	return NO_REGS;
}

/* The registers that what may stand in the loop writes, as bits. */
static u32 writes(const struct x86_insn *x)
{
	switch (x->op) {
	case 0x0f1f: case NOP:
		return NO_REGS;
	case 0x63: case 0x8b: case 0x8d:
		return 1 << x->reg;
	case 0x89:
		return x->is_mem ? NO_REGS : 1 << x->rm;
	case 0xb8 ... 0xbf:
		return 1 << ((x->op & 7) | (x->rex & REX_B) << 3);
	case X86_CALL:
		return CALLER_SAVED;
	}
	return ALL_REGS;
}

/* Where the code goes on if what was compared just before is equal. */
static bool if_equal(const struct lg_code *code, u32 at, u32 *equal)
{
	struct x86_insn x;
	s64 target;

	if (!x86_decode(code, at, &x) ||
	    ((x.op & ~0xf) != 0x70 && (x.op & ~0xf) != 0x0f80))
		return false;
	target = (x.op & 0xf) == CC_E ? (s64)at + x.len + x.imm : at + x.len;
	*equal = target;
	return ((x.op & 0xf) == CC_E || (x.op & 0xf) == CC_NE) &&
	       target >= 0 && target < code->len;
}

static bool jumps(const struct lg_code *code, u32 at, const struct x86_insn *x, u32 *to)
{
	s64 target = (s64)at + x->len + x->imm;

	*to = target;
	return (x->op == 0xe9 || x->op == 0xeb) && target >= 0 && target < code->len;
}

/* The compare at @at has been equal: does that lead back to the pause, by nothing but moves? */
static bool leads_back(const struct lg_code *code, u32 at, u32 pause)
{
	bool decided = false;
	struct x86_insn x;
	int step;

	for (step = 0; step < MAX_STEPS; step++) {
		if (decided && at == pause)
			return true;
		if (!x86_decode(code, at, &x))
			return false;
		if (!decided && if_equal(code, at, &at))
			decided = true;
		else if (is_move(&x))
			at += x.len;
		else if (!jumps(code, at, &x, &at))
			return false;
	}
	return false;
}

static bool is_load(const struct x86_insn *x, const s32 *disps)
{
	return x->op == 0x8b && x->rex & REX_W && !x->prefixed && x->is_mem &&
	       !x->ip_relative && (x->mem.disp == disps[0] || x->mem.disp == disps[1]) &&
	       !(registers_of(&x->mem) & (1 << x->reg | 1 << X86_SP));
}

/* Is what was loaded compared with something else, which @spin is then told? */
static bool compares(const struct x86_insn *x, struct lg_spin *spin)
{
	u8 other = x->reg == spin->loaded.base ? x->rm : x->reg;

	if ((x->op != 0x39 && x->op != 0x3b) || !(x->rex & REX_W) || x->prefixed)
		return false;
	spin->with_memory = x->is_mem;
	if (x->is_mem) {
		spin->with = x->mem;
		return x->reg == spin->loaded.base && !x->ip_relative &&
		       !(registers_of(&x->mem) & 1 << x->reg);
	}
	spin->with = (struct lg_operand){ .base = other, .index = X86_NO_REG };
	return x->reg != x->rm &&
	       (x->reg == spin->loaded.base || x->rm == spin->loaded.base);
}

static bool follow(const struct lg_code *code, u32 at, const s32 *disps, struct lg_spin *spin)
{
	u32 needed = 0, loaded = 0, next;	/* registers, once it has been loaded */
	struct x86_insn x;
	int step;

	for (step = 0; step < MAX_STEPS; step++, at = next) {
		if (!x86_decode(code, at, &x))
			return false;
		next = at + x.len;
		if (needed && compares(&x, spin)) {
			spin->offset = at;
			return leads_back(code, next, spin->pause);
		}
		if (!needed && is_load(&x, disps)) {
			spin->seq = x.mem;
			spin->loaded = (struct lg_operand){ .base = x.reg,
							    .index = X86_NO_REG };
			loaded = 1 << x.reg;
			needed = loaded | registers_of(&x.mem);
		} else if (x.op == 0x80 && (x.reg & 7) == 7 && !x.imm) {
			/* KASAN's: a byte that is not zero is about to be reported */
			if (!if_equal(code, next, &next))
				return false;
		} else if (is_move(&x) || x.op == X86_CALL) {
			/* nor may there be another copy of it */
			if (needed & writes(&x) || loaded & reads(&x))
				return false;
		} else if (!jumps(code, at, &x, &next)) {
			return false;
		}
	}
	return false;
}

/**
 * lg_arch_find_spin - find the loop in which a CPU waits for another one's sequence
 * @code: the text of the function that has it
 * @disps: the two displacements that the sequence may have
 * @spin: set on success only
 *
 * Context: any.
 * Return: 0, -ENOENT if nothing waits there, -ESRCH if what waits is not known, -ENOTUNIQ if there
 * is more than one that does.
 */
int lg_arch_find_spin(const struct lg_code *code, const s32 *disps, struct lg_spin *spin)
{
	struct lg_spin found = {};
	struct x86_insn x;
	bool seen = false;
	u32 at;

	for (at = 0; at < code->len; at += x.len) {
		if (!x86_decode(code, at, &x))
			return -ESRCH;
		if (!is_pause(code, at, &x))
			continue;
		if (seen)
			return -ENOTUNIQ;
		seen = true;
		found.pause = at;
		if (!follow(code, at + x.len, disps, &found))
			return -ESRCH;
	}
	if (!seen)
		return -ENOENT;
	*spin = found;
	return 0;
}
