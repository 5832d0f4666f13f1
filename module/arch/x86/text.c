// SPDX-License-Identifier: GPL-2.0-only
/*
 * How functions begin on x86-64, and who sits there; what a kprobe looks like
 */
#include <linux/math.h>
#include <linux/pgtable.h>
#include <linux/string.h>
#include <linux/types.h>

#include "../../image.h"
#include "../arch.h"

enum {
	PADDING		= 16,		/* bytes before a function, at most */
	ENDBR_LEN	= 4,
	FENTRY_LEN	= 5,
	NOT_ENDBR64	= 0x05e1f00c,	/* its inverse: no ENDBR in our text */
	ENDBR32_BIT	= 0x01000000,
	CALL_REL32	= 0xe8,
	JMP_REL32	= 0xe9,		/* an optimised kprobe too */
	INT3		= 0xcc,		/* a kprobe */
};

/* What the kernel puts in the place of an ENDBR that it seals, old and new. */
static const u32 sealed[] = { 0x001f0f66, 0xd6401f0f };

/* The kernel's own is_endbr() has changed its type and is not exported. */
static bool is_endbr_code(u32 code)
{
	return (~code | ENDBR32_BIT) == (NOT_ENDBR64 | ENDBR32_BIT) ||
	       code == sealed[0] || code == sealed[1];
}

/**
 * lg_arch_callee - which function is called
 * @called: the address that the call goes to
 * @sym: set to the function on success; may be changed in any case
 *
 * Newer kernels patch calls to land behind the ENDBR. Call depth tracking lets them land
 * in the padding before the function, whose symbol, if any, is not the function's.
 *
 * Context: any.
 * Return: 0, or -ENOENT if it is not called at its entry.
 */
int lg_arch_callee(unsigned long called, struct lg_symbol *sym)
{
	unsigned long start = round_up(called, PADDING);

	if (!lg_image_symbol(called, sym) &&
	    (called == sym->address || called == sym->address + ENDBR_LEN))
		return 0;
	if (!lg_image_symbol(start, sym) && start == sym->address)
		return 0;
	return -ENOENT;
}

/* Where the call or jump before @next goes. */
static unsigned long target_of(unsigned long next, const u8 insn[FENTRY_LEN])
{
	s32 distance;

	memcpy(&distance, insn + 1, sizeof(distance));
	return next + distance;
}

/* Was this trampoline made for who is called? The one of several is in the kernel's own text. */
static bool is_own_trampoline(unsigned long address)
{
	return address >= MODULES_VADDR && address < MODULES_END;
}

/**
 * lg_arch_body - where the code of a function begins, behind its call of fentry
 * @function: the function
 * @who: set to who has a hook at its entry
 *
 * Context: any.
 * Return: the address, or 0 if it does not begin as traceable functions do.
 */
unsigned long lg_arch_body(const struct lg_symbol *function, enum lg_entry *who)
{
	static const u8 nop[FENTRY_LEN] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };
	unsigned long at = function->address;
	u8 fentry[FENTRY_LEN];
	u32 code;

	*who = LG_ENTRY_SHARED;
	if (function->size <= ENDBR_LEN + FENTRY_LEN ||
	    lg_image_read(&code, at, sizeof(code)))
		return 0;
	if (is_endbr_code(code))
		at += ENDBR_LEN;
	if (lg_image_read(fentry, at, sizeof(fentry)))
		return 0;

	at += FENTRY_LEN;
	if (fentry[0] == JMP_REL32)
		*who = lg_image_is_trampoline(target_of(at, fentry)) ? LG_ENTRY_ONE :
								       LG_ENTRY_REDIRECTED;
	else if (!memcmp(fentry, nop, sizeof(nop)))
		*who = LG_ENTRY_FREE;
	else if (fentry[0] == CALL_REL32 && is_own_trampoline(target_of(at, fentry)))
		*who = LG_ENTRY_ONE;
	else if (fentry[0] != CALL_REL32)
		return 0;
	return fentry[0] == JMP_REL32 ? 0 : at;
}

/**
 * lg_arch_is_probed - is there a kprobe, as a breakpoint or as a jump
 * @address: where it would be
 * @original: what the kernel has kept of what was there
 *
 * Context: any.
 * Return: true if so.
 */
bool lg_arch_is_probed(const void *address, u32 original)
{
	u8 byte;

	return !lg_image_read(&byte, (unsigned long)address, sizeof(byte)) &&
	       byte != original && (byte == INT3 || byte == JMP_REL32);
}
