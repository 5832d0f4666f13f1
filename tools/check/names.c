// SPDX-License-Identifier: GPL-2.0-only
/*
 * The symbols of a kernel, in the order that its own kallsyms has
 */
#include <stdlib.h>
#include <string.h>

#include "kernel.h"

/**
 * lg_names_add - add a symbol
 * @k: the kernel
 * @address: where it is
 * @name: its name, which need not be terminated
 * @len: the length of that
 * @order: among the symbols of that address, the first is the one that counts
 *
 * Return: 0, -1 without memory.
 */
int lg_names_add(struct lg_kernel *k, u64 address, const char *name, size_t len, u32 order)
{
	if (k->pool_size - k->pool_len <= len) {
		size_t size = 2 * k->pool_size + len + 65536;
		char *pool = realloc(k->pool, size);

		if (!pool || size > U32_MAX)
			return lg_kernel_fail(k, "no memory for its symbols");
		k->pool = pool;
		k->pool_size = size;
	}
	if (!(k->nr_names & (k->nr_names - 1))) {
		u32 nr = k->nr_names ? 2 * k->nr_names : 1;
		struct lg_name *names = realloc(k->names, nr * sizeof(*names));

		if (!names)
			return lg_kernel_fail(k, "no memory for its symbols");
		k->names = names;
	}
	k->names[k->nr_names++] = (struct lg_name){ address, k->pool_len, order };
	memcpy(k->pool + k->pool_len, name, len);
	k->pool_len += len;
	k->pool[k->pool_len++] = '\0';
	return 0;
}

static int by_address(const void *a, const void *b)
{
	const struct lg_name *m = a, *n = b;

	if (m->address != n->address)
		return m->address < n->address ? -1 : 1;
	return m->order < n->order ? -1 : m->order > n->order;
}

/**
 * lg_names_sort - all are there
 * @k: the kernel
 */
void lg_names_sort(struct lg_kernel *k)
{
	if (k->nr_names)
		qsort(k->names, k->nr_names, sizeof(*k->names), by_address);
}

/**
 * lg_names_find - find a symbol by its name
 * @k: the kernel
 * @name: the name
 *
 * Return: the first of that name, or NULL.
 */
const struct lg_name *lg_names_find(const struct lg_kernel *k, const char *name)
{
	u32 i;

	for (i = 0; i < k->nr_names; i++)
		if (!strcmp(k->pool + k->names[i].name, name))
			return &k->names[i];
	return NULL;
}

/**
 * lg_names_drop - forget all symbols
 * @k: the kernel
 */
void lg_names_drop(struct lg_kernel *k)
{
	free(k->names);
	free(k->pool);
	k->names = NULL;
	k->pool = NULL;
	k->nr_names = 0;
	k->pool_len = 0;
	k->pool_size = 0;
}
