/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is used of x86-64 in the loop itself
 */
#ifndef LG_X86_PROCESSOR_H
#define LG_X86_PROCESSOR_H

#include <linux/build_bug.h>
#include <linux/ptrace.h>
#include <linux/stddef.h>

#include "operand.h"

/* A memory operand whose registers are offsets in pt_regs. */
struct lg_place {
	u8 base;
	u8 index;
	u8 scale;	/* 0: no index */
	s32 disp;
};

/**
 * lg_arch_place - prepare to evaluate an operand
 * @op: the operand
 *
 * Context: any.
 * Return: for lg_arch_address().
 */
static inline struct lg_place lg_arch_place(const struct lg_operand *op)
{
	/* where pt_regs keeps the registers, by their number in an instruction */
	static const u8 offset[16] = {
		offsetof(struct pt_regs, ax), offsetof(struct pt_regs, cx),
		offsetof(struct pt_regs, dx), offsetof(struct pt_regs, bx),
		offsetof(struct pt_regs, sp), offsetof(struct pt_regs, bp),
		offsetof(struct pt_regs, si), offsetof(struct pt_regs, di),
		offsetof(struct pt_regs, r8), offsetof(struct pt_regs, r9),
		offsetof(struct pt_regs, r10), offsetof(struct pt_regs, r11),
		offsetof(struct pt_regs, r12), offsetof(struct pt_regs, r13),
		offsetof(struct pt_regs, r14), offsetof(struct pt_regs, r15),
	};
	bool indexed = op->index != X86_NO_REG;

	return (struct lg_place){
		.base = offset[op->base],
		.index = indexed ? offset[op->index] : 0,
		.scale = indexed ? op->scale : 0,
		.disp = op->disp,
	};
}

/**
 * lg_arch_address - evaluate an operand
 * @regs: the registers
 * @place: the operand
 *
 * Context: any.
 * Return: the address that it names.
 */
static __always_inline void *lg_arch_address(const struct pt_regs *regs,
					     const struct lg_place *place)
{
	const char *r = (const char *)regs;

	return (void *)(*(const unsigned long *)(r + place->base) + place->disp +
			*(const unsigned long *)(r + place->index) * place->scale);
}

/**
 * lg_arch_set_register - change a register
 * @regs: the registers
 * @place: an operand that is nothing but this register
 * @value: what it is to be
 *
 * Context: any.
 */
static __always_inline void lg_arch_set_register(struct pt_regs *regs,
						 const struct lg_place *place,
						 unsigned long value)
{
	*(unsigned long *)((char *)regs + place->base) = value;
}

#endif
