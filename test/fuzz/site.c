// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzer for module/arch/x86/site.c. The input is struct input and the loop function's text.
 * A call that lands near the consume function counts, so that mutations do not
 * lose every call.
 *
 * What is found has to be the load or the compare that it claims to be, the same
 * wherever the function runs, and the same in a part of the function, unless that
 * is refused.
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
	struct lg_site site;
};

/* What surely is a load is decoded here in another way than there. */
static void check_insn(const u8 *text, u32 len, const struct lg_site *site,
		       s32 want)
{
	const u8 *p = text + site->offset, *end = text + len;
	u8 rex = 0, op, modrm, base, sib = 0;
	int index = X86_NO_REG;
	s32 disp = 0;
	int8_t disp8;

	require(p < end);
	if ((*p & 0xf0) == 0x40)
		rex = *p++;
	require(!(rex & 8) && p + 2 <= end);
	op = *p++;
	modrm = *p++;
	require(op == 0x8b || (op == 0x83 && (modrm & 0x38) == 0x38));
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
	require(disp == want && site->nr_tasks.disp == want);
	require(op != 0x83 || (p < end && !*p));

	base += rex & 1 ? 8 : 0;
	require(site->nr_tasks.base == base && base != RSP);
	require(site->nr_tasks.index == index);
	require(index == X86_NO_REG || site->nr_tasks.scale == 1 << (sib >> 6));
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
	u32 *calls = malloc(MAX_CALLS * sizeof(*calls));
	struct lg_site untouched;
	struct answer a;
	u32 nr;
	int found;

	memset(&a, 0xa5, sizeof(a));
	untouched = a.site;
	consume = address + (s64)in->consume;
	found = lg_flow_calls(&code, is_consume, calls, MAX_CALLS);
	nr = count_calls(&code, calls, MAX_CALLS);
	require(found == (nr > MAX_CALLS ? -E2BIG : (int)nr));

	a.ret = lg_arch_find_site(&code, is_consume, in->disp, &a.site);
	require((a.ret == -ENOENT) == !nr);
	if (a.ret) {
		require(a.ret == -ENOENT || a.ret == -ESRCH ||
			a.ret == -ENOTUNIQ);
		require(!memcmp(&a.site, &untouched, sizeof(untouched)));
		require(a.ret != -ENOTUNIQ || nr > 1);
	} else {
		check_insn(code.text, code.len, &a.site, in->disp);
		a.site.offset += from;
	}
	free(calls);
	free((void *)code.text);
	return a;
}

static int same_site(const struct answer *a, const struct answer *b)
{
	const struct lg_operand *m = &a->site.nr_tasks, *n = &b->site.nr_tasks;

	return a->site.offset == b->site.offset && m->base == n->base &&
	       m->index == n->index && m->scale == n->scale &&
	       m->disp == n->disp;
}

/*
 * In a part of the text there may be one site left of two, but no other one. A
 * countdown that is on every way to it is on each of those that are left.
 */
static void check_part(const u8 *text, u32 from, u32 to, const struct input *in,
		       const struct answer *whole)
{
	struct answer a = find(text, from, to, in, 0);

	require(a.ret || !whole->ret || whole->ret == -ENOTUNIQ);
	if (a.ret || whole->ret)
		return;
	require(same_site(&a, whole));
	require(!whole->site.bounded || a.site.bounded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u32 h = hash(data, size), len;
	struct answer a, moved;
	struct input in;

	if (size < sizeof(in))
		return 0;
	memcpy(&in, data, sizeof(in));
	data += sizeof(in);
	len = size - sizeof(in);

	a = find(data, 0, len, &in, 0);
	moved = find(data, 0, len, &in, 0xffffffff81000000);
	require(a.ret == moved.ret);
	require(a.ret || (same_site(&a, &moved) &&
			  a.site.bounded == moved.site.bounded));
	check_part(data, 0, h % (len + 1), &in, &a);
	check_part(data, h % (len + 1), len, &in, &a);
	if (!a.ret) {
		count_answered();
		/* somewhere about the site */
		check_part(data, 0, (a.site.offset + h % 32) % len, &in, &a);
	}
	return 0;
}
