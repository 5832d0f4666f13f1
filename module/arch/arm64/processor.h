/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is used of arm64 in the loop itself
 */
#ifndef LG_ARM64_PROCESSOR_H
#define LG_ARM64_PROCESSOR_H

#include <linux/ptrace.h>
#include <linux/types.h>

#include "operand.h"

/* A memory operand. pt_regs has the registers in the order of their numbers. */
struct lg_place {
	u8 base;
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
	return (struct lg_place){ .base = op->base, .disp = op->disp };
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
	return (void *)(regs->regs[place->base] + place->disp);
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
	regs->regs[place->base] = value;
}

#endif
