// SPDX-License-Identifier: GPL-2.0-only
/*
 * The loop in which a CPU waits for a kicked one: forms of compilers, and what is none of them
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../module/arch/arch.h"
#include "../../module/flow.h"
#include "spin.h"

enum { SEQ = 0x990, ABSOLUTE = 0x2e910 };

static const s32 disps[] = { SEQ, ABSOLUTE };

#define BYTES(...) { __VA_ARGS__ }, sizeof((u8[]){ __VA_ARGS__ })
#define LOAD_GCC 0x49, 0x8b, 0x93, 0x90, 0x09, 0, 0	/* mov 0x990(%r11),%rdx */
#define CMP_GCC 0x49, 0x39, 0x12			/* cmp %rdx,(%r10) */
#define LOAD_CLANG 0x48, 0x8b, 0xb2, 0x10, 0xe9, 2, 0	/* mov 0x2e910(%rdx),%rsi */
#define CMP_CLANG 0x48, 0x3b, 0x34, 0xc7		/* cmp (%rdi,%rax,8),%rsi */
#define PAUSE 0xf3, 0x90
#define RET 0xc3

/* Each begins where an instruction does. */
static const struct {
	const char *what;
	u8 text[96];
	u32 len;
	int wanted;	/* where the compare is, or -errno */
} forms[] = {
	{ "gcc 12 -O2", BYTES(PAUSE, LOAD_GCC, CMP_GCC, 0x74, 0xf2, RET), 9 },
	{ "gcc 11, the load in its own register",
	  BYTES(PAUSE, 0x4d, 0x8b, 0x8b, 0x90, 0x09, 0, 0, 0x4d, 0x39, 0x0a, 0x74, 0xf2, RET), 9 },
	{ "gcc 12 -Os, a jump back to the load, and others to wait for",
	  BYTES(0x49, 0x8b, 0xb2, 0x90, 0x09, 0, 0, 0x49, 0x39, 0x31, 0x75, 4, PAUSE, 0xeb, 0xf0,
		0xeb, 0xee, RET), 7 },
	{ "clang 16, clang 19", BYTES(PAUSE, LOAD_CLANG, CMP_CLANG, 0x74, 0xf1, RET), 9 },
	{ "clang 19 -Os, a shared compare",
	  BYTES(CMP_CLANG, 0x75, 0x0b, PAUSE, LOAD_CLANG, 0xeb, 0xef, RET), 0 },
	{ "gcc 12, KASAN in line",
	  BYTES(0xeb, 0x16, 0x49, 0x8b, 0x98, 0x90, 0x09, 0, 0, 0x41, 0x80, 0x39, 0, 0x75, 0x13,
		0x48, 0x39, 0x1a, 0x75, 0x0e, 0x90, 0x90, 0x90, 0x90, PAUSE, 0x41, 0x80, 0x3a, 0,
		0x74, 0xe2, 0xeb, 0xe0, RET), 15 },
	{ "gcc 12, KASAN and KCSAN by calls",
	  BYTES(PAUSE, 0x4c, 0x89, 0xff, 0xe8, 0, 0x10, 0, 0, 0x49, 0x8b, 0x9e, 0x90, 0x09, 0, 0,
		0x4c, 0x89, 0xef, 0xe8, 0, 0x10, 0, 0, 0x49, 0x39, 0x5d, 0, 0x74, 0xe1, RET), 25 },
	{ "a compare of two registers",
	  BYTES(PAUSE, LOAD_GCC, 0x49, 0x8b, 0x0a, 0x48, 0x39, 0xca, 0x74, 0xef, RET), 12 },
	{ "nobody waits", BYTES(LOAD_GCC, CMP_GCC, 0x74, 0xf2, RET), -ENOENT },
	{ "the load of another field",
	  BYTES(PAUSE, 0x49, 0x8b, 0x93, 0x98, 0x09, 0, 0, CMP_GCC, 0x74, 0xf2, RET), -ESRCH },
	{ "a load of 32 bits",
	  BYTES(PAUSE, 0x41, 0x8b, 0x93, 0x90, 0x09, 0, 0, CMP_GCC, 0x74, 0xf2, RET), -ESRCH },
	{ "a compare of another register",
	  BYTES(PAUSE, LOAD_GCC, 0x49, 0x39, 0x0a, 0x74, 0xf2, RET), -ESRCH },
	{ "the loop goes on while it differs",
	  BYTES(PAUSE, LOAD_GCC, CMP_GCC, 0x75, 0xf2, RET), -ESRCH },
	{ "it goes back to somewhere else",
	  BYTES(0x90, PAUSE, LOAD_GCC, CMP_GCC, 0x74, 0x00, RET), -ESRCH },
	{ "the register is written between load and compare",
	  BYTES(PAUSE, LOAD_GCC, 0x48, 0x89, 0xca, CMP_GCC, 0x74, 0xef, RET), -ESRCH },
	{ "that of the load's address is",
	  BYTES(PAUSE, LOAD_GCC, 0x49, 0x89, 0xcb, CMP_GCC, 0x74, 0xef, RET), -ESRCH },
	{ "a call may change both",
	  BYTES(PAUSE, LOAD_GCC, 0xe8, 0, 0x10, 0, 0, CMP_GCC, 0x74, 0xed, RET), -ESRCH },
	{ "the load overwrites its address",
	  BYTES(PAUSE, 0x48, 0x8b, 0x92, 0x90, 0x09, 0, 0, CMP_GCC, 0x74, 0xf2, RET), -ESRCH },
	{ "something else is decided in it",
	  BYTES(PAUSE, LOAD_GCC, 0x48, 0x85, 0xd2, 0x74, 5, CMP_GCC, 0x74, 0xed, RET), -ESRCH },
	{ "two such loops",
	  BYTES(PAUSE, LOAD_GCC, CMP_GCC, 0x74, 0xf2, PAUSE, LOAD_GCC, CMP_GCC, 0x74, 0xf2, RET),
	  -ENOTUNIQ },
	{ "an instruction that is not known", BYTES(PAUSE, 0x62, 0xf1, RET), -ESRCH },
	{ "a breakpoint of somebody else's",
	  BYTES(PAUSE, LOAD_GCC, 0xcc, 0x39, 0x12, 0x74, 0xf2, RET), -ESRCH },
};

