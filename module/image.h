/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's image, as finding the loop sees it: symbols, bytes, BTF
 *
 * This is all that finding asks for. In the module it is the running kernel; a program may
 * have another one.
 */
#ifndef LG_IMAGE_H
#define LG_IMAGE_H

#include <linux/kallsyms.h>
#include <linux/types.h>

struct lg_symbol {
	char name[KSYM_NAME_LEN];
	unsigned long address;	/* of the symbol's first byte */
	unsigned long size;	/* bytes */
};

/* BTF as the kernel maps it, or a copy of it: @copy is then to be freed. */
struct lg_blob {
	const void *data;
	size_t size;
	void *copy;
};

/* A per-CPU variable of which lg_image_percpu() tells the address. */
#define LG_PERCPU_ANCHOR kernel_cpustat

unsigned long lg_image_data(const char *name);
int lg_image_function(const char *name, struct lg_symbol *sym);
int lg_image_renamed(const char *name, unsigned long pointer, struct lg_symbol *sym);
int lg_image_symbol(unsigned long address, struct lg_symbol *sym);
bool lg_image_is_trampoline(unsigned long address);
int lg_image_read(void *to, unsigned long from, size_t len);
unsigned long lg_image_percpu(void);
int lg_image_btf(struct lg_blob *blob);
void lg_image_btf_put(struct lg_blob *blob);

#endif
