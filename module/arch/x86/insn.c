// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions of x86-64: their length, their operand, where they go on
 *
 * Of the opcodes only what decides their length is here, by the maps of the Intel SDM,
 * volume 2, appendix A. EVEX is not known, as kernel C has none. What is not known ends the
 * look at the function, and nothing is taken from it.
 */
#include <linux/string.h>

#include "../arch.h"
#include "insn.h"

enum {
	REX_B	= 1,
	REX_X	= 2,
	REX_R	= 4,
	REX_W	= 8,

	OP16	= 0x66,		/* the prefix that halves an immediate of four bytes */

	VEX3	= 0xc4,
	VEX2	= 0xc5,
	INT3	= 0xcc,
	JMP32	= 0xe9,
	JMP8	= 0xeb,
	GROUP5	= 0xff,		/* calls and jumps through a register or memory, among others */
};

/* Bytes of the function still to be read; reads past its end give 0. */
struct reader {
	const struct lg_code *code;
	u32 at;
	bool overrun;
};

static u8 next_u8(struct reader *r)
{
	if (r->at >= r->code->len) {
		r->overrun = true;
		return 0;
	}
	return r->code->text[r->at++];
}

/* A signed number of @len bytes. */
static s64 next_number(struct reader *r, u32 len)
{
	u64 v = 0;
	u32 i;

	for (i = 0; i < len; i++)
		v |= (u64)next_u8(r) << 8 * i;
	if (len && len < 8 && v >> (8 * len - 1))
		v |= ~0ULL << 8 * len;
	return (s64)v;
}

/* ModRM with what follows it, see the Intel SDM, volume 2, table 2-2. */
static void read_modrm(struct reader *r, struct x86_insn *insn)
{
	u8 byte = next_u8(r), rex = insn->rex;
	u8 mod = byte >> 6, rm = byte & 7;
	struct lg_operand *mem = &insn->mem;
	u8 sib;

	insn->reg = (byte >> 3 & 7) | (rex & REX_R) << 1;
	insn->rm = rm | (rex & REX_B) << 3;
	insn->is_mem = mod != 3;
	if (!insn->is_mem)
		return;

	mem->index = X86_NO_REG;
	mem->scale = 1;
	if (rm == X86_SP) {
		sib = next_u8(r);
		rm = sib & 7;
		mem->index = (sib >> 3 & 7) | (rex & REX_X) << 2;
		if (mem->index == X86_SP)
			mem->index = X86_NO_REG;
		mem->scale = 1 << (sib >> 6);
	}
	mem->base = rm | (rex & REX_B) << 3;
	insn->ip_relative = !mod && rm == 5;
	mem->disp = next_number(r, mod == 1 ? 1 : mod == 2 || insn->ip_relative ? 4 : 0);
}

static bool is_prefix(u8 byte)
{
	switch (byte) {
	case 0x26: case 0x2e: case 0x36: case 0x3e: case 0x64 ... 0x67:
	case 0xf0: case 0xf2: case 0xf3:
		return true;
	}
	return false;
}

/* In 64-bit mode. */
static bool is_known(u16 op)
{
	switch (op) {
	case 0x00 ... 0x3f:
		return (op & 7) < 6;
	case 0x60 ... 0x62: case 0x82: case 0x9a: case 0xce: case 0xd4 ... 0xd6: case 0xea:
	case 0x0f04: case 0x0f0a: case 0x0f0c: case 0x0f0e: case 0x0f0f:
	case 0x0f24 ... 0x0f27: case 0x0f36: case 0x0f37: case 0x0f39: case 0x0f3b ... 0x0f3f:
	case 0x0f7a: case 0x0f7b: case 0x0fa6: case 0x0fa7:
		return false;
	}
	return true;
}

static bool has_modrm(u16 op)
{
	switch (op) {
	case 0x00 ... 0x3f:
		return (op & 7) < 4;
	case 0x63: case 0x69: case 0x6b: case 0x80 ... 0x8f: case 0xc0: case 0xc1:
	case 0xc6: case 0xc7: case 0xd0 ... 0xd3: case 0xd8 ... 0xdf:
	case 0xf6: case 0xf7: case 0xfe: case 0xff:
		return true;
	case 0x0f05 ... 0x0f0b: case 0x0f30 ... 0x0f35: case 0x0f77: case 0x0f80 ... 0x0f8f:
	case 0x0fa0 ... 0x0fa2: case 0x0fa8 ... 0x0faa: case 0x0fc8 ... 0x0fcf:
		return false;
	}
	return op >= 0x0f00;
}

/* Bytes of the immediate, or of the distance of a jump; @z: 4, or 2 behind OP16. */
static u32 imm_len(const struct x86_insn *insn, u32 z)
{
	switch (insn->op) {
	case 0x00 ... 0x3f:
		return (insn->op & 7) == 4 ? 1 : (insn->op & 7) == 5 ? z : 0;
	case 0xf6:
		return (insn->reg & 7) < 2;
	case 0xf7:
		return (insn->reg & 7) < 2 ? z : 0;
	case 0x6a: case 0x6b: case 0x70 ... 0x7f: case 0x80: case 0x83: case 0xa8:
	case 0xb0 ... 0xb7: case 0xc0: case 0xc1: case 0xc6: case 0xcd:
	case 0xe0 ... 0xe7: case JMP8:
	case 0x0f70 ... 0x0f73: case 0x0fa4: case 0x0fac: case 0x0fba: case 0x0fc2:
	case 0x0fc4 ... 0x0fc6: case 0x0f3a:
		return 1;
	case 0xc2: case 0xca:
		return 2;
	case 0xc8:
		return 3;
	case 0x68: case 0x69: case 0x81: case 0xa9: case 0xc7:
		return z;
	case X86_CALL: case JMP32: case 0x0f80 ... 0x0f8f:
		return 4;
	case 0xb8 ... 0xbf:
		return insn->rex & REX_W ? 8 : z;
	case 0xa0 ... 0xa3:
		return 8;
	}
	return 0;
}

