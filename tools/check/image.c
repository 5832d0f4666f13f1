// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the module asks of the kernel's image, answered from a file: the counterpart of
 * module/image.c, and of what kallsyms in the kernel makes of the same questions
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/stringify.h>

#include "../../module/image.h"
#include "kernel.h"

struct lg_kernel *lg_kernel;

static const struct lg_piece *piece_of(u64 address)
{
	u32 i;

	for (i = 0; i < lg_kernel->nr_pieces; i++)
		if (address - lg_kernel->pieces[i].address < lg_kernel->pieces[i].size)
			return &lg_kernel->pieces[i];
	return NULL;
}

unsigned long lg_image_data(const char *name)
{
	const struct lg_name *found = lg_names_find(lg_kernel, name);

	return found ? found->address : 0;
}

int lg_image_symbol(unsigned long address, struct lg_symbol *sym)
{
	const struct lg_piece *piece = piece_of(address);
	const struct lg_name *names = lg_kernel->names;
	u32 low = 0, high = lg_kernel->nr_names, next;

	if (!piece || !high || address < names[0].address)
		return -ENOENT;
	while (high - low > 1) {
		u32 mid = low + (high - low) / 2;

		if (names[mid].address <= address)
			low = mid;
		else
			high = mid;
	}
	next = low + 1;
	while (low && names[low - 1].address == names[low].address)
		low--;
	snprintf(sym->name, sizeof(sym->name), "%s", lg_kernel->pool + names[low].name);
	sym->address = names[low].address;
	sym->size = (next < lg_kernel->nr_names ? names[next].address :
		     piece->address + piece->size) - sym->address;
	return 0;
}

int lg_image_function(const char *name, struct lg_symbol *sym)
{
	unsigned long address = lg_image_data(name);
	struct lg_symbol found;

	/* another symbol may be there, which counts before this one */
	if (!address || lg_image_symbol(address, &found) || strcmp(found.name, name))
		return -ENOENT;
	*sym = found;
	return 0;
}

bool lg_image_is_trampoline(unsigned long address)
{
	(void)address;
	return false;
}

int lg_image_read(void *to, unsigned long from, size_t len)
{
	const struct lg_piece *piece = piece_of(from);
	u64 at;

	if (!piece)
		return -EFAULT;
	at = from - piece->address;
	if (piece->size - at < len)
		return -EFAULT;
	if (piece->data)
		memcpy(to, piece->data + at, len);
	else if (pread(lg_kernel->fd, to, len, piece->in_file + at) != (ssize_t)len)
		return -EFAULT;
	return 0;
}

/* Code may have an address of that in it; 0 without its symbol, as then nothing else is known. */
unsigned long lg_image_percpu(void)
{
	return lg_image_data(__stringify(LG_PERCPU_ANCHOR));
}

int lg_image_btf(struct lg_blob *blob)
{
	blob->copy = NULL;
	blob->data = lg_kernel->btf;
	blob->size = lg_kernel->btf_size;
	return blob->data ? 0 : -ENODATA;
}

void lg_image_btf_put(struct lg_blob *blob)
{
	(void)blob;
}
