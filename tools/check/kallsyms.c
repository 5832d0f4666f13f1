// SPDX-License-Identifier: GPL-2.0-only
/*
 * The symbols that a kernel carries in its own memory
 *
 * All tables of kallsyms follow each other since 6.5, aligned to 8 bytes, or to 4 as in 7.3:
 *
 *	num_syms	u32
 *	names		of each symbol a length of one or two bytes, and so many tokens
 *	markers		u32: where every 256th of these is
 *	token_table	256 strings
 *	token_index	u16: where these are
 *	offsets		s32 of each symbol, in three ways, see address_of()
 *	relative_base	u64, not in the third
 *
 * No symbol leads to them in an image without symbols. They are found from the middle: the
 * tokens of the digits are the digits themselves, and an index has to follow that says where
 * each token is. All else has to fit together, or they are not what is looked for.
 */
#include <stdlib.h>
#include <string.h>

#include "../../module/image.h"
#include "kernel.h"

enum {
	NR_TOKENS	= 256,
	MAX_TOKEN	= 512,		/* bytes */
	PER_MARKER	= 256,		/* symbols */
	MAX_SYMBOLS	= 1 << 24,	/* what three bytes can count */
};

/* Offsets in a piece. */
struct tables {
	const u8 *data;
	u64 size;
	u64 address;		/* of the piece */
	u32 align;
	u64 tokens, index, offsets;
	u64 markers, names;
	u32 nr_markers, nr;
	u16 token[NR_TOKENS];
};

static u64 aligned(const struct tables *t, u64 at)
{
	return (at + t->align - 1) & ~(u64)(t->align - 1);
}

static u16 u16_at(const struct tables *t, u64 at)
{
	u16 v;

	memcpy(&v, t->data + at, sizeof(v));
	return v;
}

static u32 u32_at(const struct tables *t, u64 at)
{
	u32 v;

	memcpy(&v, t->data + at, sizeof(v));
	return v;
}

static u64 u64_at(const struct tables *t, u64 at)
{
	u64 v;

	memcpy(&v, t->data + at, sizeof(v));
	return v;
}

/* Do 256 strings begin at @at, and does an index of them follow? */
static bool is_token_table(struct tables *t, u64 at)
{
	const u8 *end;
	u64 p = at;
	int i;

	for (i = 0; i < NR_TOKENS; i++) {
		if (p - at > UINT16_MAX || p >= t->size)
			return false;
		t->token[i] = p - at;
		end = memchr(t->data + p, '\0', min(t->size - p, (u64)MAX_TOKEN));
		if (!end)
			return false;
		p = end - t->data + 1;
	}
	t->tokens = at;
	t->index = aligned(t, p);
	if (t->index > t->size || t->size - t->index < sizeof(t->token))
		return false;
	for (i = 0; i < NR_TOKENS; i++)
		if (u16_at(t, t->index + i * sizeof(u16)) != t->token[i])
			return false;
	t->offsets = aligned(t, t->index + sizeof(t->token));
	return true;
}

/* From the token of '0' back to the first one, which the byte before the table ends. */
static bool find_tokens(struct tables *t, u64 digits)
{
	u64 at = digits, begin;
	int i;

	for (i = 0; i < '0'; i++) {
		begin = at;
		do {
			if (!begin-- || at - begin > MAX_TOKEN)
				return false;
		} while (begin && t->data[begin - 1]);
		at = begin;
	}
	/* the first is behind padding, unless the markers fill it up */
	for (i = 0; i < (int)t->align && at + i < digits; i++)
		if (!((at + i) % t->align) && is_token_table(t, at + i))
			return true;
	return false;
}

/* Behind the name at @at; 0: there is none. */
static u64 next_name(const struct tables *t, u64 at)
{
	u32 len;

	if (at >= t->markers)
		return 0;
	len = t->data[at++];
	if (len & 0x80) {
		if (at >= t->markers)
			return 0;
		len = (len & 0x7f) | t->data[at++] << 7;
	}
	return len && len <= t->markers - at ? at + len : 0;
}

/* Do @nr names from @at on go to where the markers begin, with all of these right? */
static bool are_names(const struct tables *t, u64 at, u32 nr)
{
	u64 begin = at;
	u32 i;

	for (i = 0; i < nr; i++) {
		if (!(i % PER_MARKER) &&
		    u32_at(t, t->markers + i / PER_MARKER * sizeof(u32)) != at - begin)
			return false;
		at = next_name(t, at);
		if (!at)
			return false;
	}
	return aligned(t, at) == t->markers;
}

/* The markers are before the tokens: they descend to 0. */
static bool find_markers(struct tables *t)
{
	u64 at = t->tokens, end = t->tokens;
	u32 last;

	/* padding */
	if (at < sizeof(u32))
		return false;
	if (t->align > sizeof(u32) && !u32_at(t, at - sizeof(u32)))
		end -= sizeof(u32);
	for (at = end; at >= sizeof(u32); ) {
		last = at == end ? U32_MAX : u32_at(t, at);
		at -= sizeof(u32);
		if (u32_at(t, at) >= last)
			return false;
		if (!u32_at(t, at))
			break;
	}
	t->markers = at;
	t->nr_markers = (end - at) / sizeof(u32);
	return t->nr_markers && !(at % t->align);
}

