// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzer for module/btf.c. The input is a BTF blob, of which all is asked that
 * target discovery asks.
 *
 * Answers have to be the same for a copy of the blob, for one that is cut off but
 * can be opened, and, if there still is one, for one with fewer types. Where
 * libbpf accepts the blob, its answers have to be ours.
 */
#include <errno.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "../../module/btf.h"
#include "fuzz.h"

enum { MEMBERS = 3, PERCPUS = 2, POISON = 0xa5, GROWTH = 256 };

static const char * const members[MEMBERS][2] = {
	{ "scx_dsp_ctx", "nr_tasks" },
	{ "scx_dsp_ctx", "rq" },
	{ "sched_ext_ops", "name" },
};

static const char * const percpus[PERCPUS] = { "kstat", "runqueues" };

#define ENUMERATOR "SCX_DSP_MAX_LOOPS"

struct answers {
	int has_struct;
	int member_ret[MEMBERS], enumerator_ret, percpu_ret[PERCPUS];
	struct lg_btf_member member[MEMBERS];
	s64 enumerator;
	u32 percpu[PERCPUS];
};

static int untouched(const void *p, size_t size)
{
	const uint8_t *byte = p;

	while (size--)
		if (*byte++ != POISON)
			return 0;
	return 1;
}

static int ask(const void *blob, size_t size, struct lg_btf *btf,
	       struct answers *a)
{
	int i, ret = lg_btf_open(btf, blob, size);

	memset(a, POISON, sizeof(*a));
	if (ret) {
		require(ret == -EINVAL);
		return ret;
	}

	a->has_struct = lg_btf_has_struct(btf, members[0][0]);
	for (i = 0; i < MEMBERS; i++) {
		ret = lg_btf_member(btf, members[i][0], members[i][1],
				    &a->member[i]);
		a->member_ret[i] = ret;
		require(!ret || ((ret == -ENOENT || ret == -EINVAL ||
				  ret == -ENOTUNIQ) &&
				 untouched(&a->member[i], sizeof(a->member[i]))));
		require(ret || lg_btf_has_struct(btf, members[i][0]));
	}

	ret = lg_btf_enumerator(btf, ENUMERATOR, &a->enumerator);
	a->enumerator_ret = ret;
	require(!ret || ((ret == -ENOENT || ret == -EINVAL || ret == -ENOTUNIQ) &&
			 untouched(&a->enumerator, sizeof(a->enumerator))));

	for (i = 0; i < PERCPUS; i++) {
		ret = lg_btf_percpu(btf, percpus[i], &a->percpu[i]);
		a->percpu_ret[i] = ret;
		require(!ret || ((ret == -ENOENT || ret == -EINVAL) &&
				 untouched(&a->percpu[i], sizeof(a->percpu[i]))));
	}
	return 0;
}

static int anything_found(const struct answers *a)
{
	int i, any = !a->enumerator_ret;

	for (i = 0; i < MEMBERS; i++)
		any |= !a->member_ret[i];
	for (i = 0; i < PERCPUS; i++)
		any |= !a->percpu_ret[i];
	return any;
}

/* Is there anything that could be a struct @name of at least @size bytes? */
static int struct_claims(const struct lg_btf *btf, const char *name, u64 size)
{
	u32 at;

	for (at = 0; at + sizeof(struct btf_type) <= btf->types_len; at += 4) {
		const struct btf_type *t = (const void *)(btf->types + at);

		if (btf_is_struct(t) && t->name_off < btf->strings_len &&
		    !strcmp(btf->strings + t->name_off, name) && t->size >= size)
			return 1;
	}
	return 0;
}

static void check_extent(const struct lg_btf *btf, const struct answers *a)
{
	int i;

	for (i = 0; i < MEMBERS; i++)
		require(a->member_ret[i] ||
			struct_claims(btf, members[i][0],
				      (u64)a->member[i].offset +
				      a->member[i].size));
}

