/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What compilers make of the loop's end on arm64, behind a call of the consume function
 *
 * The comments are what the words mean; 9f is behind the last but one.
 */
#ifndef UNIT_ARM64_FORMS_H
#define UNIT_ARM64_FORMS_H

#include <errno.h>

enum {
	CONSUME		= 0x1000,
	NR_TASKS	= 12,		/* displacement, if the form has no other */
};

struct form {
	const char *what;
	int result;
	u32 sites[2];		/* offsets, 0: none */
	u8 base;		/* of the first */
	u8 counts;		/* countdowns of a native bound */
	s32 disp;
	u8 len;			/* words, without the call */
	u32 code[16];
};

static const struct form forms[] = {
	{ "gcc 14: tbnz; ldr; cbz",
	  .sites = { 0x8 }, .base = 19, .len = 5, .code = {
		0x37000080, 0xb9400e60,	/* tbnz w0,#0,9f; ldr w0,[x19,#12] */
		0x34000040, 0xb9000e7f,	/* cbz w0,9f; str wzr,[x19,#12] */
		0xd65f03c0,		/* ret */ } },
	{ "gcc 12: tst w0,#0xff; b.ne",
	  .sites = { 0xc }, .base = 21, .len = 6, .code = {
		0x72001c1f, 0x54000081,	/* tst w0,#0xff; b.ne 9f */
		0xb9400ea0, 0x34000040,	/* ldr w0,[x21,#12]; cbz w0,9f */
		0xb9000ebf, 0xd65f03c0,	/* str wzr,[x21,#12]; ret */ } },
	{ "Debian's 7.3.4: a countdown in a register, back to the head",
	  .sites = { 0x14 }, .base = 27, .counts = 1, .len = 8, .code = {
		0x370000e0, 0x7100079c,	/* tbnz w0,#0,9f; subs w28,w28,#1 */
		0x54000041, 0xd65f03c0,	/* b.ne 1f; ret */
		0xb9400f60, 0x34000040,	/* 1: ldr w0,[x27,#12]; cbz w0,9f */
		0xb9000f7f, 0xd65f03c0,	/* str wzr,[x27,#12]; ret */ } },
	{ "Debian's 7.3.4: one on the stack",
	  .sites = { 0x1c }, .base = 27, .counts = 1, .len = 10, .code = {
		0x37000120, 0xb94073e0,	/* tbnz w0,#0,9f; ldr w0,[sp,#112] */
		0x71000400, 0xb90073e0,	/* subs w0,w0,#1; str w0,[sp,#112] */
		0x54000041, 0xd65f03c0,	/* b.ne 1f; ret */
		0xb9400f60, 0x34000040,	/* 1: ldr w0,[x27,#12]; cbz w0,9f */
		0xb9000f7f, 0xd65f03c0,	/* str wzr,[x27,#12]; ret */ } },
	{ "clang: it counts up, and carries",
	  .sites = { 0x10 }, .base = 23, .counts = 1, .len = 7, .code = {
		0x370000c0, 0x31000718,	/* tbnz w0,#0,9f; adds w24,w24,#1 */
		0x54000082, 0xb9400ee8,	/* b.hs 9f; ldr w8,[x23,#12] */
		0x34000048, 0xb9000eff,	/* cbz w8,9f; str wzr,[x23,#12] */
		0xd65f03c0,		/* ret */ } },
	{ "sub and cbz for the countdown",
	  .sites = { 0x10 }, .base = 19, .counts = 1, .len = 7, .code = {
		0x370000c0, 0x51000694,	/* tbnz w0,#0,9f; sub w20,w20,#1 */
		0x34000094, 0xb9400e60,	/* cbz w20,9f; ldr w0,[x19,#12] */
		0x34000040, 0xb9000e7f,	/* cbz w0,9f; str wzr,[x19,#12] */
		0xd65f03c0,		/* ret */ } },
	{ "and w1,w0,#0xff; cbnz w1",
	  .sites = { 0xc }, .base = 19, .len = 6, .code = {
		0x12001c01, 0x35000081,	/* and w1,w0,#0xff; cbnz w1,9f */
		0xb9400e60, 0x34000040,	/* ldr w0,[x19,#12]; cbz w0,9f */
		0xb9000e7f, 0xd65f03c0,	/* str wzr,[x19,#12]; ret */ } },
	{ "the result in another register",
	  .sites = { 0x10 }, .base = 19, .len = 7, .code = {
		0x2a0003f6, 0xaa1403e1,	/* mov w22,w0; mov x1,x20 */
		0x37000096, 0xb9400e60,	/* tbnz w22,#0,9f; ldr w0,[x19,#12] */
		0x34000040, 0xb9000e7f,	/* cbz w0,9f; str wzr,[x19,#12] */
		0xd65f03c0,		/* ret */ } },
	{ "the not-found path by tbz, and a b",
	  .sites = { 0x14 }, .base = 19, .len = 9, .code = {
		0x36000040, 0xd65f03c0,	/* tbz w0,#0,1f; ret */
		0x14000002, 0xd503201f,	/* 1: b 2f; nop */
		0xb9400e60, 0x35000040,	/* 2: ldr w0,[x19,#12]; cbnz w0,3f */
		0xd65f03c0, 0xb9000e7f,	/* ret; 3: str wzr,[x19,#12] */
		0xd65f03c0,		/* ret */ } },
	{ "cmp w0,#0; b.eq",
	  .sites = { 0x8 }, .base = 19, .len = 6, .code = {
		0x370000a0, 0xb9400e60,	/* tbnz w0,#0,9f; ldr w0,[x19,#12] */
		0x7100001f, 0x54000040,	/* cmp w0,#0; b.eq 9f */
		0xb9000e7f, 0xd65f03c0,	/* str wzr,[x19,#12]; ret */ } },
	{ "tst w1,w1; b.ne",
	  .sites = { 0x8 }, .base = 19, .len = 8, .code = {
		0x370000e0, 0xb9400e61,	/* tbnz w0,#0,9f; ldr w1,[x19,#12] */
		0xaa0303e2, 0x6a01003f,	/* mov x2,x3; tst w1,w1 */
		0x54000041, 0xd65f03c0,	/* b.ne 1f; ret */
		0xb9000e7f, 0xd65f03c0,	/* 1: str wzr,[x19,#12]; ret */ } },
	{ "the head has a copy of the base",
	  .sites = { 0xc }, .base = 19, .len = 6, .code = {
		0x370000a0, 0xaa1303f4,	/* tbnz w0,#0,9f; mov x20,x19 */
		0xb9400e60, 0x34000040,	/* ldr w0,[x19,#12]; cbz w0,9f */
		0xb9000e9f, 0xd65f03c0,	/* str wzr,[x20,#12]; ret */ } },
	{ "the head has another distance to it",
	  .sites = { 0xc }, .base = 20, .len = 6, .code = {
		0x370000a0, 0x91068274,	/* tbnz w0,#0,9f; add x20,x19,#0x1a0 */
		0xb9400e80, 0x34000040,	/* ldr w0,[x20,#12]; cbz w0,9f */
		0xb901ae7f, 0xd65f03c0,	/* str wzr,[x19,#0x1ac]; ret */ } },
	{ "the base from the stack, twice",
	  .sites = { 0xc }, .base = 1, .len = 7, .code = {
		0x370000c0, 0xf9400be1,	/* tbnz w0,#0,9f; ldr x1,[sp,#16] */
		0xb9400c20, 0xf9400be2,	/* ldr w0,[x1,#12]; ldr x2,[sp,#16] */
		0x34000040, 0xb9000c5f,	/* cbz w0,9f; str wzr,[x2,#12] */
		0xd65f03c0,		/* ret */ } },
	{ "the same as a pair",
	  .sites = { 0xc }, .base = 1, .len = 7, .code = {
		0x370000c0, 0xa94087e4,	/* tbnz w0,#0,9f; ldp x4,x1,[sp,#8] */
		0xb9400c20, 0xf9400be2,	/* ldr w0,[x1,#12]; ldr x2,[sp,#16] */
		0x34000040, 0xb9000c5f,	/* cbz w0,9f; str wzr,[x2,#12] */
		0xd65f03c0,		/* ret */ } },
	{ "with the displacement of a scheduler's",
	  .sites = { 0x8 }, .base = 19, .disp = 428, .len = 5, .code = {
		0x37000080, 0xb941ae60,	/* tbnz w0,#0,9f; ldr w0,[x19,#428] */
		0x34000040, 0xb901ae7f,	/* cbz w0,9f; str wzr,[x19,#428] */
		0xd65f03c0,		/* ret */ } },
	{ "the head clears its neighbour as well",
	  .sites = { 0x8 }, .base = 19, .len = 5, .code = {
		0x37000080, 0xb9400e60,	/* tbnz w0,#0,9f; ldr w0,[x19,#12] */
		0x34000040, 0xf900067f,	/* cbz w0,9f; str xzr,[x19,#8] */
		0xd65f03c0,		/* ret */ } },
	{ "the head clears by a pair",
	  .sites = { 0x8 }, .base = 19, .len = 5, .code = {
		0x37000080, 0xb9400e60,	/* tbnz w0,#0,9f; ldr w0,[x19,#12] */
		0x34000040, 0x29017e65,	/* cbz w0,9f; stp w5,wzr,[x19,#8] */
		0xd65f03c0,		/* ret */ } },
	{ "the head clears by a register",
	  .sites = { 0xc }, .base = 19, .len = 6, .code = {
		0x370000a0, 0x52800005,	/* tbnz w0,#0,9f; mov w5,#0 */
		0xb9400e60, 0x34000040,	/* ldr w0,[x19,#12]; cbz w0,9f */
		0xb9000e65, 0xd65f03c0,	/* str w5,[x19,#12]; ret */ } },
	{ "GCOV counts on the way",
	  .sites = { 0x18 }, .base = 19, .len = 9, .code = {
		0x37000100, 0x90000001,	/* tbnz w0,#0,9f; adrp x1,0 */
		0xf9402022, 0x91000442,	/* ldr x2,[x1,#64]; add x2,x2,#1 */
		0xf9002022, 0xb9400e60,	/* str x2,[x1,#64]; ldr w0,[x19,#12] */
		0x34000040, 0xb9000e7f,	/* cbz w0,9f; str wzr,[x19,#12] */
		0xd65f03c0,		/* ret */ } },
	{ "two copies of the loop",
	  .sites = { 0x8, 0x1c }, .base = 19, .len = 10, .code = {
		0x37000120, 0xb9400e60,	/* tbnz w0,#0,9f; ldr w0,[x19,#12] */
		0x340000e0, 0xb9000e7f,	/* cbz w0,9f; str wzr,[x19,#12] */
		0x940003fb, 0x37000080,	/* bl .+0xfec; tbnz w0,#0,9f */
		0xb9400e80, 0x34000040,	/* ldr w0,[x20,#12]; cbz w0,9f */
		0xb9000e9f, 0xd65f03c0,	/* str wzr,[x20,#12]; ret */ } },
	{ "another field",
	  .result = -ESRCH, .len = 5, .code = {
		0x37000080, 0xb9401260,	/* tbnz w0,#0,9f; ldr w0,[x19,#16] */
		0x34000040, 0xb900127f,	/* cbz w0,9f; str wzr,[x19,#16] */
		0xd65f03c0,		/* ret */ } },
	{ "of 64 bits",
	  .result = -ESRCH, .disp = 16, .len = 5, .code = {
		0x37000080, 0xf9400a60,	/* tbnz w0,#0,9f; ldr x0,[x19,#16] */
		0xb4000040, 0xf9000a7f,	/* cbz x0,9f; str xzr,[x19,#16] */
		0xd65f03c0,		/* ret */ } },
	{ "on the stack",
	  .result = -ESRCH, .len = 5, .code = {
		0x37000080, 0xb9400fe0,	/* tbnz w0,#0,9f; ldr w0,[sp,#12] */
		0x34000040, 0xb9000fff,	/* cbz w0,9f; str wzr,[sp,#12] */
		0xd65f03c0,		/* ret */ } },
	{ "64 bits of it are tested",
	  .result = -ESRCH, .len = 5, .code = {
		0x37000080, 0xb9400e60,	/* tbnz w0,#0,9f; ldr w0,[x19,#12] */
		0xb4000040, 0xb9000e7f,	/* cbz x0,9f; str wzr,[x19,#12] */
		0xd65f03c0,		/* ret */ } },
	{ "another register is tested",
	  .result = -ESRCH, .len = 5, .code = {
		0x37000080, 0xb9400e60,	/* tbnz w0,#0,9f; ldr w0,[x19,#12] */
		0x34000041, 0xb9000e7f,	/* cbz w1,9f; str wzr,[x19,#12] */
		0xd65f03c0,		/* ret */ } },
	{ "a byte of it is tested",
	  .result = -ESRCH, .len = 6, .code = {
		0x370000a0, 0xb9400e60,	/* tbnz w0,#0,9f; ldr w0,[x19,#12] */
		0x72001c1f, 0x54000040,	/* tst w0,#0xff; b.eq 9f */
		0xb9000e7f, 0xd65f03c0,	/* str wzr,[x19,#12]; ret */ } },
	{ "another bit of the result is tested",
	  .result = -ESRCH, .len = 5, .code = {
		0x37080080, 0xb9400e60,	/* tbnz w0,#1,9f; ldr w0,[x19,#12] */
		0x34000040, 0xb9000e7f,	/* cbz w0,9f; str wzr,[x19,#12] */
		0xd65f03c0,		/* ret */ } },
	{ "the result is not tested",
	  .result = -ESRCH, .len = 4, .code = {
		0xb9400e60, 0x34000040,	/* ldr w0,[x19,#12]; cbz w0,9f */
		0xb9000e7f, 0xd65f03c0,	/* str wzr,[x19,#12]; ret */ } },
	{ "the head clears another's",
	  .result = -ESRCH, .len = 5, .code = {
		0x37000080, 0xb9400e60,	/* tbnz w0,#0,9f; ldr w0,[x19,#12] */
		0x34000040, 0xb9000e9f,	/* cbz w0,9f; str wzr,[x20,#12] */
		0xd65f03c0,		/* ret */ } },
	{ "the head clears what was another's base",
	  .result = -ESRCH, .len = 7, .code = {
		0x370000c0, 0xaa1303f4,	/* tbnz w0,#0,9f; mov x20,x19 */
		0xb9400e60, 0xf9400034,	/* ldr w0,[x19,#12]; ldr x20,[x1] */
		0x34000040, 0xb9000e9f,	/* cbz w0,9f; str wzr,[x20,#12] */
		0xd65f03c0,		/* ret */ } },
	{ "half of the base",
	  .result = -ESRCH, .len = 6, .code = {
		0x370000a0, 0x2a1303f4,	/* tbnz w0,#0,9f; mov w20,w19 */
		0xb9400e60, 0x34000040,	/* ldr w0,[x19,#12]; cbz w0,9f */
		0xb9000e9f, 0xd65f03c0,	/* str wzr,[x20,#12]; ret */ } },
	{ "the head stores something else",
	  .result = -ESRCH, .len = 5, .code = {
		0x37000080, 0xb9400e60,	/* tbnz w0,#0,9f; ldr w0,[x19,#12] */
		0x34000040, 0xb9000e65,	/* cbz w0,9f; str w5,[x19,#12] */
		0xd65f03c0,		/* ret */ } },
	{ "the head clears half of it",
	  .result = -ESRCH, .len = 5, .code = {
		0x37000080, 0xb9400e60,	/* tbnz w0,#0,9f; ldr w0,[x19,#12] */
		0x34000040, 0x79001a7f,	/* cbz w0,9f; strh wzr,[x19,#12] */
		0xd65f03c0,		/* ret */ } },
	{ "what ends the loop clears it",
	  .result = -ESRCH, .len = 5, .code = {
		0x37000080, 0xb9400e60,	/* tbnz w0,#0,9f; ldr w0,[x19,#12] */
		0x35000040, 0xb9000e7f,	/* cbnz w0,9f; str wzr,[x19,#12] */
		0xd65f03c0,		/* ret */ } },
	{ "the slot on the stack was written in between",
	  .result = -ESRCH, .len = 8, .code = {
		0x370000e0, 0xf9400be1,	/* tbnz w0,#0,9f; ldr x1,[sp,#16] */
		0xb9400c20, 0xf9000be3,	/* ldr w0,[x1,#12]; str x3,[sp,#16] */
		0xf9400be2, 0x34000040,	/* ldr x2,[sp,#16]; cbz w0,9f */
		0xb9000c5f, 0xd65f03c0,	/* str wzr,[x2,#12]; ret */ } },
	{ "somebody may have written it",
	  .result = -ESRCH, .len = 8, .code = {
		0x370000e0, 0xf9400be1,	/* tbnz w0,#0,9f; ldr x1,[sp,#16] */
		0xb9400c20, 0xf90000a3,	/* ldr w0,[x1,#12]; str x3,[x5] */
		0xf9400be2, 0x34000040,	/* ldr x2,[sp,#16]; cbz w0,9f */
		0xb9000c5f, 0xd65f03c0,	/* str wzr,[x2,#12]; ret */ } },
	{ "a call in between",
	  .result = -ESRCH, .len = 6, .code = {
		0x370000a0, 0x94000800,	/* tbnz w0,#0,9f; bl .+0x2000 */
		0xb9400e60, 0x34000040,	/* ldr w0,[x19,#12]; cbz w0,9f */
		0xb9000e7f, 0xd65f03c0,	/* str wzr,[x19,#12]; ret */ } },
	{ "a branch on something else",
	  .result = -ESRCH, .len = 6, .code = {
		0x370000a0, 0xb4000085,	/* tbnz w0,#0,9f; cbz x5,9f */
		0xb9400e60, 0x34000040,	/* ldr w0,[x19,#12]; cbz w0,9f */
		0xb9000e7f, 0xd65f03c0,	/* str wzr,[x19,#12]; ret */ } },
	{ "somebody's breakpoint",
	  .result = -ESRCH, .len = 6, .code = {
		0x370000a0, 0xd4200080,	/* tbnz w0,#0,9f; .inst 0xd4200080 */
		0xb9400e60, 0x34000040,	/* ldr w0,[x19,#12]; cbz w0,9f */
		0xb9000e7f, 0xd65f03c0,	/* str wzr,[x19,#12]; ret */ } },
	{ "a countdown of what is gone after a call",
	  .result = -ESRCH, .len = 7, .code = {
		0x370000c0, 0x71000508,	/* tbnz w0,#0,9f; subs w8,w8,#1 */
		0x54000080, 0xb9400e60,	/* b.eq 9f; ldr w0,[x19,#12] */
		0x34000040, 0xb9000e7f,	/* cbz w0,9f; str wzr,[x19,#12] */
		0xd65f03c0,		/* ret */ } },
	{ "a countdown by two",
	  .result = -ESRCH, .len = 7, .code = {
		0x370000c0, 0x71000a94,	/* tbnz w0,#0,9f; subs w20,w20,#2 */
		0x54000080, 0xb9400e60,	/* b.eq 9f; ldr w0,[x19,#12] */
		0x34000040, 0xb9000e7f,	/* cbz w0,9f; str wzr,[x19,#12] */
		0xd65f03c0,		/* ret */ } },
	{ "a countdown that borrows",
	  .result = -ESRCH, .len = 7, .code = {
		0x370000c0, 0x71000694,	/* tbnz w0,#0,9f; subs w20,w20,#1 */
		0x54000083, 0xb9400e60,	/* b.lo 9f; ldr w0,[x19,#12] */
		0x34000040, 0xb9000e7f,	/* cbz w0,9f; str wzr,[x19,#12] */
		0xd65f03c0,		/* ret */ } },
	{ "flags of something else",
	  .result = -ESRCH, .len = 7, .code = {
		0x370000c0, 0xb9400e60,	/* tbnz w0,#0,9f; ldr w0,[x19,#12] */
		0x7100001f, 0x6b04007f,	/* cmp w0,#0; cmp w3,w4 */
		0x54000040, 0xb9000e7f,	/* b.eq 9f; str wzr,[x19,#12] */
		0xd65f03c0,		/* ret */ } },
	{ "a base that is changed by the load",
	  .result = -ESRCH, .len = 5, .code = {
		0x37000080, 0xb840ce60,	/* tbnz w0,#0,9f; ldr w0,[x19,#12]! */
		0x34000040, 0xb9000e7f,	/* cbz w0,9f; str wzr,[x19,#12] */
		0xd65f03c0,		/* ret */ } },
	{ "floating point",
	  .result = -ESRCH, .len = 5, .code = {
		0x37000080, 0xbd400e60,	/* tbnz w0,#0,9f; ldr s0,[x19,#12] */
		0x34000040, 0xb9000e7f,	/* cbz w0,9f; str wzr,[x19,#12] */
		0xd65f03c0,		/* ret */ } },
	{ "a branch that leaves",
	  .result = -ESRCH, .len = 5, .code = {
		0x37000080, 0xb9400e60,	/* tbnz w0,#0,9f; ldr w0,[x19,#12] */
		0x35040000, 0xb9000e7f,	/* cbnz w0,.+0x8000; str wzr,[x19,#12] */
		0xd65f03c0,		/* ret */ } },
	{ "the code ends in the middle",
	  .result = -ESRCH, .len = 2, .code = {
		0x37000040, 0xb9400e60,	/* tbnz w0,#0,.+8; ldr w0,[x19,#12] */ } },
	{ "a copy of the loop that is not followed",
	  .result = -ENOTUNIQ, .len = 7, .code = {
		0x370000c0, 0xb9400e60,	/* tbnz w0,#0,9f; ldr w0,[x19,#12] */
		0x34000080, 0xb9000e7f,	/* cbz w0,9f; str wzr,[x19,#12] */
		0xb9400e80, 0x35000020,	/* ldr w0,[x20,#12]; cbnz w0,9f */
		0xd65f03c0,		/* ret */ } },
	{ "the same by flags",
	  .result = -ENOTUNIQ, .len = 8, .code = {
		0x370000e0, 0xb9400e60,	/* tbnz w0,#0,9f; ldr w0,[x19,#12] */
		0x340000a0, 0xb9000e7f,	/* cbz w0,9f; str wzr,[x19,#12] */
		0xb9400e83, 0x7100007f,	/* ldr w3,[x20,#12]; cmp w3,#0 */
		0x54000021, 0xd65f03c0,	/* b.ne 9f; ret */ } },
	{ "the same by a pair",
	  .result = -ENOTUNIQ, .len = 7, .code = {
		0x370000c0, 0xb9400e60,	/* tbnz w0,#0,9f; ldr w0,[x19,#12] */
		0x34000080, 0xb9000e7f,	/* cbz w0,9f; str wzr,[x19,#12] */
		0x29411283, 0x35000024,	/* ldp w3,w4,[x20,#8]; cbnz w4,9f */
		0xd65f03c0,		/* ret */ } },
	{ "a field of another that is not asked about",
	  .sites = { 0x8 }, .base = 19, .len = 8, .code = {
		0x370000e0, 0xb9400e60,	/* tbnz w0,#0,9f; ldr w0,[x19,#12] */
		0x340000a0, 0xb9000e7f,	/* cbz w0,9f; str wzr,[x19,#12] */
		0xb9400e83, 0x52800023,	/* ldr w3,[x20,#12]; mov w3,#1 */
		0x35000023, 0xd65f03c0,	/* cbnz w3,9f; ret */ } },
};

