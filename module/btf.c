// SPDX-License-Identifier: GPL-2.0-only
/*
 * A bounds-checked reader for the kernel's BTF, see btf.h
 *
 * Nothing in the blob is trusted: each record is checked to lie inside its
 * section before it is read, each name to be terminated, each chain of types to
 * end. Every search walks the type section from its start; it has some hundred
 * thousand records and is searched a dozen times at load, so an index would
 * cost more memory than it saves time.
 */
#include <linux/btf.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "btf.h"

enum {
	LG_BTF_HEADER_LEN	= 24,	/* newer ones only add to its end ... */
	LG_BTF_KINDS		= 24,	/* ... as these: offset and length of the kinds */
	LG_BTF_KINDS_END	= 32,
	LG_BTF_PTR_SIZE		= 8,
	LG_BTF_MAX_DEPTH	= 32,	/* typedefs and qualifiers in a row */
};

/* One record of the type section; @type is NULL before the first. */
struct cursor {
	const struct btf_type *type;
	u32 id;
	u32 next;	/* offset of the record after this one */
};

/* As in 7.3, whose BTF uses bits of both that were 0 before. */
static u32 kind_of(const struct btf_type *type)
{
	return type->info >> 24 & 0x7f;
}

static u32 vlen_of(const struct btf_type *type)
{
	return type->info & 0xffffff;
}

/* Bytes that follow the common part of a record, or -EINVAL for no known kind. */
static s64 trailer_size(const struct lg_btf *btf, const struct btf_type *type)
{
	u32 vlen = vlen_of(type);

	switch (kind_of(type)) {
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPE_TAG:
		return 0;
	case BTF_KIND_INT:
		return sizeof(u32);
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return (s64)vlen * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return (s64)vlen * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return (s64)vlen * sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO:
		return (s64)vlen * sizeof(struct btf_param);
	case BTF_KIND_VAR:
		return sizeof(struct btf_var);
	case BTF_KIND_DATASEC:
		return (s64)vlen * sizeof(struct btf_var_secinfo);
	case BTF_KIND_DECL_TAG:
		return sizeof(struct btf_decl_tag);
	}
	if (!kind_of(type) || kind_of(type) >= btf->nr_kinds)
		return -EINVAL;
	return btf->kinds[kind_of(type)].info_size +
	       (s64)vlen * btf->kinds[kind_of(type)].member_size;
}

/*
 * Step to the next record. Returns 1 for a record that lies wholly inside the
 * section, 0 at the end, -EINVAL where the section is malformed.
 */
static int cursor_step(const struct lg_btf *btf, struct cursor *c)
{
	u32 left = btf->types_len - c->next;
	s64 trailer;

	if (!left)
		return 0;
	if (left < sizeof(*c->type))
		return -EINVAL;

	c->type = (const void *)(btf->types + c->next);
	trailer = trailer_size(btf, c->type);
	/* a kind that the header tells of may be of any size, but the next record is aligned */
	if (trailer < 0 || trailer % sizeof(u32) || trailer > (s64)(left - sizeof(*c->type)))
		return -EINVAL;

	c->next += sizeof(*c->type) + trailer;
	c->id++;
	return 1;
}

/* The string section is known to end in NUL, so any offset inside it is safe. */
static bool name_is(const struct lg_btf *btf, u32 offset, const char *name)
{
	return offset < btf->strings_len &&
	       !strcmp(btf->strings + offset, name);
}

static const struct btf_type *type_by_id(const struct lg_btf *btf, u32 id)
{
	struct cursor c = {};

	while (c.id < id)
		if (cursor_step(btf, &c) <= 0)
			return NULL;
	return c.type;
}

/* Size in bytes of type @id, or -EINVAL where it has none. */
static s64 type_size(const struct lg_btf *btf, u32 id)
{
	const struct btf_type *type;
	const struct btf_array *array;
	u64 elems = 1;
	int depth;

	for (depth = 0; depth < LG_BTF_MAX_DEPTH; depth++) {
		type = type_by_id(btf, id);
		if (!type)
			return -EINVAL;

		switch (kind_of(type)) {
		case BTF_KIND_INT:
		case BTF_KIND_ENUM:
		case BTF_KIND_ENUM64:
		case BTF_KIND_STRUCT:
		case BTF_KIND_UNION:
		case BTF_KIND_FLOAT:
			elems *= type->size;
			return elems <= U32_MAX ? (s64)elems : -EINVAL;
		case BTF_KIND_PTR:
			elems *= LG_BTF_PTR_SIZE;
			return elems <= U32_MAX ? (s64)elems : -EINVAL;
		case BTF_KIND_TYPEDEF:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_CONST:
		case BTF_KIND_RESTRICT:
		case BTF_KIND_TYPE_TAG:
			id = type->type;
			break;
		case BTF_KIND_ARRAY:
			array = (const void *)(type + 1);
			elems *= array->nelems;
			if (elems > U32_MAX)
				return -EINVAL;
			id = array->type;
			break;
		default:
			return -EINVAL;
		}
	}
	return -EINVAL;
}