/*
 * The names are before the markers. The last marker tells how long they are but for the last
 * 256 of them, and the number of symbols that is before them has to fit.
 */
static bool find_names(struct tables *t)
{
	u32 last = u32_at(t, t->markers + (t->nr_markers - 1) * sizeof(u32)), nr;
	u64 at, lowest = t->align;

	if (t->markers < (u64)last + t->align)
		return false;
	at = (t->markers - last) & ~(u64)(t->align - 1);
	if (at > PER_MARKER * (MAX_TOKEN + 2))
		lowest = at - PER_MARKER * (MAX_TOKEN + 2);
	for (; at >= lowest && at >= t->align; at -= t->align) {
		nr = u32_at(t, at - t->align);
		if (nr && nr < MAX_SYMBOLS && (nr + PER_MARKER - 1) / PER_MARKER == t->nr_markers &&
		    are_names(t, at, nr)) {
			t->names = at;
			t->nr = nr;
			return t->offsets <= t->size &&
			       t->size - t->offsets >= nr * sizeof(u32);
		}
	}
	return false;
}

/* -------------------------------------------------------------- addresses -- */

/* How a kernel says where its symbols are. */
enum lg_way {
	BASE_AND_PERCPU,	/* below the base, or as they are: per-CPU data; until 6.14 */
	BASE,			/* from the base on */
	PC_RELATIVE,		/* from the offset's own place on; since 7.x */
	NR_WAYS,
};

static u64 address_of(const struct tables *t, enum lg_way how, u64 base, u32 i)
{
	u64 at = t->offsets + i * sizeof(u32);
	s32 offset = u32_at(t, at);

	switch (how) {
	case BASE_AND_PERCPU:
		return offset >= 0 ? (u64)offset : base - 1 - offset;
	case BASE:
		return base + (u32)offset;
	default:
		return t->address + at + offset;
	}
}

/* Symbols ascend, so a way in which they do not is not the one. */
static bool is_way(const struct tables *t, enum lg_way how, u64 base, u64 lowest)
{
	u64 address, last = 0;
	u32 i;

	if (how != PC_RELATIVE && base < lowest)
		return false;
	for (i = 0; i < t->nr; i++, last = address) {
		address = address_of(t, how, base, i);
		if (address < last)
			return false;
	}
	/* per-CPU data is the smaller part */
	return address_of(t, how, base, t->nr / 2) >= lowest;
}

static int read_names(struct lg_kernel *k, const struct tables *t, enum lg_way how, u64 base)
{
	char name[KSYM_NAME_LEN];
	u64 at = t->names, next;
	u32 i;

	for (i = 0; i < t->nr; i++, at = next) {
		size_t len = 0;

		next = next_name(t, at);
		for (at += t->data[at] & 0x80 ? 2 : 1; at < next; at++) {
			const char *token = (const char *)t->data + t->tokens +
					    t->token[t->data[at]];

			while (*token && len < sizeof(name))
				name[len++] = *token++;
		}
		/* the first character is the type */
		if (len && lg_names_add(k, address_of(t, how, base, i), name + 1, len - 1, i))
			return -1;
	}
	return 0;
}

static int read_tables(struct lg_kernel *k, const struct tables *t)
{
	u64 at = aligned(t, t->offsets + t->nr * sizeof(u32));
	u64 base = at <= t->size && t->size - at >= sizeof(u64) ? u64_at(t, at) : 0;
	enum lg_way how;

	for (how = 0; how < NR_WAYS; how++)
		if (is_way(t, how, base, lg_kernel_lowest(k)))
			break;
	if (how == NR_WAYS)
		return lg_kernel_fail(k, "its kallsyms says in no known way where symbols are");
	lg_names_drop(k);
	if (read_names(k, t, how, base))
		return -1;
	lg_names_sort(k);
	return 1;
}

static int look_in_piece(struct lg_kernel *k, const struct lg_piece *piece)
{
	static const char digits[] = "0\0001\0002\0003\0004\0005\0006\0007\0008\0009";
	struct tables t = {
		.data = piece->data,
		.size = piece->size,
		.address = piece->address,
	};
	const u8 *p = t.data, *end = t.data + t.size;

	while ((p = memmem(p, end - p, digits, sizeof(digits)))) {
		for (t.align = 4; t.align <= 8; t.align += 4)
			if (find_tokens(&t, p - t.data) && find_markers(&t) && find_names(&t))
				return read_tables(k, &t);
		p++;
	}
	return 0;
}

/**
 * lg_kallsyms_read - find the symbols in the memory of a kernel
 * @k: the kernel
 *
 * They take the place of those that it has already: they are what the kernel itself goes by.
 *
 * Return: 1 if they were found, 0 if not, -1 with @k->error.
 */
int lg_kallsyms_read(struct lg_kernel *k)
{
	int ret = 0;
	u32 i;

	for (i = 0; i < k->nr_pieces && !ret; i++)
		ret = look_in_piece(k, &k->pieces[i]);
	return ret;
}
