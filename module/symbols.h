/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Addresses and names of kernel symbols, from exported functions alone
 */
#ifndef LG_SYMBOLS_H
#define LG_SYMBOLS_H

#include <linux/kallsyms.h>
#include <linux/types.h>

/* Who has a hook at a function's entry, as far as the code there tells. */
enum lg_entry {
	LG_ENTRY_FREE,
	LG_ENTRY_ONE,		/* one, called by a trampoline of its own */
	LG_ENTRY_SHARED,	/* several, or it cannot be told */
};

struct lg_symbol {
	char name[KSYM_NAME_LEN];
	unsigned long address;	/* of the symbol's first byte */
	unsigned long size;	/* bytes */
};

unsigned long lg_symbol_data(const char *name);
int lg_symbol_function(const char *name, struct lg_symbol *sym);
int lg_symbol_at(unsigned long address, struct lg_symbol *sym);
unsigned long lg_symbol_body(const struct lg_symbol *sym, enum lg_entry *who);
bool lg_symbol_is(const struct lg_symbol *sym, const char *name);

#endif
