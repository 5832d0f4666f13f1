// SPDX-License-Identifier: GPL-2.0-only
/*
 * The running kernel's image: symbols, bytes, BTF, from exported functions alone
 *
 * kallsyms_lookup_name() is not exported, and calling it through a pointer is a
 * trap under IBT or kCFI. register_kprobe() resolves a name with it on our
 * behalf; asked for a disabled probe it arms nothing. The way back, from an
 * address to its symbol, is sprint_symbol().
 */
#include <linux/cpumask.h>
#include <linux/fs.h>
#include <linux/kernel_stat.h>
#include <linux/kprobes.h>
#include <linux/percpu.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "image.h"
#include "sysfs.h"

#define BTF_FILE "kernel/btf/vmlinux"

enum {
	MAX_BTF	= 64 * 1024 * 1024,	/* bytes */
};

/*
 * kp.addr after an attempt to register a disabled probe, 0 if never resolved. A byte into a
 * function there mostly is no instruction, so the attempt fails: to take a probe out takes a
 * grace period, and so would loading for each function that is looked for.
 */
static unsigned long resolve(const char *name)
{
	struct kprobe kp = {
		.symbol_name = name,
		.offset = 1,
		.flags = KPROBE_FLAG_DISABLED,
	};

	if (!register_kprobe(&kp))
		unregister_kprobe(&kp);
	return kp.addr ? (unsigned long)kp.addr - 1 : 0;
}

/**
 * lg_image_data - address of a variable
 * @name: the variable's name, which may not be a per-CPU one: the attempt would
 *	dereference its offset
 *
 * register_kprobe() refuses what is not text, but leaves the address behind. Should a
 * kernel not do so any more, it is as without KALLSYMS_ALL: whoever asks can do without.
 *
 * Context: task.
 * Return: the address, or 0 where kallsyms does not list it (no KALLSYMS_ALL) or
 * only a module has a variable of that name.
 */
unsigned long lg_image_data(const char *name)
{
	unsigned long address = resolve(name);
	struct lg_symbol sym;

	return address && !lg_image_symbol(address, &sym) ?
	       address : 0;
}

/**
 * lg_image_function - address and size of a function
 * @name: the function's exact name
 * @sym: set on success only
 *
 * Context: task.
 * Return: 0, or -ENOENT if the kernel has no such function.
 */
int lg_image_function(const char *name, struct lg_symbol *sym)
{
	unsigned long address = resolve(name);
	struct lg_symbol found;

	if (!address || lg_image_symbol(address, &found) ||
	    strcmp(found.name, name))
		return -ENOENT;
	*sym = found;
	return 0;
}

/**
 * lg_image_renamed - a function to whose name a compiler has appended something
 * @name: its name in the source
 * @pointer: per-CPU variable that points to it, 0: not known
 * @sym: set on success only
 *
 * Context: task.
 * Return: 0, or -ENOENT if what the pointer leads to has not such a name.
 */
int lg_image_renamed(const char *name, unsigned long pointer, struct lg_symbol *sym)
{
	const void *at = per_cpu_ptr((void __percpu *)pointer,
				     cpumask_first(cpu_possible_mask));
	size_t len = strlen(name);
	struct lg_symbol found;
	unsigned long address;

	if (!pointer || lg_image_read(&address, (unsigned long)at, sizeof(address)) ||
	    lg_image_symbol(address, &found) ||
	    strncmp(found.name, name, len) || found.name[len] != '.')
		return -ENOENT;
	*sym = found;
	return 0;
}

/**
 * lg_image_symbol - the symbol that an address lies in
 * @address: any address
 * @sym: set on success only
 *
 * Context: any.
 * Return: 0, or -ENOENT if it lies in no symbol of the kernel's own image.
 */
int lg_image_symbol(unsigned long address, struct lg_symbol *sym)
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
 * lg_image_is_trampoline - is there one of those that BPF programs at a function have
 * @address: any address
 *
 * They call the function itself. Since 6.19 a jump leads to those that are for its exit only.
 *
 * Context: any.
 * Return: true if so.
 */
bool lg_image_is_trampoline(unsigned long address)
{
	static const char name[] = "bpf_trampoline_";
	char buf[KSYM_SYMBOL_LEN];

	sprint_symbol(buf, address);
	return !strncmp(buf, name, sizeof(name) - 1);
}

/**
 * lg_image_read - copy bytes of the image
 * @to: where to
 * @from: address
 * @len: bytes
 *
 * Context: any.
 * Return: 0 or -errno.
 */
int lg_image_read(void *to, unsigned long from, size_t len)
{
	return copy_from_kernel_nofault(to, (void *)from, len);
}

/**
 * lg_image_percpu - address of the per-CPU variable LG_PERCPU_ANCHOR
 *
 * Per-CPU variables have no address in kallsyms that could be asked for, and an offset in
 * their section says nothing while it is unknown where the section starts.
 *
 * Context: any.
 * Return: what per_cpu_ptr() takes.
 */
unsigned long lg_image_percpu(void)
{
	return (__force unsigned long)&LG_PERCPU_ANCHOR;
}

/* Without KALLSYMS_ALL the blob's bounds have no name, but sysfs shows it. */
static int read_btf_file(struct lg_blob *blob)
{
	struct file *file = lg_sysfs_open(BTF_FILE, O_RDONLY);
	loff_t pos = 0;
	size_t size;
	ssize_t n = 1;

	if (IS_ERR(file))
		return PTR_ERR(file);

	size = i_size_read(file_inode(file));
	if (!size || size > MAX_BTF) {
		filp_close(file, NULL);
		return -ENODATA;
	}
	blob->copy = vmalloc(size);
	while (blob->copy && pos < size && n > 0)
		n = kernel_read(file, blob->copy + pos, size - pos, &pos);
	filp_close(file, NULL);

	if (!blob->copy)
		return -ENOMEM;
	blob->data = blob->copy;
	blob->size = pos;
	return pos == size ? 0 : -ENODATA;
}

/**
 * lg_image_btf - the kernel's BTF
 * @blob: filled in; to be given back by lg_image_btf_put() in any case
 *
 * Context: task, may sleep.
 * Return: 0 or -errno.
 */
int lg_image_btf(struct lg_blob *blob)
{
	unsigned long start = lg_image_data("__start_BTF");
	unsigned long stop = lg_image_data("__stop_BTF");

	blob->copy = NULL;
	if (!start || stop <= start || stop - start > MAX_BTF)
		return read_btf_file(blob);
	blob->data = (const void *)start;
	blob->size = stop - start;
	return 0;
}

/**
 * lg_image_btf_put - it is not read any more
 * @blob: what lg_image_btf() has filled in
 *
 * Context: task, may sleep.
 */
void lg_image_btf_put(struct lg_blob *blob)
{
	vfree(blob->copy);
}