/* As the module finds it. */
static int find(const struct lg_code *code, const s32 *at, struct lg_spin *spin)
{
	u8 *map = malloc(code->len);
	int ret = lg_arch_find_spin(code, at, spin);

	if (!ret && !lg_flow_every_round(code, map, &spin->pause, 1, &spin->offset, 1))
		ret = -ESRCH;
	free(map);
	return ret;
}

static int find_cut(const u8 *text, u32 len, const s32 *at, struct lg_spin *spin)
{
	u8 *copy = malloc(len ?: 1);
	struct lg_code code = { .text = copy, .len = len };
	int ret;

	memcpy(copy, text, len);
	ret = find(&code, at, spin);
	free(copy);
	return ret;
}

void test_spin_forms(void)
{
	struct lg_spin spin;
	char what[128];
	size_t i;
	int got;

	for (i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		got = find_cut(forms[i].text, forms[i].len, disps, &spin) ?: (int)spin.offset;
		snprintf(what, sizeof(what), "a wait, %s: %s", forms[i].what,
			 forms[i].wanted < 0 ? "refused" : "found");
		if (got != forms[i].wanted)
			fprintf(stderr, "unit: %s: %d\n", what, got);
		claim(got == forms[i].wanted, what);
	}
}

void test_spin(const struct lg_code *code, s32 offset, s32 runqueues)
{
	const s32 at[] = { offset, runqueues + offset };
	const s32 other[] = { offset + 8, runqueues + offset + 8 };
	struct lg_spin spin = {}, found;
	int wrong = 0, lost = 0;
	u8 *text = (u8 *)code->text;
	u32 bit;

	claim(!find(code, at, &spin), "the kernel's wait for a kicked CPU is found");
	claim(spin.loaded.base != spin.seq.base &&
	      (spin.seq.disp == at[0] || spin.seq.disp == at[1]),
	      "the load is of the sequence");
	claim(find(code, other, &found) == -ESRCH, "with another field's displacement it is not");
	for (bit = 0; bit < code->len * 8; bit++) {
		text[bit / 8] ^= 1 << bit % 8;
		if (find(code, at, &found))
			lost++;
		else
			wrong += found.offset != spin.offset;
		text[bit / 8] ^= 1 << bit % 8;
	}
	claim(lost && !wrong, "with any one bit flipped it is found or refused, never misplaced");
	for (bit = wrong = 0; bit < code->len; bit++)
		wrong += !find_cut(text, bit, at, &found) && found.offset != spin.offset;
	claim(!wrong, "cut off anywhere it is found or refused, never misplaced");
}

void test_no_spin(const struct lg_code *code)
{
	struct lg_spin found;

	claim(find(code, disps, &found) == -ENOENT, "where this kernel kicks it does not wait");
}