/* The kinds, where the header tells of them in a way that is known. */
static void find_kinds(struct lg_btf *btf, const struct btf_header *h, u64 body)
{
	u32 at, len;

	btf->nr_kinds = 0;
	if (h->hdr_len < LG_BTF_KINDS_END)
		return;
	memcpy(&at, (const u8 *)h + LG_BTF_KINDS, sizeof(at));
	memcpy(&len, (const u8 *)h + LG_BTF_KINDS + sizeof(at), sizeof(len));
	if (at % sizeof(u16) || (u64)at + len > body)
		return;
	btf->kinds = (const void *)((const u8 *)h + h->hdr_len + at);
	btf->nr_kinds = len / sizeof(*btf->kinds);
}

/**
 * lg_btf_open - check the header of a BTF blob and find its sections
 * @btf: filled in; it points into @data, which has to outlive it
 * @data: the blob, at least 4-byte aligned
 * @size: its size in bytes
 *
 * Context: any.
 * Return: 0, or -EINVAL where this is no BTF of a known version.
 */
int lg_btf_open(struct lg_btf *btf, const void *data, size_t size)
{
	const struct btf_header *h = data;
	u64 body;

	if (size < LG_BTF_HEADER_LEN || h->magic != BTF_MAGIC ||
	    h->version != BTF_VERSION || h->hdr_len < LG_BTF_HEADER_LEN ||
	    h->hdr_len > size)
		return -EINVAL;

	body = size - h->hdr_len;
	if (h->hdr_len % sizeof(u32) || h->type_off % sizeof(u32) ||
	    (u64)h->type_off + h->type_len > body ||
	    (u64)h->str_off + h->str_len > body || !h->str_len)
		return -EINVAL;

	btf->types = (const u8 *)data + h->hdr_len + h->type_off;
	btf->types_len = h->type_len;
	btf->strings = (const char *)data + h->hdr_len + h->str_off;
	btf->strings_len = h->str_len;
	find_kinds(btf, h, body);
	return btf->strings[btf->strings_len - 1] ? -EINVAL : 0;
}

/**
 * lg_btf_has_struct - does the kernel have a struct of this name
 * @btf: an opened BTF
 * @name: the struct's name
 *
 * Context: any.
 * Return: true if it is defined, not only declared.
 */
bool lg_btf_has_struct(const struct lg_btf *btf, const char *name)
{
	struct cursor c = {};

	while (cursor_step(btf, &c) > 0)
		if (kind_of(c.type) == BTF_KIND_STRUCT &&
		    name_is(btf, c.type->name_off, name))
			return true;
	return false;
}

/* Fill @found from member @m of @strct; -EINVAL for bit-fields and the sizeless. */
static int read_member(const struct lg_btf *btf, const struct btf_type *strct,
		       const struct btf_member *m, struct lg_btf_member *found)
{
	u32 bits = m->offset;
	s64 size = type_size(btf, m->type);

	if (BTF_INFO_KFLAG(strct->info)) {
		if (BTF_MEMBER_BITFIELD_SIZE(m->offset))
			return -EINVAL;
		bits = BTF_MEMBER_BIT_OFFSET(m->offset);
	}
	if (bits % 8 || size < 0 || (u64)bits / 8 + size > strct->size)
		return -EINVAL;

	found->offset = bits / 8;
	found->size = size;
	return 0;
}

/**
 * lg_btf_member - where a struct has a member
 * @btf: an opened BTF
 * @strct: the struct's name
 * @member: the member's name; members of anonymous structs are not searched
 * @found: set on success only
 *
 * A kernel may hold several structs of one name. They have to agree, since
 * nothing tells which of them is meant.
 *
 * Context: any.
 * Return: 0, -ENOENT if no such struct has that member, -EINVAL if it is a
 * bit-field or the BTF is malformed, -ENOTUNIQ if two structs disagree.
 */
