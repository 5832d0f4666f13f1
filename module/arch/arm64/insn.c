// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions of arm64: what they do with registers and memory, where they go on
 *
 * By the encoding index of the Arm ARM, part C4. Of most instructions only their class matters.
 * What is not known ends the look at the function, and nothing is taken from it.
 */
#include <linux/string.h>

#include "../../image.h"
#include "../arch.h"
#include "insn.h"

enum {
	KPROBE_FIRST	= 4,	/* immediates of the breakpoints of kprobes and uprobes */
	KPROBE_LAST	= 7,

	MAX_ASIDE	= 16,	/* instructions that an atomic operation takes */
};

static s64 sign_extend(u32 v, int bits)
{
	return (s32)(v << (32 - bits)) >> (32 - bits);
}

static bool bit(u32 w, int n)
{
	return w >> n & 1;
}

static u8 reg_size(u32 w)
{
	return bit(w, 31) ? 8 : 4;
}

/* It writes one register, unless that is the stack pointer. */
static enum a64_form write(u32 w)
{
	return (w & 0x1f) == A64_SP ? A64_OTHER : A64_WRITE;
}

/* ---------------------------------------------------------- data processing -- */

static enum a64_form add_immediate(u32 w, struct a64_insn *x)
{
	x->imm = (s64)(w >> 10 & 0xfff) << (bit(w, 22) ? 12 : 0);
	if (bit(w, 30))
		x->imm = -x->imm;
	if (!bit(w, 29))
		return x->rd == A64_SP ? A64_OTHER : A64_ADD;
	if (x->rn == A64_SP)
		return A64_OTHER;
	if (x->rd != A64_ZR)
		return A64_COUNT;
	return bit(w, 30) && !x->imm ? A64_TEST : A64_OTHER;
}

/* With a mask of the lowest byte, or bit? */
static bool masks_byte(u32 w)
{
	switch (w >> 10 & 0x1fff) {
	case 0x0000: case 0x0007:	/* 32 bits */
		return !bit(w, 31);
	case 0x1000: case 0x1007:	/* 64 bits */
		return bit(w, 31);
	}
	return false;
}

static enum a64_form logical_immediate(u32 w, struct a64_insn *x)
{
	switch (w >> 29 & 3) {
	case 0:
		return masks_byte(w) && x->rd != A64_SP ? A64_BYTE : write(w);
	case 3:
		return masks_byte(w) && x->rd == A64_ZR ? A64_TEST_BYTE : A64_OTHER;
	}
	return write(w);
}

static enum a64_form immediate(u32 w, struct a64_insn *x)
{
	switch (w >> 23 & 7) {
	case 0: case 1:					/* adr, adrp */
		return A64_WRITE;
	case 2:
		return add_immediate(w, x);
	case 4:
		return logical_immediate(w, x);
	case 5:						/* movz of nothing; mov */
		return (w >> 5 & 0x3ffff) == 0 && (w >> 29 & 3) == 2 ? A64_ZERO : A64_WRITE;
	case 6:						/* uxtb; bit fields */
		return (w & 0xfffffc00) == 0x53001c00 ? A64_BYTE : A64_WRITE;
	case 7:						/* extr */
		return A64_WRITE;
	}
	return A64_OTHER;
}

static enum a64_form logical_register(u32 w, struct a64_insn *x)
{
	u8 rm = w >> 16 & 0x1f;
	bool plain = !(w >> 10 & 0x3f) && !(w >> 21 & 7);	/* not shifted, nor inverted */

	if ((w >> 29 & 3) == 3)
		return plain && x->rd == A64_ZR && x->rn == rm ? A64_TEST : A64_OTHER;
	if ((w >> 29 & 3) != 1 || !plain || x->rn != A64_ZR)
		return A64_WRITE;
	x->rn = rm;					/* orr with zero: mov */
	return rm == A64_ZR ? A64_ZERO : A64_COPY;
}

static enum a64_form add_register(u32 w, struct a64_insn *x)
{
	if (!bit(w, 29))
		return bit(w, 21) ? write(w) : A64_WRITE;	/* extended: it may be sp */
	/* cmp with zero */
	return bit(w, 30) && !bit(w, 21) && !(w >> 10 & 0x3f) && (w >> 16 & 0x1f) == A64_ZR &&
	       x->rd == A64_ZR ? A64_TEST : A64_OTHER;
}

static enum a64_form registers(u32 w, struct a64_insn *x)
{
	switch (w >> 24 & 0x1f) {
	case 0x0a:
		return logical_register(w, x);
	case 0x0b:
		return add_register(w, x);
	case 0x1b:					/* madd and the like */
		return A64_WRITE;
	}
	/* csel and the like, of one or two sources; the others are about flags */
	switch (w >> 21 & 0xff) {
	case 0xd4: case 0xd6:
		return bit(w, 29) ? A64_OTHER : write(w);
	}
	return A64_OTHER;
}