/* --------------------------------------------------------------- waits -- */

enum { SEQ = 0x990 };	/* of the sequence in a runqueue, if the form has no other */

/* Functions that wait for a kicked CPU. */
struct wait {
	const char *what;
	int wanted;		/* where the compare is, or -errno */
	u8 base, loaded, with;	/* registers */
	bool by_disp;		/* the sequence is not at what is in base, but from there */
	s32 disp;
	u8 len;			/* words */
	u32 code[24];
};

static const struct wait waits[] = {
	{ "gcc 14, Debian's 6.18.9 to 6.19.11",
	  0x14, .base = 4, .loaded = 3, .disp = 2728, .len = 18, .code = {
		0x912aa004, 0xc8dffc83,	/* add x4,x0,#2728; ldar x3,[x4] */
		0xf9403fe5, 0xf86178a0,	/* ldr x5,[sp,#120]; ldr x0,[x5,x1,lsl #3] */
		0x8b010ca1, 0xeb03001f,	/* add x1,x5,x1,lsl #3; cmp x0,x3 */
		0x54000161, 0xd50320bf,	/* b.ne 9f; 1: sevl */
		0xd503205f, 0xc85f7c80,	/* wfe; ldxr x0,[x4] */
		0xca030000, 0xb5000040,	/* eor x0,x0,x3; cbnz x0,2f */
		0xd503205f, 0xc8dffc83,	/* wfe; 2: ldar x3,[x4] */
		0xf9400020, 0xeb03001f,	/* ldr x0,[x1]; cmp x0,x3 */
		0x54fffee0, 0xd65f03c0,	/* b.eq 1b; ret */ } },
	{ "the same of a PREEMPT_RT kernel, the loop aligned",
	  0x14, .base = 4, .loaded = 3, .disp = 2736, .len = 21, .code = {
		0x912ac004, 0xc8dffc83,	/* add x4,x0,#2736; ldar x3,[x4] */
		0xf9403fe5, 0xf86178a0,	/* ldr x5,[sp,#120]; ldr x0,[x5,x1,lsl #3] */
		0x8b010ca1, 0xeb03001f,	/* add x1,x5,x1,lsl #3; cmp x0,x3 */
		0x540001c1, 0xd503201f,	/* b.ne 9f; nop */
		0xd503201f, 0xd503201f,	/* nop; nop */
		0xd50320bf, 0xd503205f,	/* 1: sevl; wfe */
		0xc85f7c80, 0xca030000,	/* ldxr x0,[x4]; eor x0,x0,x3 */
		0xb5000040, 0xd503205f,	/* cbnz x0,2f; wfe */
		0xc8dffc83, 0xf9400020,	/* 2: ldar x3,[x4]; ldr x0,[x1] */
		0xeb03001f, 0x54fffee0,	/* cmp x0,x3; b.eq 1b */
		0xd65f03c0,		/* ret */ } },
	{ "gcc 14, Debian's 6.18.5: a yield",
	  0x14, .base = 5, .loaded = 0, .with = 4, .disp = 2728, .len = 13, .code = {
		0x912aa005, 0xc8dffca0,	/* add x5,x0,#2728; ldar x0,[x5] */
		0xf9403fe3, 0xf8617864,	/* ldr x3,[sp,#120]; ldr x4,[x3,x1,lsl #3] */
		0x8b010c61, 0xeb00009f,	/* add x1,x3,x1,lsl #3; cmp x4,x0 */
		0x540000c1, 0xd503203f,	/* b.ne 9f; 1: yield */
		0xc8dffca0, 0xf9400024,	/* ldar x0,[x5]; ldr x4,[x1] */
		0xeb00009f, 0x54ffff80,	/* cmp x4,x0; b.eq 1b */
		0xd65f03c0,		/* ret */ } },
	{ "gcc 14 -O2, 6.12",
	  0x14, .base = 5, .loaded = 2, .with = 1, .len = 13, .code = {
		0x91264025, 0xc8dffca2,	/* add x5,x1,#2448; ldar x2,[x5] */
		0xf9403fe4, 0xf8637881,	/* ldr x4,[sp,#120]; ldr x1,[x4,x3,lsl #3] */
		0x8b030c83, 0xeb01005f,	/* add x3,x4,x3,lsl #3; cmp x2,x1 */
		0x540000c1, 0xd503203f,	/* b.ne 9f; 1: yield */
		0xc8dffca1, 0xf9400062,	/* ldar x1,[x5]; ldr x2,[x3] */
		0xeb01005f, 0x54ffff80,	/* cmp x2,x1; b.eq 1b */
		0xd65f03c0,		/* ret */ } },
	{ "gcc 14 -Os, 6.12: one load and compare, in the loop",
	  0xc, .base = 1, .loaded = 4, .with = 5, .len = 8, .code = {
		0x91264021, 0xc8dffc24,	/* add x1,x1,#2448; 1: ldar x4,[x1] */
		0xf9400045, 0xeb0400bf,	/* ldr x5,[x2]; cmp x5,x4 */
		0x54000061, 0xd503203f,	/* b.ne 9f; yield */
		0x17fffffb, 0xd65f03c0,	/* b 1b; ret */ } },
	{ "the same with smp_cond_load_acquire()",
	  0xc, .base = 1, .loaded = 5, .with = 4, .len = 13, .code = {
		0x91264021, 0xc8dffc25,	/* add x1,x1,#2448; 1: ldar x5,[x1] */
		0xf9400044, 0xeb05009f,	/* ldr x4,[x2]; cmp x4,x5 */
		0x54000101, 0xd50320bf,	/* b.ne 9f; sevl */
		0xd503205f, 0xc85f7c25,	/* wfe; ldxr x5,[x1] */
		0xca0400a5, 0xb5000045,	/* eor x5,x5,x4; cbnz x5,2f */
		0xd503205f, 0x17fffff6,	/* wfe; 2: b 1b */
		0xd65f03c0,		/* ret */ } },
	{ "clang 19, 6.12: a shared compare, the address overwritten by the load",
	  0xc, .base = 8, .loaded = 9, .with = 10, .by_disp = true, .disp = SEQ,
	  .len = 10, .code = {
		0x91264109, 0xc8dffd29,	/* add x9,x8,#2448; ldar x9,[x9] */
		0xf860db2a, 0xeb0a013f,	/* 1: ldr x10,[x25,w0,sxtw #3]; cmp x9,x10 */
		0x540000a1, 0xd503203f,	/* b.ne 9f; yield */
		0x91264109, 0xc8dffd29,	/* add x9,x8,#2448; ldar x9,[x9] */
		0x17fffffa, 0xd65f03c0,	/* b 1b; ret */ } },
	{ "clang 14, 6.12",
	  0xc, .base = 8, .loaded = 10, .with = 11, .by_disp = true, .disp = SEQ,
	  .len = 10, .code = {
		0x9126410a, 0xc8dffd4a,	/* add x10,x8,#2448; ldar x10,[x10] */
		0xf8697b0b, 0xeb0b015f,	/* 1: ldr x11,[x24,x9,lsl #3]; cmp x10,x11 */
		0x540000a1, 0x9126410a,	/* b.ne 9f; add x10,x8,#2448 */
		0xd503203f, 0xc8dffd4a,	/* yield; ldar x10,[x10] */
		0x17fffffa, 0xd65f03c0,	/* b 1b; ret */ } },
	{ "clang 19 with smp_cond_load_acquire()",
	  0xc, .base = 8, .loaded = 9, .with = 10, .by_disp = true, .disp = SEQ,
	  .len = 15, .code = {
		0x91264109, 0xc8dffd29,	/* add x9,x8,#2448; ldar x9,[x9] */
		0xf860db2a, 0xeb0a013f,	/* 1: ldr x10,[x25,w0,sxtw #3]; cmp x9,x10 */
		0x54000141, 0x9126410a,	/* b.ne 9f; add x10,x8,#2448 */
		0xd50320bf, 0xd503205f,	/* sevl; wfe */
		0xc85f7d4b, 0xca09016b,	/* ldxr x11,[x10]; eor x11,x11,x9 */
		0xb500004b, 0xd503205f,	/* cbnz x11,2f; wfe */
		0xc8dffd49, 0x17fffff5,	/* 2: ldar x9,[x10]; b 1b */
		0xd65f03c0,		/* ret */ } },
	{ "an atomic operation before it is over",
	  0x18, .base = 1, .loaded = 4, .with = 5, .len = 11, .code = {
		0xc85f7c03, 0xc8067c03,	/* ldxr x3,[x0]; stxr w6,x3,[x0] */
		0x35ffffc6, 0x91264021,	/* cbnz w6,.-8; add x1,x1,#2448 */
		0xc8dffc24, 0xf9400045,	/* 1: ldar x4,[x1]; ldr x5,[x2] */
		0xeb0400bf, 0x54000061,	/* cmp x5,x4; b.ne 9f */
		0xd503203f, 0x17fffffb,	/* yield; b 1b */
		0xd65f03c0,		/* ret */ } },
	{ "kprobes would take the compare for a part of one",
	  -ESRCH, .len = 10, .code = {
		0xc85f7c03, 0xd5033f5f,	/* ldxr x3,[x0]; clrex */
		0x91264021, 0xc8dffc24,	/* add x1,x1,#2448; 1: ldar x4,[x1] */
		0xf9400045, 0xeb0400bf,	/* ldr x5,[x2]; cmp x5,x4 */
		0x54000061, 0xd503203f,	/* b.ne 9f; yield */
		0x17fffffb, 0xd65f03c0,	/* b 1b; ret */ } },
	{ "the load of another field",
	  -ESRCH, .len = 8, .code = {
		0x91266021, 0xc8dffc24,	/* add x1,x1,#2456; 1: ldar x4,[x1] */
		0xf9400045, 0xeb0400bf,	/* ldr x5,[x2]; cmp x5,x4 */
		0x54000061, 0xd503203f,	/* b.ne 9f; yield */
		0x17fffffb, 0xd65f03c0,	/* b 1b; ret */ } },
	{ "a load of 32 bits",
	  -ESRCH, .len = 8, .code = {
		0x91264021, 0x88dffc24,	/* add x1,x1,#2448; 1: ldar w4,[x1] */
		0xf9400045, 0xeb0400bf,	/* ldr x5,[x2]; cmp x5,x4 */
		0x54000061, 0xd503203f,	/* b.ne 9f; yield */
		0x17fffffb, 0xd65f03c0,	/* b 1b; ret */ } },
	{ "a compare of 32 bits",
	  -ESRCH, .len = 8, .code = {
		0x91264021, 0xc8dffc24,	/* add x1,x1,#2448; 1: ldar x4,[x1] */
		0xf9400045, 0x6b0400bf,	/* ldr x5,[x2]; cmp w5,w4 */
		0x54000061, 0xd503203f,	/* b.ne 9f; yield */
		0x17fffffb, 0xd65f03c0,	/* b 1b; ret */ } },
	{ "a compare of another register",
	  -ESRCH, .len = 8, .code = {
		0x91264021, 0xc8dffc24,	/* add x1,x1,#2448; 1: ldar x4,[x1] */
		0xf9400045, 0xeb0300bf,	/* ldr x5,[x2]; cmp x5,x3 */
		0x54000061, 0xd503203f,	/* b.ne 9f; yield */
		0x17fffffb, 0xd65f03c0,	/* b 1b; ret */ } },
	{ "what was loaded is written before the compare",
	  -ESRCH, .len = 9, .code = {
		0x91264021, 0xc8dffc24,	/* add x1,x1,#2448; 1: ldar x4,[x1] */
		0xf9400045, 0xaa0303e4,	/* ldr x5,[x2]; mov x4,x3 */
		0xeb0400bf, 0x54000061,	/* cmp x5,x4; b.ne 9f */
		0xd503203f, 0x17fffffa,	/* yield; b 1b */
		0xd65f03c0,		/* ret */ } },
	{ "the address is written before the compare",
	  -ESRCH, .len = 9, .code = {
		0x91264021, 0xc8dffc24,	/* add x1,x1,#2448; 1: ldar x4,[x1] */
		0xf9400045, 0xaa0303e1,	/* ldr x5,[x2]; mov x1,x3 */
		0xeb0400bf, 0x54000061,	/* cmp x5,x4; b.ne 9f */
		0xd503203f, 0x17fffffa,	/* yield; b 1b */
		0xd65f03c0,		/* ret */ } },
	{ "nothing is left of the address",
	  -ESRCH, .len = 8, .code = {
		0x91264021, 0xc8dffc21,	/* add x1,x1,#2448; ldar x1,[x1] */
		0xf9400045, 0xeb0100bf,	/* 1: ldr x5,[x2]; cmp x5,x1 */
		0x54000061, 0xd503203f,	/* b.ne 9f; yield */
		0x17fffffc, 0xd65f03c0,	/* b 1b; ret */ } },
	{ "a call in between",
	  -ESRCH, .len = 9, .code = {
		0x91264021, 0xc8dffc24,	/* add x1,x1,#2448; 1: ldar x4,[x1] */
		0x94000800, 0xf9400045,	/* bl .+0x2000; ldr x5,[x2] */
		0xeb0400bf, 0x54000061,	/* cmp x5,x4; b.ne 9f */
		0xd503203f, 0x17fffffa,	/* yield; b 1b */
		0xd65f03c0,		/* ret */ } },
	{ "it waits while the sequence differs",
	  -ESRCH, .len = 8, .code = {
		0x91264021, 0xc8dffc24,	/* add x1,x1,#2448; 1: ldar x4,[x1] */
		0xf9400045, 0xeb0400bf,	/* ldr x5,[x2]; cmp x5,x4 */
		0x54000060, 0xd503203f,	/* b.eq 9f; yield */
		0x17fffffb, 0xd65f03c0,	/* b 1b; ret */ } },
	{ "it waits in both cases",
	  -ESRCH, .len = 8, .code = {
		0x91264021, 0xc8dffc24,	/* add x1,x1,#2448; 1: ldar x4,[x1] */
		0xf9400045, 0xeb0400bf,	/* ldr x5,[x2]; cmp x5,x4 */
		0x54000021, 0xd503203f,	/* b.ne .+4; yield */
		0x17fffffb, 0xd65f03c0,	/* b 1b; ret */ } },
	{ "it waits as long as it is not more",
	  -ESRCH, .len = 8, .code = {
		0x91264021, 0xc8dffc24,	/* add x1,x1,#2448; 1: ldar x4,[x1] */
		0xf9400045, 0xeb0400bf,	/* ldr x5,[x2]; cmp x5,x4 */
		0x54000049, 0xd65f03c0,	/* b.ls 2f; ret */
		0xd503203f, 0x17fffffa,	/* 2: yield; b 1b */ } },
	{ "a way to the wait by the compare",
	  -ESRCH, .len = 9, .code = {
		0xb40000c6, 0x91264021,	/* cbz x6,2f; add x1,x1,#2448 */
		0xc8dffc24, 0xf9400045,	/* 1: ldar x4,[x1]; ldr x5,[x2] */
		0xeb0400bf, 0x54000061,	/* cmp x5,x4; b.ne 9f */
		0xd503203f, 0x17fffffb,	/* 2: yield; b 1b */
		0xd65f03c0,		/* ret */ } },
	{ "the compare is in the loop alone",
	  -ESRCH, .len = 8, .code = {
		0xd503203f, 0x91264021,	/* 1: yield; add x1,x1,#2448 */
		0xc8dffc24, 0xf9400045,	/* ldar x4,[x1]; ldr x5,[x2] */
		0xeb0400bf, 0x54ffff60,	/* cmp x5,x4; b.eq 1b */
		0xd503201f, 0xd65f03c0,	/* nop; ret */ } },
	{ "two waits",
	  -ENOTUNIQ, .len = 9, .code = {
		0x91264021, 0xc8dffc24,	/* add x1,x1,#2448; 1: ldar x4,[x1] */
		0xf9400045, 0xeb0400bf,	/* ldr x5,[x2]; cmp x5,x4 */
		0x54000061, 0xd503203f,	/* b.ne 9f; yield */
		0x17fffffb, 0xd503203f,	/* b 1b; yield */
		0xd65f03c0,		/* ret */ } },
	{ "another pause in it",
	  -ESRCH, .len = 9, .code = {
		0x91264021, 0xc8dffc24,	/* add x1,x1,#2448; 1: ldar x4,[x1] */
		0xf9400045, 0xeb0400bf,	/* ldr x5,[x2]; cmp x5,x4 */
		0x54000081, 0xd503203f,	/* b.ne 9f; yield */
		0xd503205f, 0x17fffffa,	/* wfe; b 1b */
		0xd65f03c0,		/* ret */ } },
	{ "a breakpoint of somebody else's",
	  -ESRCH, .len = 8, .code = {
		0x91264021, 0xc8dffc24,	/* add x1,x1,#2448; 1: ldar x4,[x1] */
		0xd4200080, 0xeb0400bf,	/* .inst 0xd4200080; cmp x5,x4 */
		0x54000061, 0xd503203f,	/* b.ne 9f; yield */
		0x17fffffb, 0xd65f03c0,	/* b 1b; ret */ } },
	{ "a yield, and nothing else",
	  -ESRCH, .len = 3, .code = { 0xd503201f, 0xd503203f, 0xd65f03c0 } },
	{ "a wfe", -ESRCH, .len = 3, .code = { 0xd503201f, 0xd503205f, 0xd65f03c0 } },
	{ "a wfet", -ESRCH, .len = 3, .code = { 0xd503201f, 0xd5031003, 0xd65f03c0 } },
	{ "nothing waits",
	  -ENOENT, .len = 4, .code = { 0xd503233f, 0xd503201f, 0xd503323f, 0xd65f03c0 } },
	{ "data behind the function",
	  -ENOENT, .len = 4, .code = { 0xd503201f, 0xd65f03c0, 0x82a3b4c8, 0xffff8000 } },
};