int lg_btf_member(const struct lg_btf *btf, const char *strct,
		  const char *member, struct lg_btf_member *found)
{
	struct lg_btf_member first = {}, m;
	struct cursor c = {};
	bool seen = false;
	int ret;
	u32 i;

	while ((ret = cursor_step(btf, &c)) > 0) {
		const struct btf_member *members = (const void *)(c.type + 1);

		if (kind_of(c.type) != BTF_KIND_STRUCT ||
		    !name_is(btf, c.type->name_off, strct))
			continue;

		for (i = 0; i < vlen_of(c.type); i++) {
			if (!name_is(btf, members[i].name_off, member))
				continue;
			ret = read_member(btf, c.type, &members[i], &m);
			if (ret)
				return ret;
			if (seen && (m.offset != first.offset ||
				     m.size != first.size))
				return -ENOTUNIQ;
			first = m;
			seen = true;
		}
	}
	if (ret < 0)
		return ret;
	if (!seen)
		return -ENOENT;
	*found = first;
	return 0;
}

/* The value of enumerator @i of an enum or enum64, if its name is @name. */
static bool enumerator_is(const struct lg_btf *btf, const struct btf_type *type,
			  u32 i, const char *name, s64 *value)
{
	const struct btf_enum *e = (const void *)(type + 1);
	const struct btf_enum64 *e64 = (const void *)(type + 1);

	if (kind_of(type) == BTF_KIND_ENUM64) {
		*value = (s64)((u64)e64[i].val_hi32 << 32 | e64[i].val_lo32);
		return name_is(btf, e64[i].name_off, name);
	}
	*value = BTF_INFO_KFLAG(type->info) ? e[i].val : (s64)(u32)e[i].val;
	return name_is(btf, e[i].name_off, name);
}

/**
 * lg_btf_enumerator - the value of an enumerator, whatever its enum is called
 * @btf: an opened BTF
 * @name: the enumerator's name
 * @value: set on success only
 *
 * Context: any.
 * Return: 0, -ENOENT if there is none, -ENOTUNIQ if two differ, -EINVAL if the
 * BTF is malformed.
 */
int lg_btf_enumerator(const struct lg_btf *btf, const char *name, s64 *value)
{
	struct cursor c = {};
	bool seen = false;
	s64 first = 0, v;
	int ret;
	u32 i;

	while ((ret = cursor_step(btf, &c)) > 0) {
		if (kind_of(c.type) != BTF_KIND_ENUM &&
		    kind_of(c.type) != BTF_KIND_ENUM64)
			continue;

		for (i = 0; i < vlen_of(c.type); i++) {
			if (!enumerator_is(btf, c.type, i, name, &v))
				continue;
			if (seen && v != first)
				return -ENOTUNIQ;
			first = v;
			seen = true;
		}
	}
	if (ret < 0)
		return ret;
	if (!seen)
		return -ENOENT;
	*value = first;
	return 0;
}

/* The type id of the variable called @name, 0 if there is none. */
static u32 var_id(const struct lg_btf *btf, const char *name)
{
	struct cursor c = {};

	while (cursor_step(btf, &c) > 0)
		if (kind_of(c.type) == BTF_KIND_VAR &&
		    name_is(btf, c.type->name_off, name))
			return c.id;
	return 0;
}

/**
 * lg_btf_percpu - offset of a variable in the kernel's static per-CPU section
 * @btf: an opened BTF
 * @name: the variable's name
 * @offset: bytes from the start of .data..percpu, set on success only
 *
 * Context: any.
 * Return: 0, -ENOENT if there is no such variable in that section, -EINVAL if
 * the BTF is malformed.
 */
int lg_btf_percpu(const struct lg_btf *btf, const char *name, u32 *offset)
{
	struct cursor c = {};
	u32 id = var_id(btf, name);
	int ret;
	u32 i;

	while ((ret = cursor_step(btf, &c)) > 0) {
		const struct btf_var_secinfo *vars = (const void *)(c.type + 1);

		if (kind_of(c.type) != BTF_KIND_DATASEC ||
		    !name_is(btf, c.type->name_off, ".data..percpu"))
			continue;

		for (i = 0; i < vlen_of(c.type); i++) {
			if (!id || vars[i].type != id)
				continue;
			*offset = vars[i].offset;
			return 0;
		}
	}
	return ret < 0 ? ret : -ENOENT;
}