/* ---------------------------------------------------------------- memory -- */

static enum a64_form one_register(u32 w, struct a64_insn *x)
{
	u8 opc = w >> 22 & 3;

	x->mem.base = x->rn;
	x->size = 1 << (w >> 30);
	if (!bit(w, 24) && bit(w, 21))
		/* from base + index: only that a register is written is known */
		return (w >> 10 & 3) == 2 && (opc == 1 || (opc && x->size < 8)) ? A64_WRITE :
										  A64_OTHER;
	if (!bit(w, 24) && w >> 10 & 3)
		return A64_OTHER;			/* it changes the base */
	x->mem.disp = bit(w, 24) ? (w >> 10 & 0xfff) * x->size : sign_extend(w >> 12, 9);
	switch (opc) {
	case 0:
		return A64_STORE;
	case 1:
		return A64_LOAD;
	}
	return x->size == 8 ? A64_NOP : A64_WRITE;	/* prefetch; with a sign */
}

static enum a64_form two_registers(u32 w, struct a64_insn *x)
{
	x->size = bit(w, 31) ? 8 : 4;
	if (bit(w, 30) || (w >> 23 & 3) != 2)
		return A64_OTHER;			/* with a sign, or it changes the base */
	x->rd2 = w >> 10 & 0x1f;
	x->mem.base = x->rn;
	x->mem.disp = sign_extend(w >> 15, 7) * x->size;
	return bit(w, 22) ? A64_LOAD_PAIR : A64_STORE_PAIR;
}

static enum a64_form memory(u32 w, struct a64_insn *x)
{
	if (bit(w, 26))
		return A64_OTHER;			/* of floating point */
	switch (w >> 27 & 7) {
	case 7:
		return one_register(w, x);
	case 5:
		return two_registers(w, x);
	}
	return A64_OTHER;
}

/* -------------------------------------------------------------- branches -- */

static enum a64_form exception(u32 w)
{
	u32 imm = w >> 5 & 0xffff;

	if ((w & 0xffe0001f) == 0xd4200000)
		/* somebody's breakpoint has another instruction under it */
		return imm >= KPROBE_FIRST && imm <= KPROBE_LAST ? A64_UNKNOWN :
		       A64_OTHER;		/* behind a warning the code goes on */
	return !(w & 0x00e0001c) && w & 3 ? A64_OTHER : A64_UNKNOWN;	/* svc, hvc, smc */
}

static enum a64_form hint(u32 w)
{
	u32 imm = w >> 5 & 0x7f;

	if (imm >= 1 && imm <= 3)
		return A64_WAIT;
	return !imm || (imm & ~6) == 32 ? A64_NOP : A64_OTHER;	/* nop, bti */
}

static enum a64_form system(u32 w)
{
	if ((w & 0xfffff01f) == 0xd503201f)
		return hint(w);
	if ((w & 0xffffffc0) == 0xd5031000)
		return A64_WAIT;			/* with a timeout */
	if ((w & 0xfffff01f) == 0xd503301f)
		return A64_NOP;				/* barriers */
	return (w & 0xfff00000) == 0xd5300000 ? A64_WRITE : A64_OTHER;	/* mrs */
}

static enum a64_form to_register(u32 w)
{
	switch (w >> 21 & 0xf) {
	case 1: case 9:					/* blr, as a call that comes back */
		return A64_OTHER;
	case 2: case 4:					/* ret, eret */
		return A64_RET;
	}
	return A64_UNKNOWN;				/* br may be a jump through a table */
}

static enum a64_form branch(u32 w, struct a64_insn *x)
{
	x->on_nonzero = bit(w, 24);
	x->rn = w & 0x1f;
	if ((w & 0x7c000000) == 0x14000000) {
		x->target = sign_extend(w, 26) * A64_LEN;
		return bit(w, 31) ? A64_BL : A64_B;
	}
	x->target = sign_extend(w >> 5, 19) * A64_LEN;
	if ((w & 0xff000000) == 0x54000000) {
		x->cond = w & 0xf;
		return A64_B_COND;
	}
	if ((w & 0x7e000000) == 0x34000000)
		return A64_CBZ;
	x->target = sign_extend(w >> 5, 14) * A64_LEN;
	x->imm = (w >> 19 & 0x1f) | bit(w, 31) << 5;
	if ((w & 0x7e000000) == 0x36000000)
		return A64_TBZ;
	switch (w >> 24) {
	case 0xd4:
		return exception(w);
	case 0xd5:
		return bit(w, 23) || bit(w, 22) ? A64_OTHER : system(w);
	case 0xd6:
		return to_register(w);
	}
	return A64_UNKNOWN;
}

/* ----------------------------------------------------------------- decode -- */