/* What follows 0x0f, which @byte may be, or stands for it in a VEX prefix. */
static u16 read_opcode(struct reader *r, struct x86_insn *insn, u8 byte)
{
	u8 map;

	if (byte == 0x0f) {
		byte = next_u8(r);
		if (byte == 0x38 || byte == 0x3a)
			next_u8(r);
		return 0x0f00 | byte;
	}
	if (byte != VEX3 && byte != VEX2)
		return byte;
	/* whatever else it says changes nothing of the length */
	insn->prefixed = true;
	map = byte == VEX2 ? 1 : next_u8(r) & 0x1f;
	next_u8(r);
	byte = next_u8(r);
	switch (map) {
	case 1:
		return 0x0f00 | byte;
	case 2:
		return 0x0f38;
	case 3:
		return 0x0f3a;
	}
	return 0x0f04;	/* not known */
}

/**
 * x86_decode - decode one instruction
 * @code: the function
 * @at: where in it
 * @insn: filled in
 *
 * Context: any.
 * Return: false if it is not known, or not all there.
 */
bool x86_decode(const struct lg_code *code, u32 at, struct x86_insn *insn)
{
	struct reader r = { .code = code, .at = at };
	bool op16 = false, address32 = false;
	u8 byte;

	memset(insn, 0, sizeof(*insn));
	for (byte = next_u8(&r); is_prefix(byte); byte = next_u8(&r)) {
		insn->prefixed = true;
		op16 |= byte == OP16;
		address32 |= byte == 0x67;
	}
	if (byte >> 4 == 4) {
		insn->rex = byte & 0xf;
		byte = next_u8(&r);
	}
	insn->op = read_opcode(&r, insn, byte);
	if (!is_known(insn->op) || (address32 && insn->op >= 0xa0 && insn->op <= 0xa3))
		return false;
	if (has_modrm(insn->op))
		read_modrm(&r, insn);
	insn->imm = next_number(&r, imm_len(insn, op16 && !(insn->rex & REX_W) ? 2 : 4));
	insn->len = r.at - at;
	return !r.overrun;
}

/*
 * Somebody's breakpoint has another instruction under it. What compilers put behind a call that
 * does not return is more than one.
 */
static enum lg_flow flow_of_int3(const struct lg_code *code, u32 next)
{
	return next < code->len && code->text[next] != INT3 ? LG_FLOW_UNKNOWN : LG_FLOW_END;
}

static enum lg_flow flow_of(const struct lg_code *code, u32 next, const struct x86_insn *insn)
{
	switch (insn->op) {
	case X86_CALL:
		return LG_FLOW_CALL;
	case JMP32: case JMP8:
		return LG_FLOW_JUMP;
	case 0x70 ... 0x7f: case 0xe0 ... 0xe3: case 0x0f80 ... 0x0f8f:
		return LG_FLOW_BRANCH;
	case 0xc2: case 0xc3: case 0xca: case 0xcb: case 0xcf:	/* return */
	case 0x0f07: case 0x0f35:				/* to user space */
		return LG_FLOW_END;
	case INT3:
		return flow_of_int3(code, next);
	case GROUP5:
		/* a jump through a table comes back to this function, and is not followed */
		return (insn->reg & 7) == 4 || (insn->reg & 7) == 5 ? LG_FLOW_UNKNOWN :
								      LG_FLOW_NEXT;
	}
	return LG_FLOW_NEXT;	/* ud2 too: behind a warning the code goes on */
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
	struct x86_insn insn;

	memset(step, 0, sizeof(*step));
	if (!x86_decode(code, at, &insn))
		return false;
	step->len = insn.len;
	step->flow = flow_of(code, at + insn.len, &insn);
	if (step->flow != LG_FLOW_NEXT && step->flow != LG_FLOW_END)
		step->target = (s64)at + insn.len + insn.imm;
	return step->flow != LG_FLOW_UNKNOWN;
}

/**
 * lg_arch_calls - does a direct call of a function stand here
 * @code: the function that may call it
 * @at: where in it; need not be where an instruction begins
 * @is_function: tells the one that is meant
 *
 * What is part of another instruction does not, by any luck, call a function at its entry.
 *
 * Context: any.
 * Return: the length of the call, 0 if there is none.
 */
u32 lg_arch_calls(const struct lg_code *code, u32 at, lg_is_function_t is_function)
{
	struct x86_insn insn;

	if (code->text[at] != X86_CALL || !x86_decode(code, at, &insn))
		return 0;
	return is_function(code->address + at + insn.len + insn.imm) ? insn.len : 0;
}
