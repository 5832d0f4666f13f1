// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the code asks whether there is an ops.dispatch: forms of compilers, and what is none of
 * them
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../module/arch/arch.h"
#include "../../module/flow.h"
#include "gate.h"

enum { HAS_OP = 0x230, BIT = 3 };

/* In ways: an instruction of 5 bytes that is not what is looked for. */
#define FLUSH "\xe8\x11\x11\x11\x11"			/* call */
#define LOAD "\x49\x8b\x85\x30\x02\x00\x00"		/* mov 0x230(%r13),%rax */
#define TEST_AL "\xa8\x08"				/* test $0x8,%al */
#define TEST_CLANG "\x49\xf7\x84\x24\x30\x02\x00\x00\x08\x00\x00\x00" /* testq $0x8,0x230(%r12) */
#define NOP "\x90"
#define RET "\xc3"

#define TEXT(s) .text = (const u8 *)(s), .len = sizeof(s) - 1

/* A function each. */
static const struct {
	const char *what;
	const u8 *text;
	u32 len;
	int wanted;	/* where the gate is, or -errno */
} forms[] = {
	/* 7.2.12, 7.3.4 and the builds of the zoo */
	{ "gcc 11, 12, 14", TEXT(NOP LOAD TEST_AL "\x74\x05" FLUSH RET), 1 },
	{ "gcc, a long jump", TEXT(LOAD TEST_AL "\x0f\x84\x05\x00\x00\x00" FLUSH RET), 0 },
	{ "gcc, KASAN before it",
	  TEXT("\xe8\x00\x00\x00\x00\x48\x8b\x85\x30\x02\x00\x00" TEST_AL "\x74\x05" FLUSH
	       RET), 5 },
	{ "clang 14, 16, 19", TEXT(TEST_CLANG "\x74\x05" FLUSH RET), 0 },
	{ "clang, the other way round", TEXT(TEST_CLANG "\x75\x01" RET FLUSH RET), 0 },
	{ "a register other than rax",
	  TEXT("\x49\x8b\x8d\x30\x02\x00\x00\xf6\xc1\x08\x74\x05" FLUSH RET), 0 },
	{ "another bit", TEXT(LOAD "\xa8\x10\x74\x05" FLUSH RET), -ESRCH },
	{ "two bits", TEXT(LOAD "\xa8\x0c\x74\x05" FLUSH RET), -ESRCH },
	{ "another word",
	  TEXT("\x49\x8b\x85\x38\x02\x00\x00" TEST_AL "\x74\x05" FLUSH RET), -ESRCH },
	{ "a load of 32 bits",
	  TEXT("\x41\x8b\x85\x30\x02\x00\x00" TEST_AL "\x74\x05" FLUSH RET), -ESRCH },
	{ "the test of another register",
	  TEXT(LOAD "\xf6\xc1\x08\x74\x05" FLUSH RET), -ESRCH },
	{ "the test of a second byte",
	  TEXT("\x49\x8b\xa5\x30\x02\x00\x00\xf6\xc4\x08\x74\x05" FLUSH RET), -ESRCH },
	{ "something between load and test",
	  TEXT(LOAD NOP TEST_AL "\x74\x05" FLUSH RET), -ESRCH },
	{ "no jump", TEXT(LOAD TEST_AL "\x0f\x94\xc0" FLUSH RET), -ESRCH },
	{ "the jump of a sign", TEXT(LOAD TEST_AL "\x78\x05" FLUSH RET), -ESRCH },
	{ "a jump out of the function", TEXT(LOAD TEST_AL "\x74\x65" FLUSH RET), -ESRCH },
	{ "in two places",
	  TEXT(LOAD TEST_AL "\x74\x0b" LOAD TEST_AL "\x74\x05" FLUSH RET), -ENOTUNIQ },
	{ "nothing of it", TEXT(FLUSH RET), -ESRCH },
	{ "cut off", TEXT(LOAD TEST_AL "\x74"), -ESRCH },
	{ "an instruction that is not known", TEXT("\x62\xf1" LOAD TEST_AL "\x74\x00" RET),
	  -ESRCH },
	/* the bit is asked for, but that is not what the rounds depend on */
	{ "a way round it", TEXT("\x75\x0b" LOAD TEST_AL "\x74\x05" FLUSH RET), -EINVAL },
	{ "a way to the test alone", TEXT("\x75\x07" LOAD TEST_AL "\x74\x05" FLUSH RET), -EINVAL },
	{ "rounds if it is clear", TEXT(LOAD TEST_AL "\x75\x05" FLUSH RET), -EINVAL },
	{ "rounds in both cases", TEXT(LOAD TEST_AL "\x74\x00" FLUSH RET), -EINVAL },
};

/* As the module asks; -EINVAL: it is no gate. */
static int find(const struct lg_code *code)
{
	u8 *map = malloc(code->len);
	struct lg_gate gate;
	u32 flush, at;
	int ret;

	ret = lg_arch_find_gate(code, HAS_OP, BIT, &gate);
	for (at = 0, flush = 0; at + 5 <= code->len; at++)
		if (!memcmp(code->text + at, FLUSH, 5))
			flush = at;
	if (!ret && !lg_flow_only_through(code, map, gate.at, gate.clear, &flush, 1))
		ret = -EINVAL;
	free(map);
	return ret ?: (int)gate.at;
}

/**
 * test_gates - find all of them
 * @claim: told what holds
 */
void test_gates(void (*claim)(int holds, const char *what))
{
	char what[128];
	size_t i;
	int ret;

	for (i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		/* of its own, so that a read behind its end is noticed */
		u8 *text = malloc(forms[i].len);
		struct lg_code code = { .text = text, .len = forms[i].len };

		memcpy(text, forms[i].text, code.len);
		ret = find(&code);
		snprintf(what, sizeof(what), "the way out: %s", forms[i].what);
		if (ret != forms[i].wanted)
			fprintf(stderr, "unit: %s: %d\n", what, ret);
		claim(ret == forms[i].wanted, what);
		free(text);
	}
}
