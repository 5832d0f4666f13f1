/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bounds-checked reader for the kernel's BTF
 *
 * Only what target discovery asks: where a struct has a member, what an
 * enumerator is, where a per-CPU variable lies. Pure logic: it is compiled for
 * user space too, where test/unit compares it with libbpf.
 */
#ifndef LG_BTF_H
#define LG_BTF_H

#include <linux/types.h>

/* What follows a record of some kind, as newer kernels tell: one piece, and one a member. */
struct lg_btf_kind {
	u8 info_size;
	u8 member_size;
	u16 flags;
};

struct lg_btf {
	const u8 *types;
	u32 types_len;
	const char *strings;
	u32 strings_len;
	const struct lg_btf_kind *kinds;	/* by their number */
	u32 nr_kinds;
};

struct lg_btf_member {
	u32 offset;	/* bytes from the start of the struct */
	u32 size;	/* bytes */
};

int lg_btf_open(struct lg_btf *btf, const void *data, size_t size);
bool lg_btf_has_struct(const struct lg_btf *btf, const char *name);
int lg_btf_member(const struct lg_btf *btf, const char *strct,
		  const char *member, struct lg_btf_member *found);
int lg_btf_enumerator(const struct lg_btf *btf, const char *name, s64 *value);
int lg_btf_percpu(const struct lg_btf *btf, const char *name, u32 *offset);

#endif
