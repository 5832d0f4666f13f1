// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding where a CPU begins to wait for one that it has kicked
 *
 * In C it reads one of
 *
 *	while (smp_load_acquire(&cpu_rq(cpu)->scx.pnt_seq) == pseqs[cpu])
 *		cpu_relax();
 *
 *	smp_cond_load_acquire(&cpu_rq(cpu)->scx.kick_sync, VAL != ksyncs[cpu]);
 *
 * and in every build looked at it becomes
 *
 *	add	x4, x0, #0xaa8
 *	ldar	x3, [x4]
 *	ldr	x0, [x5, x1, lsl #3]
 *	cmp	x0, x3			<- what is wanted
 *	b.ne	past the loop
 *
 * with other registers, and then the loop, which begins with a pause. That is a yield, or
 *
 *	sevl
 *	wfe
 *	ldxr	x0, [x4]
 *	eor	x0, x0, x3
 *	cbnz	x0, 1f
 *	wfe
 * 1:
 *
 * kprobes allows no probe on a yield or wfe, nor behind a ldxr up to the next stxr. Here no stxr
 * follows. So what is wanted is the compare of the first look, and every way to the pause has to
 * go by it. Whether what is loaded is a sequence shows when a CPU comes there: it has to be in the
 * runqueue of another CPU.
 */
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/types.h>

#include "../arch.h"
#include "insn.h"

enum {
	MAX_STEPS	= 16,	/* instructions from the load to the compare, or to the pause */
	MAX_CONTEXT	= 32,	/* before a probe, in which kprobes looks for a ldxr */

	YIELD		= 0xd503203f,
	WFE		= 0xd503205f,
	SEVL		= 0xd50320bf,
	LDAR		= 0xc8dffc00,	/* of 64 bits, and so on */
	LDXR		= 0xc85f7c00,
	EOR		= 0xca000000,
	CBNZ_OVER_ONE	= 0xb5000040,
	CMP		= 0xeb00001f,

	EXCLUSIVE	= 0x3fc00000,	/* the bits that tell these two, of any size */
	STORE_EXCLUSIVE	= 0x08000000,
	LOAD_EXCLUSIVE	= 0x08400000,
};

/* Bits of registers in an instruction. */
#define RD	0x0000001fu
#define RN	0x000003e0u
#define RM	0x001f0000u

static u32 word(const struct lg_code *code, u32 at)
{
	u32 w = 0;

	if (at < code->len && code->len - at >= A64_LEN)
		memcpy(&w, code->text + at, sizeof(w));
	return w;
}

static bool matches(const struct lg_code *code, u32 at, u32 what, u32 registers)
{
	return (word(code, at) & ~registers) == what;
}

/* The length of the pause there, 0: there is none that is known. */
static u32 pause_len(const struct lg_code *code, u32 at)
{
	if (word(code, at) == YIELD)
		return A64_LEN;
	return word(code, at) == SEVL && word(code, at + 4) == WFE &&
	       matches(code, at + 8, LDXR, RD | RN) && matches(code, at + 12, EOR, RD | RN | RM) &&
	       matches(code, at + 16, CBNZ_OVER_ONE, RD) && word(code, at + 20) == WFE ?
	       6 * A64_LEN : 0;
}

/* Is it known to leave the register alone, and to do nothing but move or compute? */
static bool keeps(const struct a64_insn *x, u8 reg)
{
	switch (x->form) {
	case A64_NOP: case A64_STORE: case A64_STORE_PAIR:
		return true;
	case A64_WRITE: case A64_COPY: case A64_ZERO: case A64_BYTE: case A64_ADD: case A64_LOAD:
		return x->rd != reg;
	case A64_LOAD_PAIR:
		return x->rd != reg && x->rd2 != reg;
	default:
		return false;
	}
}

/* Does the load at @at, and the add before it, read the sequence? Then @spin is told of both. */
static bool loads(const struct lg_code *code, u32 at, s32 disp, struct lg_spin *spin)
{
	struct a64_insn add, load;

	if (!at || !matches(code, at, LDAR, RD | RN) || !a64_decode(code, at, &load) ||
	    !a64_decode(code, at - A64_LEN, &add))
		return false;
	spin->loaded = (struct lg_operand){ .base = load.rd };
	spin->seq = (struct lg_operand){ .base = load.rn };
	/* the load may overwrite its address, but then not what that was made of */
	if (load.rd == load.rn)
		spin->seq = (struct lg_operand){ .base = add.rn, .disp = disp };
	return add.form == A64_ADD && add.size == 8 && add.imm == disp && add.rd == load.rn &&
	       spin->seq.base != load.rd && spin->seq.base != A64_SP && load.rd != A64_ZR;
}

/* Go on from the load to a compare of what was loaded, which @spin is told. */
static bool to_compare(const struct lg_code *code, u32 at, struct lg_spin *spin)
{
	u8 loaded = spin->loaded.base, rn, rm;
	struct a64_insn x;
	int step;

	for (step = 0; step < MAX_STEPS; step++, at += A64_LEN) {
		if (!a64_decode(code, at, &x))
			return false;
		if (matches(code, at, CMP, RN | RM)) {
			rn = x.rn;
			rm = (word(code, at) & RM) >> 16;
			spin->offset = at;
			spin->with = (struct lg_operand){ .base = rn == loaded ? rm : rn };
			return rn != rm && (rn == loaded || rm == loaded) &&
			       spin->with.base != A64_ZR;
		}
		if (!keeps(&x, loaded) || !keeps(&x, spin->seq.base))
			return false;
	}
	return false;
}

/* Do the ways part behind the compare, and what was equal goes on to the pause? */
static bool leads_to_pause(const struct lg_code *code, struct lg_spin *spin)
{
	u32 at = spin->offset + A64_LEN;
	struct a64_insn x;
	int step;

	if (!a64_decode(code, at, &x) || x.form != A64_B_COND ||
	    (x.cond != A64_EQ && x.cond != A64_NE) || x.target < 0 || x.target >= code->len)
		return false;
	spin->differs = x.cond == A64_NE ? x.target : at + A64_LEN;
	at = x.cond == A64_NE ? at + A64_LEN : x.target;
	for (step = 0; step < MAX_STEPS && at != spin->pause; step++, at += A64_LEN)
		if (!a64_decode(code, at, &x) || !keeps(&x, spin->seq.base))
			return false;
	return at == spin->pause;
}

/* Would kprobes take a probe there for one between a ldxr and its stxr? */
static bool is_in_atomic(const struct lg_code *code, u32 at)
{
	u32 n, w;

	for (n = 0; n < MAX_CONTEXT && at; n++) {
		at -= A64_LEN;
		w = word(code, at) & EXCLUSIVE;
		if (w == STORE_EXCLUSIVE || w == LOAD_EXCLUSIVE)
			return w == LOAD_EXCLUSIVE;
	}
	return false;
}

/**
 * lg_arch_find_spin - find where a CPU begins to wait for another one's sequence
 * @code: the text of the function that has it
 * @disps: the displacement of the sequence from a runqueue; the other one is of no use here
 * @spin: set on success only
 *
 * Context: any.
 * Return: 0, -ENOENT if nothing waits there, -ESRCH if what waits is not known, -ENOTUNIQ if there
 * is more than one that does.
 */
int lg_arch_find_spin(const struct lg_code *code, const s32 *disps, struct lg_spin *spin)
{
	struct lg_spin found = { .once = true };
	bool seen = false;
	struct a64_insn x;
	u32 at, len;

	for (at = 0; at < code->len; at += len ?: A64_LEN) {
		len = pause_len(code, at);
		if (len && seen)
			return -ENOTUNIQ;
		/* what cannot be decoded may be data between functions, and is no wait */
		if (!len && a64_decode(code, at, &x) && x.form == A64_WAIT)
			return -ESRCH;
		if (len)
			found.pause = at;
		seen |= len;
	}
	if (!seen)
		return -ENOENT;
	for (at = 0; at < code->len; at += A64_LEN)
		if (loads(code, at, disps[0], &found))
			break;
	if (at >= code->len || !to_compare(code, at + A64_LEN, &found) ||
	    !leads_to_pause(code, &found) || is_in_atomic(code, found.offset))
		return -ESRCH;
	*spin = found;
	return 0;
}
