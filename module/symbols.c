// SPDX-License-Identifier: GPL-2.0-only
/*
 * Addresses and names of kernel symbols, from exported functions alone
 *
 * kallsyms_lookup_name() is not exported, and calling it through a pointer is a
 * trap under IBT or kCFI. register_kprobe() resolves a name with it on our
 * behalf; asked for a disabled probe it arms nothing. The way back, from an
 * address to its symbol, is sprint_symbol().
 */
#include <linux/kprobes.h>
#include <linux/pgtable.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "symbols.h"

enum {
	ENDBR_LEN	= 4,
	FENTRY_LEN	= 5,
	NOT_ENDBR64	= 0x05e1f00c,	/* its inverse: no ENDBR in our text */
	ENDBR32_BIT	= 0x01000000,
	CALL_REL32	= 0xe8,
};

/* What the kernel puts in the place of an ENDBR that it seals, old and new. */
static const u32 sealed[] = { 0x001f0f66, 0xd6401f0f };

/* kp.addr after an attempt to register a disabled probe, 0 if never resolved. */
static unsigned long resolve(const char *name)
{
	struct kprobe kp = {
		.symbol_name = name,
		.flags = KPROBE_FLAG_DISABLED,
	};

	if (!register_kprobe(&kp))
		unregister_kprobe(&kp);
	return (unsigned long)kp.addr;
}

/* The kernel's own is_endbr() has changed its type and is not exported. */
static bool is_endbr_code(u32 code)
{
	return (~code | ENDBR32_BIT) == (NOT_ENDBR64 | ENDBR32_BIT) ||
	       code == sealed[0] || code == sealed[1];
}

/* A kprobe on a function's entry is moved behind its ENDBR: move back. */
static unsigned long function_start(unsigned long address)
{
	u32 code;

	if (!copy_from_kernel_nofault(&code, (void *)(address - ENDBR_LEN),
				      sizeof(code)) && is_endbr_code(code))
		return address - ENDBR_LEN;
	return address;
}

/**
 * lg_symbol_data - address of a variable
 * @name: the variable's name, which may not be a per-CPU one: the attempt would
 *	dereference its offset
 *
 * register_kprobe() refuses what is not text, but leaves the address behind.
 *
 * Context: task.
 * Return: the address, or 0 where kallsyms does not list it (no KALLSYMS_ALL) or
 * only a module has a variable of that name.
 */
unsigned long lg_symbol_data(const char *name)
{
	unsigned long address = resolve(name);
	struct lg_symbol sym;

	return address && !lg_symbol_at(address, &sym) ? address : 0;
}

/**
 * lg_symbol_function - address and size of a function
 * @name: the function's exact name
 * @sym: set on success only
 *
 * Context: task.
 * Return: 0, or -ENOENT if the kernel has no such function.
 */
int lg_symbol_function(const char *name, struct lg_symbol *sym)
{
	unsigned long address = resolve(name);
	struct lg_symbol found;

	if (!address || lg_symbol_at(function_start(address), &found) ||
	    strcmp(found.name, name))
		return -ENOENT;
	*sym = found;
	return 0;
}

/**
 * lg_symbol_at - the symbol that an address lies in
 * @address: any address
 * @sym: set on success only
 *
 * Context: any.
 * Return: 0, or -ENOENT if it lies in no symbol of the kernel's own image.
 */
int lg_symbol_at(unsigned long address, struct lg_symbol *sym)
{
	char buf[KSYM_SYMBOL_LEN];
	unsigned long offset, size;
	char *plus;

	/* "name+0x10/0x200", with " [module]" behind it for what is not ours */
	sprint_symbol(buf, address);
	plus = strrchr(buf, '+');
	if (!plus || strchr(plus, '[') ||
	    sscanf(plus, "+%lx/%lx", &offset, &size) != 2)
		return -ENOENT;

	*plus = '\0';
	strscpy(sym->name, buf, sizeof(sym->name));
	sym->address = address - offset;
	sym->size = size;
	return 0;
}

/**
 * lg_symbol_is - is this the function that the source calls @name
 * @sym: a symbol
 * @name: a name from the source
 *
 * Compilers mark their copies with a suffix: .isra.0, .constprop.0, .llvm.123.
 *
 * Context: any.
 * Return: true for the name itself and for the name with such a suffix.
 */
bool lg_symbol_is(const struct lg_symbol *sym, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(sym->name, name, len) &&
	       (!sym->name[len] || sym->name[len] == '.');
}

/*
 * Does the call before @next go to a trampoline that was made for who is called? The one
 * of several is in the kernel's own text.
 */
static bool is_own_trampoline(unsigned long next, const u8 call[FENTRY_LEN])
{
	s32 distance;

	memcpy(&distance, call + 1, sizeof(distance));
	next += distance;
	return next >= MODULES_VADDR && next < MODULES_END;
}

/**
 * lg_symbol_body - where the code of a function begins, behind its call of fentry
 * @sym: a function
 * @who: set if not NULL: who has a hook at its entry
 *
 * Context: any.
 * Return: the address, or 0 if it does not begin as traceable functions do.
 */
unsigned long lg_symbol_body(const struct lg_symbol *sym, enum lg_entry *who)
{
	static const u8 nop[FENTRY_LEN] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };
	unsigned long at = sym->address;
	u8 fentry[FENTRY_LEN];
	bool is_nop;
	u32 code;

	if (sym->size <= ENDBR_LEN + FENTRY_LEN ||
	    copy_from_kernel_nofault(&code, (void *)at, sizeof(code)))
		return 0;
	if (is_endbr_code(code))
		at += ENDBR_LEN;
	if (copy_from_kernel_nofault(fentry, (void *)at, sizeof(fentry)))
		return 0;

	is_nop = !memcmp(fentry, nop, sizeof(nop));
	if (!is_nop && fentry[0] != CALL_REL32)
		return 0;
	at += FENTRY_LEN;
	if (who)
		*who = is_nop ? LG_ENTRY_FREE :
		       is_own_trampoline(at, fentry) ? LG_ENTRY_ONE : LG_ENTRY_SHARED;
	return at;
}