/* A blob that ends early cannot be opened, or nothing that it lost counts. */
static void check_cut(const uint8_t *data, size_t size, const struct answers *whole)
{
	struct answers a;
	struct lg_btf btf;
	void *copy = copy_of(data, size);

	if (!ask(copy, size, &btf, &a))
		require(!memcmp(&a, whole, sizeof(a)));
	free(copy);
}

/* May fewer types answer @ret where all of them answered @whole? */
static int may_become(int whole, int ret, int same)
{
	if (!whole)
		return ret || same;
	return whole != -ENOENT || ret;
}

static void check_fewer_types(const uint8_t *data, size_t size, u32 type_len,
			      const struct answers *whole)
{
	struct btf_header *h = copy_of(data, size);
	struct answers a;
	struct lg_btf btf;
	int i;

	h->type_len = type_len;
	require(!ask(h, size, &btf, &a));
	require(whole->has_struct || !a.has_struct);
	for (i = 0; i < MEMBERS; i++)
		require(may_become(whole->member_ret[i], a.member_ret[i],
				   !memcmp(&whole->member[i], &a.member[i],
					   sizeof(a.member[i]))));
	require(may_become(whole->enumerator_ret, a.enumerator_ret,
			   whole->enumerator == a.enumerator));
	for (i = 0; i < PERCPUS; i++)
		require(may_become(whole->percpu_ret[i], a.percpu_ret[i],
				   whole->percpu[i] == a.percpu[i]));
	free(h);
}

/* ---------------------------------------------------------------- libbpf -- */

static int named(const struct btf *btf, u32 offset, const char *name)
{
	return !strcmp(btf__name_by_offset(btf, offset), name);
}

static void compare_member(const struct btf *btf, const char *const name[2],
			   int ret, const struct lg_btf_member *found)
{
	const struct btf_type *t;
	int i, j, seen = 0;

	for (i = 1; i < (int)btf__type_cnt(btf); i++) {
		t = btf__type_by_id(btf, i);
		if (!btf_is_struct(t) || !named(btf, t->name_off, name[0]))
			continue;
		for (j = 0; j < btf_vlen(t); j++) {
			const struct btf_member *m = btf_members(t) + j;

			if (!named(btf, m->name_off, name[1]))
				continue;
			seen++;
			if (ret)
				continue;
			require(!btf_member_bitfield_size(t, j));
			require(btf_member_bit_offset(t, j) ==
				(u64)found->offset * 8);
			require(btf__resolve_size(btf, m->type) == found->size);
			require((u64)found->offset + found->size <= t->size);
		}
	}
	require(ret != -ENOENT ? seen > (ret == -ENOTUNIQ) : !seen);
}

static s64 value_of(const struct btf_type *t, int i)
{
	if (btf_is_enum64(t))
		return btf_enum64_value(&btf_enum64(t)[i]);
	return btf_kflag(t) ? btf_enum(t)[i].val : (s64)(u32)btf_enum(t)[i].val;
}

static void compare_enumerator(const struct btf *btf, int ret, s64 value)
{
	int i, j, seen = 0, differ = 0;
	s64 v, first = 0;

	for (i = 1; i < (int)btf__type_cnt(btf); i++) {
		const struct btf_type *t = btf__type_by_id(btf, i);

		if (!btf_is_any_enum(t))
			continue;
		for (j = 0; j < btf_vlen(t); j++) {
			if (!named(btf, btf_is_enum(t) ?
				   btf_enum(t)[j].name_off :
				   btf_enum64(t)[j].name_off, ENUMERATOR))
				continue;
			v = value_of(t, j);
			differ |= seen++ && v != first;
			first = v;
		}
	}
	require(ret == (!seen ? -ENOENT : differ ? -ENOTUNIQ : 0));
	require(ret || value == first);
}