static enum a64_form form_of(u32 w, struct a64_insn *x)
{
	switch (w >> 25 & 0xf) {
	case 8: case 9:
		return immediate(w, x);
	case 10: case 11:
		return branch(w, x);
	case 4: case 6: case 12: case 14:
		return memory(w, x);
	case 5: case 13:
		return registers(w, x);
	case 7: case 15:				/* floating point */
		return A64_OTHER;
	}
	return A64_UNKNOWN;
}

/**
 * a64_decode - decode one instruction
 * @code: the function
 * @at: where in it
 * @insn: filled in
 *
 * Context: any.
 * Return: false if it is not known where it goes on, or it is not all there.
 */
bool a64_decode(const struct lg_code *code, u32 at, struct a64_insn *insn)
{
	u32 w;

	memset(insn, 0, sizeof(*insn));
	if (at % A64_LEN || at >= code->len || code->len - at < A64_LEN)
		return false;
	memcpy(&w, code->text + at, sizeof(w));		/* both are little endian */
	insn->rd = w & 0x1f;
	insn->rn = w >> 5 & 0x1f;
	insn->size = reg_size(w);
	insn->form = form_of(w, insn);
	insn->target += at;
	return insn->form != A64_UNKNOWN;
}

/* ------------------------------------------------------------------- flow -- */

static bool is_inside(const struct lg_code *code, s64 target)
{
	return target >= 0 && target < code->len;
}

/*
 * Where does the code at @address, outside of the function, come back to it? For processors
 * without atomic instructions the kernel has loops instead, which stand behind all functions of
 * a file.
 */
static bool comes_back(const struct lg_code *code, unsigned long address, s64 *target)
{
	u32 text[MAX_ASIDE], at;
	const struct lg_code aside = {
		.text = (const u8 *)text,
		.len = sizeof(text),
		.address = address,
	};
	struct a64_insn x;

	if (lg_image_read(text, address, sizeof(text)))
		return false;
	for (at = 0; a64_decode(&aside, at, &x); at += A64_LEN) {
		switch (x.form) {
		case A64_B:
			*target = (s64)(address + x.target - code->address);
			return is_inside(code, *target);
		case A64_CBZ: case A64_B_COND: case A64_TBZ:
			if (x.target < 0 || x.target > at)
				return false;
			break;
		case A64_BL: case A64_RET:
			return false;
		default:
			break;
		}
	}
	return false;
}

/*
 * A jump out of the function leads to the entry of another one, to what the compiler has put
 * elsewhere of its own, or to what comes back. @target is then set to where that is.
 */
static bool is_way_out(const struct lg_code *code, s64 *target)
{
	static struct lg_symbol sym;	/* large; the finding runs once */
	unsigned long address = code->address + *target;

	if (address - code->cold < code->cold_len)
		return true;
	if (lg_image_symbol(address, &sym))
		return false;
	return address == sym.address || strstr(sym.name, ".cold") ||
	       strstr(sym.name, ".__part.") || comes_back(code, address, target);
}

static enum lg_flow flow_of(enum a64_form form)
{
	switch (form) {
	case A64_UNKNOWN:
		return LG_FLOW_UNKNOWN;
	case A64_B:
		return LG_FLOW_JUMP;
	case A64_BL:
		return LG_FLOW_CALL;
	case A64_B_COND: case A64_CBZ: case A64_TBZ:
		return LG_FLOW_BRANCH;
	case A64_RET:
		return LG_FLOW_END;
	default:
		return LG_FLOW_NEXT;
	}
}

/**
 * lg_arch_step - where one instruction leads
 * @code: the function
 * @at: where in it
 * @step: filled in; without a length if the instruction is not known, or not all there
 *
 * Context: any.
 * Return: false if it is not known where it leads.
 */
bool lg_arch_step(const struct lg_code *code, u32 at, struct lg_step *step)
{
	struct a64_insn insn;

	memset(step, 0, sizeof(*step));
	if (!a64_decode(code, at, &insn))
		return false;
	step->len = A64_LEN;
	step->flow = flow_of(insn.form);
	if (step->flow != LG_FLOW_NEXT && step->flow != LG_FLOW_END)
		step->target = insn.target;
	if ((step->flow == LG_FLOW_JUMP || step->flow == LG_FLOW_BRANCH) &&
	    !is_inside(code, step->target) && !is_way_out(code, &step->target))
		step->flow = LG_FLOW_UNKNOWN;
	return step->flow != LG_FLOW_UNKNOWN;
}

/**
 * lg_arch_calls - does a direct call of a function stand here
 * @code: the function that may call it
 * @at: where in it; need not be where an instruction begins
 * @is_function: tells the one that is meant
 *
 * Context: any.
 * Return: the length of the call, 0 if there is none.
 */
u32 lg_arch_calls(const struct lg_code *code, u32 at, lg_is_function_t is_function)
{
	struct a64_insn insn;

	if (!a64_decode(code, at, &insn) || insn.form != A64_BL)
		return 0;
	return is_function(code->address + insn.target) ? A64_LEN : 0;
}
