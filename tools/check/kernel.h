/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kernel that is looked at: what image.c answers the module's questions from
 */
#ifndef LG_CHECK_KERNEL_H
#define LG_CHECK_KERNEL_H

#include <elf.h>

/* Memory of the kernel. @data is NULL where it has to be read from @fd. */
struct lg_piece {
	u64 address;
	u64 size;
	const u8 *data;
	u64 in_file;		/* with @fd */
};

struct lg_name {
	u64 address;
	u32 name;		/* in the pool */
	u32 order;		/* among those of the same address */
};

enum {
	LG_MAX_PIECES	= 64,
	LG_ERROR_LEN	= 256,
};

enum {
	LG_PROTECTED,
	LG_REFUSED,
	LG_UNREADABLE,
};

struct lg_kernel {
	u16 machine;			/* EM_X86_64 or EM_AARCH64 */
	char release[128];
	char compiler[256];
	char error[LG_ERROR_LEN];	/* why it cannot be read */

	struct lg_piece pieces[LG_MAX_PIECES];
	u32 nr_pieces;
	int fd;				/* -1: none */

	struct lg_name *names;		/* by address */
	u32 nr_names;
	char *pool;			/* of names */
	size_t pool_len, pool_size;

	void *btf;			/* a copy, or NULL */
	size_t btf_size;

	u8 *owned;			/* what the pieces point into */
	size_t owned_size;
};

/* what image.c answers from */
extern struct lg_kernel *lg_kernel;

int lg_kernel_fail(struct lg_kernel *k, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* check.c */
extern bool lg_json;
void lg_print_string(const char *s);
void lg_print_field(const char *name, const char *value);

/* look.c, of each processor */
int lg_look_x86(void);
int lg_look_arm64(void);

/* open.c */
int lg_kernel_open(struct lg_kernel *k, const char *path);
int lg_kernel_load(struct lg_kernel *k, u8 *data, size_t size);
void lg_kernel_banner(struct lg_kernel *k, const u8 *p, const u8 *end);
void lg_kernel_close(struct lg_kernel *k);

/* Below this there is no code of such a kernel. */
static inline u64 lg_kernel_lowest(const struct lg_kernel *k)
{
	return k->machine == EM_AARCH64 ? 0xffff800000000000 : 0xffffffff80000000;
}

/* running.c */
int lg_kernel_running(struct lg_kernel *k);

/* unpack.c */
int lg_unpack(struct lg_kernel *k, const u8 *data, size_t size, u8 **to, size_t *to_size);

/* names.c */
int lg_names_add(struct lg_kernel *k, u64 address, const char *name, size_t len, u32 order);
void lg_names_sort(struct lg_kernel *k);
const struct lg_name *lg_names_find(const struct lg_kernel *k, const char *name);
void lg_names_drop(struct lg_kernel *k);

/* kallsyms.c */
int lg_kallsyms_read(struct lg_kernel *k);

#endif
