/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Addresses and names of kernel symbols, from exported functions alone
 */
#ifndef LG_SYMBOLS_H
#define LG_SYMBOLS_H

#include <linux/kallsyms.h>
#include <linux/types.h>

struct lg_symbol {
	char name[KSYM_NAME_LEN];
	unsigned long address;	/* of the symbol's first byte */
	unsigned long size;	/* bytes */
};

unsigned long lg_symbol_data(const char *name);
int lg_symbol_function(const char *name, struct lg_symbol *sym);
int lg_symbol_at(unsigned long address, struct lg_symbol *sym);
unsigned long lg_symbol_body(const struct lg_symbol *sym, bool *free);
bool lg_symbol_is(const struct lg_symbol *sym, const char *name);

#endif