/* -------------------------------------------------------------- the way out -- */

enum { HAS_OP = 560, HAS_OP_BIT = 3 };

/* Functions that ask whether there is an ops.dispatch, and call what flushes, at FLUSH. */
struct gate {
	const char *what;
	int wanted;		/* where the gate is, -EINVAL: it is none, or -errno */
	u8 len;			/* words */
	u32 code[8];
};

static const struct gate gates[] = {
	/* 7.3.4 with CONFIG_SCHED_CORE */
	{ "gcc 14", 0x4, .len = 6, .code = {
		0xd503201f, 0xf9411ae0,	/* nop; ldr x0,[x23,#560] */
		0x36180060, 0x940007fd,	/* tbz w0,#3,9f; bl flush */
		0xd503201f, 0xd65f03c0,	/* nop; ret */ } },
	{ "clang 19", 0x0, .len = 4, .code = {
		0xf9411ac8, 0x36180048,	/* ldr x8,[x22,#560]; tbz w8,#3,9f */
		0x940007fe, 0xd65f03c0,	/* bl flush; ret */ } },
	{ "gcc 14 -Os, by tbnz", 0x0, .len = 6, .code = {
		0xf9411a60, 0x37180060,	/* ldr x0,[x19,#560]; tbnz w0,#3,1f */
		0x52800000, 0xd65f03c0,	/* mov w0,#0; ret */
		0x940007fc, 0xd65f03c0,	/* 1: bl flush; ret */ } },
	{ "another bit", -ESRCH, .len = 4, .code = {
		0xf9411ae0, 0x36200040,	/* ldr x0,[x23,#560]; tbz w0,#4,9f */
		0x940007fe, 0xd65f03c0,	/* bl flush; ret */ } },
	{ "the bit 32 higher", -ESRCH, .len = 4, .code = {
		0xf9411ae0, 0xb6180040,	/* ldr x0,[x23,#560]; tbz x0,#35,9f */
		0x940007fe, 0xd65f03c0,	/* bl flush; ret */ } },
	{ "another word", -ESRCH, .len = 4, .code = {
		0xf9411ee0, 0x36180040,	/* ldr x0,[x23,#568]; tbz w0,#3,9f */
		0x940007fe, 0xd65f03c0,	/* bl flush; ret */ } },
	{ "a load of 32 bits", -ESRCH, .len = 4, .code = {
		0xb94232e0, 0x36180040,	/* ldr w0,[x23,#560]; tbz w0,#3,9f */
		0x940007fe, 0xd65f03c0,	/* bl flush; ret */ } },
	{ "from the stack", -ESRCH, .len = 4, .code = {
		0xf9411be0, 0x36180040,	/* ldr x0,[sp,#560]; tbz w0,#3,9f */
		0x940007fe, 0xd65f03c0,	/* bl flush; ret */ } },
	{ "into no register", -ESRCH, .len = 4, .code = {
		0xf9411aff, 0x3618005f,	/* ldr xzr,[x23,#560]; tbz wzr,#3,9f */
		0x940007fe, 0xd65f03c0,	/* bl flush; ret */ } },
	{ "the test of another register", -ESRCH, .len = 4, .code = {
		0xf9411ae0, 0x36180041,	/* ldr x0,[x23,#560]; tbz w1,#3,9f */
		0x940007fe, 0xd65f03c0,	/* bl flush; ret */ } },
	{ "something between load and test", -ESRCH, .len = 5, .code = {
		0xf9411ae0, 0xd503201f,	/* ldr x0,[x23,#560]; nop */
		0x36180040, 0x940007fd,	/* tbz w0,#3,9f; bl flush */
		0xd65f03c0,		/* ret */ } },
	{ "a branch on the whole word", -ESRCH, .len = 4, .code = {
		0xf9411ae0, 0xb4000040,	/* ldr x0,[x23,#560]; cbz x0,9f */
		0x940007fe, 0xd65f03c0,	/* bl flush; ret */ } },
	{ "a branch out of the function", -ESRCH, .len = 4, .code = {
		0xf9411ae0, 0x36180800,	/* ldr x0,[x23,#560]; tbz w0,#3,.+256 */
		0x940007fe, 0xd65f03c0,	/* bl flush; ret */ } },
	{ "in two places", -ENOTUNIQ, .len = 6, .code = {
		0xf9411ae0, 0x36180080,	/* ldr x0,[x23,#560]; tbz w0,#3,9f */
		0xf9411ae1, 0x36180041,	/* ldr x1,[x23,#560]; tbz w1,#3,9f */
		0x940007fc, 0xd65f03c0,	/* bl flush; ret */ } },
	{ "nothing of it", -ESRCH, .len = 2, .code = { 0x94000800, 0xd65f03c0 } },
	{ "cut off", -ESRCH, .len = 1, .code = { 0xf9411ae0 } },
	/* the bit is asked for, but that is not what the rounds depend on */
	{ "a way round it", -EINVAL, .len = 5, .code = {
		0xb4000065, 0xf9411ae0,	/* cbz x5,1f; ldr x0,[x23,#560] */
		0x36180040, 0x940007fd,	/* tbz w0,#3,9f; 1: bl flush */
		0xd65f03c0,		/* ret */ } },
	{ "a way to the test alone", -EINVAL, .len = 5, .code = {
		0xb4000045, 0xf9411ae0,	/* cbz x5,1f; ldr x0,[x23,#560] */
		0x36180040, 0x940007fd,	/* 1: tbz w0,#3,9f; bl flush */
		0xd65f03c0,		/* ret */ } },
	{ "rounds if it is clear", -EINVAL, .len = 4, .code = {
		0xf9411ae0, 0x37180040,	/* ldr x0,[x23,#560]; tbnz w0,#3,9f */
		0x940007fe, 0xd65f03c0,	/* bl flush; ret */ } },
	{ "rounds in both cases", -EINVAL, .len = 4, .code = {
		0xf9411ae0, 0x36180020,	/* ldr x0,[x23,#560]; tbz w0,#3,.+4 */
		0x940007fe, 0xd65f03c0,	/* bl flush; ret */ } },
};

#endif
