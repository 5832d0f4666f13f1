// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzer for module/arch/x86/site.c. The input is struct input and the loop function's text.
 * A call that lands near the consume function counts, so that mutations do not
 * lose every call.
 *
 * Each site that is found has to be the load or the compare that it claims to be, and the
 * answer the same wherever the function runs. A part of the function may have fewer sites.
 */
#include <errno.h>

#include "../../module/arch/arch.h"
#include "../../module/flow.h"
#include "../../module/image.h"
#include "fuzz.h"

enum {
	CALL_LEN	= 5,
	NEAR		= 128,
	MAX_CALLS	= 4,
	RSP		= 4,
	R12		= 12,
};

struct input {
	s32 consume;	/* its offset from the start of the loop function */
	s32 disp;	/* of nr_tasks */
};

static unsigned long consume;

/* for code that leaves a function: no probe */
int lg_image_symbol(unsigned long address, struct lg_symbol *sym)
{
	(void)address;
	(void)sym;
	return 0;
}

static bool is_consume(unsigned long target)
{
	return target - consume + NEAR < 2 * NEAR;
}

struct answer {
	int ret;
	struct lg_sites sites;
};

/* What surely is a load is decoded here in another way than there. */
static void check_insn(const u8 *text, u32 len, u32 at, const struct lg_operand *nr_tasks,
		       s32 want)
{
	const u8 *p = text + at, *end = text + len;
	u8 rex = 0, op, modrm, base, sib = 0;
	int index = X86_NO_REG;
	s32 disp = 0, imm = 0;
	int8_t disp8;

	require(p < end);
	if ((*p & 0xf0) == 0x40)
		rex = *p++;
	require(!(rex & 8) && p + 2 <= end);
	op = *p++;
	modrm = *p++;
	require(op == 0x8b || ((op == 0x83 || op == 0x81) && (modrm & 0x38) == 0x38));
	base = modrm & 7;
	if (base == 4) {
		require(p < end);
		sib = *p++;
		base = sib & 7;
		index = (sib >> 3 & 7) + (rex & 2 ? 8 : 0);
		index = index == RSP ? X86_NO_REG : index;
	}
	switch (modrm & 0xc0) {
	case 0x00:
		require(base != 5);
		break;
	case 0x40:
		require(p + 1 <= end);
		disp8 = *p++;
		disp = disp8;
		break;
	case 0x80:
		require(p + 4 <= end);
		memcpy(&disp, p, sizeof(disp));
		p += 4;
		break;
	default:
		require(!"a register is no memory");
	}
	require(disp == want && nr_tasks->disp == want);
	if (op != 0x8b) {
		require(p + (op == 0x83 ? 1 : 4) <= end);
		memcpy(&imm, p, op == 0x83 ? 1 : 4);
		require(!imm);
	}

	base += rex & 1 ? 8 : 0;
	require(nr_tasks->base == base && base != RSP);
	require(nr_tasks->index == index);
	require(index == X86_NO_REG || nr_tasks->scale == 1 << (sib >> 6));
}

/* Count the calls without the code under test; each has to be in @calls. */
static u32 count_calls(const struct lg_code *code, const u32 *calls, u32 max)
{
	u32 at, nr = 0;
	s32 rel;

	for (at = 0; at + CALL_LEN <= code->len; at++) {
		memcpy(&rel, code->text + at + 1, sizeof(rel));
		if (code->text[at] != 0xe8 ||
		    !is_consume(code->address + at + CALL_LEN + (s64)rel))
			continue;
		if (nr < max)
			require(calls[nr] == at);
		nr++;
	}
	return nr;
}

/* Ask of the part of the text between two offsets; @address is that of the whole. */
static struct answer find(const u8 *text, u32 from, u32 to,
			  const struct input *in, unsigned long address)
{
	/* on the heap for ASan to guard their ends */
	struct lg_code code = {
		.text = copy_of(text + from, to - from),
		.len = to - from,
		.address = address + from,
	};
	struct lg_disps disps = { .disp = { in->disp }, .nr = 1 };
	u32 *calls = malloc(MAX_CALLS * sizeof(*calls));
	struct answer a;
	u32 nr, i;
	int found;

	memset(&a, 0xa5, sizeof(a));
	consume = address + (s64)in->consume;
	found = lg_flow_calls(&code, is_consume, calls, MAX_CALLS);
	nr = count_calls(&code, calls, MAX_CALLS);
	require(found == (nr > MAX_CALLS ? -E2BIG : (int)nr));

	a.ret = lg_arch_find_sites(&code, is_consume, &disps, &a.sites);
	require(a.ret != -ENOENT || !nr);
	require(a.ret == -ENOENT || a.ret == -ESRCH || nr);
	require(!a.ret || a.ret == -ENOENT || a.ret == -ESRCH || a.ret == -ENOTUNIQ ||
		a.ret == -E2BIG);
	require(a.ret || (a.sites.nr && a.sites.nr <= nr && a.sites.nr <= LG_MAX_SITES));
	for (i = 0; !a.ret && i < a.sites.nr; i++) {
		check_insn(code.text, code.len, a.sites.at[i], &a.sites.nr_tasks[i], in->disp);
		a.sites.at[i] += from;
	}
	for (i = 0; !a.ret && i < a.sites.nr_counts; i++)
		require(a.sites.counts[i] < code.len);
	for (i = 0; !a.ret && i < a.sites.nr_ends; i++)
		require(a.sites.ends[i] < code.len);
	free(calls);
	free((void *)code.text);
	return a;
}

static int has_site(const struct answer *a, u32 at)
{
	u32 i;

	for (i = 0; i < a->sites.nr; i++)
		if (a->sites.at[i] == at)
			return 1;
	return 0;
}

/* In a part of the text there may be some sites left, but no other ones. */
static void check_part(const u8 *text, u32 from, u32 to, const struct input *in,
		       const struct answer *whole)
{
	struct answer a = find(text, from, to, in, 0);
	u32 i;

	if (a.ret || whole->ret)
		return;
	require(a.sites.nr_counts <= whole->sites.nr_counts);
	for (i = 0; i < a.sites.nr; i++)
		require(has_site(whole, a.sites.at[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u32 h = hash(data, size);
	struct answer a, moved;
	struct input in;

	if (!take(&in, sizeof(in), &data, &size))
		return 0;

	a = find(data, 0, size, &in, 0);
	moved = find(data, 0, size, &in, 0xffffffff81000000);
	require(a.ret == moved.ret);
	require(a.ret || !memcmp(&a.sites, &moved.sites, sizeof(a.sites)));
	check_part(data, 0, h % (size + 1), &in, &a);
	check_part(data, h % (size + 1), size, &in, &a);
	if (!a.ret) {
		count_answered();
		/* somewhere about the site */
		check_part(data, 0, (a.sites.at[0] + h % 32) % size, &in, &a);
	}
	return 0;
}
