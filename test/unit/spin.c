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

/* All end in a byte that is not 0. */
#define LOAD_GCC "\x49\x8b\x93\x90\x09\x00\x00"		/* mov 0x990(%r11),%rdx */
#define CMP_GCC "\x49\x39\x12"				/* cmp %rdx,(%r10) */
#define LOAD_CLANG "\x48\x8b\xb2\x10\xe9\x02\x00"	/* mov 0x2e910(%rdx),%rsi */
#define CMP_CLANG "\x48\x3b\x34\xc7"			/* cmp (%rdi,%rax,8),%rsi */
#define PAUSE "\xf3\x90"
#define RET "\xc3"

/* Each begins where an instruction does. */
static const struct {
	const char *what;
	u8 text[96];
	int wanted;	/* where the compare is, or -errno */
} forms[] = {
	{ "gcc 12 -O2", PAUSE LOAD_GCC CMP_GCC "\x74\xf2" RET, 9 },
	{ "gcc 11, the load in its own register",
	  PAUSE "\x4d\x8b\x8b\x90\x09\x00\x00\x4d\x39\x0a\x74\xf2" RET, 9 },
	{ "gcc 12 -Os, a jump back to the load, and others to wait for",
	  "\x49\x8b\xb2\x90\x09\x00\x00\x49\x39\x31\x75\x04" PAUSE "\xeb\xf0\xeb\xee" RET, 7 },
	{ "clang 16, clang 19", PAUSE LOAD_CLANG CMP_CLANG "\x74\xf1" RET, 9 },
	{ "clang 19 -Os, a shared compare",
	  CMP_CLANG "\x75\x0b" PAUSE LOAD_CLANG "\xeb\xef" RET, 0 },
	{ "gcc 12, KASAN in line",
	  "\xeb\x16\x49\x8b\x98\x90\x09\x00\x00\x41\x80\x39\x00\x75\x13\x48\x39\x1a"
	  "\x75\x0e\x90\x90\x90\x90" PAUSE "\x41\x80\x3a\x00\x74\xe2\xeb\xe0" RET, 15 },
	{ "gcc 12, KASAN and KCSAN by calls",
	  PAUSE
	  "\x4c\x89\xff\xe8\x00\x10\x00\x00\x49\x8b\x9e\x90\x09\x00\x00\x4c\x89\xef"
	  "\xe8\x00\x10\x00\x00\x49\x39\x5d\x00\x74\xe1" RET, 25 },
	{ "a compare of two registers",
	  PAUSE LOAD_GCC "\x49\x8b\x0a\x48\x39\xca\x74\xef" RET, 12 },
	{ "nobody waits", LOAD_GCC CMP_GCC "\x74\xf2" RET, -ENOENT },
	{ "the load of another field",
	  PAUSE "\x49\x8b\x93\x98\x09\x00\x00" CMP_GCC "\x74\xf2" RET, -ESRCH },
	{ "a load of 32 bits",
	  PAUSE "\x41\x8b\x93\x90\x09\x00\x00" CMP_GCC "\x74\xf2" RET, -ESRCH },
	{ "a compare of another register",
	  PAUSE LOAD_GCC "\x49\x39\x0a\x74\xf2" RET, -ESRCH },
	{ "the loop goes on while it differs",
	  PAUSE LOAD_GCC CMP_GCC "\x75\xf2" RET, -ESRCH },
	{ "it goes back to somewhere else",
	  "\x90" PAUSE LOAD_GCC CMP_GCC "\x74\x00" RET, -ESRCH },
	{ "the register is written between load and compare",
	  PAUSE LOAD_GCC "\x48\x89\xca" CMP_GCC "\x74\xef" RET, -ESRCH },
	{ "that of the load's address is",
	  PAUSE LOAD_GCC "\x49\x89\xcb" CMP_GCC "\x74\xef" RET, -ESRCH },
	{ "what was loaded is kept elsewhere too",
	  PAUSE LOAD_GCC "\x48\x89\xd1" CMP_GCC "\x74\xef" RET, -ESRCH },
	{ "what was loaded is spilled",
	  PAUSE LOAD_GCC "\x48\x89\x55\xd0" CMP_GCC "\x74\xee" RET, -ESRCH },
	{ "what was loaded leads to the other operand",
	  PAUSE LOAD_GCC "\x48\x39\x12\x74\xf2" RET, -ESRCH },
	{ "a call may change both",
	  PAUSE LOAD_GCC "\xe8\x00\x10\x00\x00" CMP_GCC "\x74\xed" RET, -ESRCH },
	{ "the load overwrites its address",
	  PAUSE "\x48\x8b\x92\x90\x09\x00\x00" CMP_GCC "\x74\xf2" RET, -ESRCH },
	{ "something else is decided in it",
	  PAUSE LOAD_GCC "\x48\x85\xd2\x74\x05" CMP_GCC "\x74\xed" RET, -ESRCH },
	{ "two such loops",
	  PAUSE LOAD_GCC CMP_GCC "\x74\xf2" PAUSE LOAD_GCC CMP_GCC "\x74\xf2" RET,
	  -ENOTUNIQ },
	{ "an instruction that is not known", PAUSE "\x62\xf1" RET, -ESRCH },
	{ "a breakpoint of somebody else's",
	  PAUSE LOAD_GCC "\xcc\x39\x12\x74\xf2" RET, -ESRCH },
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
	u32 len;
	int got;

	for (i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		for (len = sizeof(forms[i].text); !forms[i].text[len - 1];)
			len--;
		got = find_cut(forms[i].text, len, disps, &spin) ?: (int)spin.offset;
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