static void compare_percpu(const struct btf *btf, const char *name, int ret,
			   u32 offset)
{
	int var = btf__find_by_name_kind(btf, name, BTF_KIND_VAR);
	int i, j;

	for (i = 1; i < (int)btf__type_cnt(btf); i++) {
		const struct btf_type *t = btf__type_by_id(btf, i);

		if (!btf_is_datasec(t) || !named(btf, t->name_off, ".data..percpu"))
			continue;
		for (j = 0; j < btf_vlen(t); j++) {
			if ((int)btf_var_secinfos(t)[j].type != var)
				continue;
			require(!ret && btf_var_secinfos(t)[j].offset == offset);
			return;
		}
	}
	require(ret == -ENOENT);
}

/* libbpf takes no blob that is malformed anywhere; then there is no comparison. */
static void compare_with_libbpf(const uint8_t *data, size_t size,
				const struct answers *a)
{
	struct btf *btf = btf__new(data, size);
	int i;

	if (!btf)
		return;
	btf__set_pointer_size(btf, 8);
	/* bits that count since 7.3, and that this libbpf does not know of */
	for (i = 1; i < (int)btf__type_cnt(btf); i++)
		if (btf__type_by_id(btf, i)->info & 0x60ff0000) {
			btf__free(btf);
			return;
		}
	for (i = 0; i < MEMBERS; i++)
		compare_member(btf, members[i], a->member_ret[i], &a->member[i]);
	compare_enumerator(btf, a->enumerator_ret, a->enumerator);
	for (i = 0; i < PERCPUS; i++)
		compare_percpu(btf, percpus[i], a->percpu_ret[i], a->percpu[i]);
	btf__free(btf);
	if (anything_found(a))
		count_answered();
}

/* ------------------------------------------------------------- mutations -- */

/*
 * Mostly the types or the strings alone are mutated, and the header is made to
 * fit: nearly all else would end in lg_btf_open(), or in libbpf's refusal.
 */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	struct btf_header *h = (void *)data;
	struct lg_btf btf;
	u32 types, strings, words;
	uint8_t *copy, *word;

	if (seed % 16 == 0 || lg_btf_open(&btf, data, size) ||
	    h->hdr_len != sizeof(*h) || h->type_off ||
	    h->str_off != h->type_len || max_size < size + GROWTH)
		return LLVMFuzzerMutate(data, size, max_size);

	types = h->type_len;
	strings = h->str_len;
	seed /= 16;
	words = types / sizeof(u32);
	word = data + sizeof(*h) + sizeof(u32) * (words ? seed / 8 % words : 0);
	if (words && seed % 8 < 3) {
		/* one byte, so that most ids and offsets stay small */
		LLVMFuzzerMutate(word + seed % 8, 1, 1);
	} else if (words && seed % 8 < 6) {
		memmove(word, data + sizeof(*h) +
			sizeof(u32) * (seed / 64 % words), sizeof(u32));
	} else if (seed % 8 == 6) {
		copy = copy_of(btf.strings, strings);
		types = LLVMFuzzerMutate(data + sizeof(*h), types, types + GROWTH);
		memcpy(data + sizeof(*h) + types, copy, strings);
		free(copy);
	} else {
		strings = LLVMFuzzerMutate(data + sizeof(*h) + types, strings,
					   strings + GROWTH);
		data[sizeof(*h) + types + strings - 1] = 0;
	}
	h->type_len = types;
	h->str_off = types;
	h->str_len = strings;
	return sizeof(*h) + types + strings;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u32 h = hash(data, size);
	struct answers a;
	struct lg_btf btf;

	libbpf_set_print(NULL);
	if (ask(data, size, &btf, &a))
		return 0;
	check_extent(&btf, &a);
	check_cut(data, size, &a);
	check_cut(data, h % size, &a);
	check_fewer_types(data, size, h % (btf.types_len + 1), &a);
	check_fewer_types(data, size, h % (btf.types_len + 1) & ~3, &a);
	compare_with_libbpf(data, size, &a);
	return 0;
}
