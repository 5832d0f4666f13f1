// SPDX-License-Identifier: GPL-2.0-only
/*
 * How functions begin on arm64, and who sits there; what a kprobe looks like
 */
#include <linux/types.h>

#include "../../image.h"
#include "../arch.h"
#include "insn.h"

enum {
	NOP		= 0xd503201f,
	SAVE_LR		= 0xaa1e03e9,	/* mov x9, x30 */
	BTI		= 0xd503241f,	/* with any of its kinds of target */
	BTI_TARGETS	= 0x000000c0,
	BREAKPOINT	= 0xd4200080,	/* of a kprobe */
};

/**
 * lg_arch_callee - which function is called
 * @called: the address that the call goes to
 * @sym: set to the function on success; may be changed in any case
 *
 * Context: any.
 * Return: 0, or -ENOENT if it is not called at its entry.
 */
int lg_arch_callee(unsigned long called, struct lg_symbol *sym)
{
	return lg_image_symbol(called, sym) || called != sym->address ? -ENOENT : 0;
}

/* What the instruction that calls ftrace is now. */
static bool is_call_of_ftrace(u32 insn, enum lg_entry *who)
{
	if (insn == NOP)
		*who = LG_ENTRY_FREE;
	else if (insn >> 26 == 0x25)			/* bl: for how many cannot be told */
		*who = LG_ENTRY_SHARED;
	else
		return false;
	return true;
}

/**
 * lg_arch_body - where the code of a function begins, behind its call of ftrace
 * @function: the function
 * @who: set to who has a hook at its entry
 *
 * A function that can be traced begins with an optional bti and two instructions, nops until
 * it is traced for the first time, then "mov x9, x30" and a nop or the call.
 *
 * Context: any.
 * Return: the address, or 0 if it does not begin as traceable functions do.
 */
unsigned long lg_arch_body(const struct lg_symbol *function, enum lg_entry *who)
{
	unsigned long at = function->address;
	u32 insn[3], *entry = insn;

	*who = LG_ENTRY_SHARED;
	if (function->size <= sizeof(insn) || lg_image_read(insn, at, sizeof(insn)))
		return 0;
	if ((insn[0] & ~BTI_TARGETS) == BTI)
		entry++;
	if (*entry >> 26 == 0x05) {			/* b */
		*who = LG_ENTRY_REDIRECTED;
		return 0;
	}
	if ((*entry != NOP && *entry != SAVE_LR) || !is_call_of_ftrace(entry[1], who))
		return 0;
	return at + (entry - insn + 2) * sizeof(*insn);
}

/**
 * lg_arch_is_probed - is there a kprobe
 * @address: where it would be
 * @original: what the kernel has kept of what was there
 *
 * Context: any.
 * Return: true if so.
 */
bool lg_arch_is_probed(const void *address, u32 original)
{
	u32 insn;

	return !lg_image_read(&insn, (unsigned long)address, sizeof(insn)) &&
	       insn != original && insn == BREAKPOINT;
}
