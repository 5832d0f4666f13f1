// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding the place in the dispatch loop where it decides to go on
 *
 * In C the end of the loop reads
 *
 *	do {
 *		dspc->nr_tasks = 0;
 *		...
 *		if (consume_global_dsq(rq))
 *			goto has_tasks;
 *	} while (dspc->nr_tasks);
 *
 * and in every build looked at it becomes
 *
 *	call	consume_dispatch_q
 *	test	%al,%al
 *	jne	has_tasks
 *	mov	0xc(%r13),%eax		<- the site
 *	test	%eax,%eax
 *	je	no_tasks
 *	movl	$0x0,0xc(%r13)		<- the head of the loop
 *
 * with other registers, or cmpl $0,mem for the mov and the test. So start from
 * the consume calls and follow the code, through the few forms that compilers
 * put there, to the first load. It is the site only if its displacement is the
 * one BTF gives for nr_tasks and the way back into the loop clears the very
 * operand that it loads. The consume call before the loop has no such sequel,
 * so the two cannot be confused. One unknown form and the call is given up:
 * nothing here is a guess.
 *
 * register_kprobe() decodes the whole function and rejects a site that is not at an
 * instruction boundary.
 */
#include <linux/errno.h>
#include <linux/types.h>

#include "../arch.h"
#include "insn.h"

enum {
	MAX_STEPS	= 8,	/* instructions between call and load */
	HEAD_WINDOW	= 64,	/* bytes in which the head clears nr_tasks */

	CC_E		= 0x4,	/* condition code of je, jz */
	CC_NE		= 0x5,
	REX_W		= 8,	/* 64 bits */
};

enum form {
	FORM_UNKNOWN,
	FORM_NOP,
	FORM_TEST_AL,	/* test %al,%al */
	FORM_TEST_REG,	/* test %reg,%reg, 32 bits */
	FORM_LOAD,	/* mov mem,%reg, 32 bits */
	FORM_CMP_ZERO,	/* cmpl $0,mem */
	FORM_STORE,	/* movl $0,mem or mov %reg,mem, 32 bits */
	FORM_COUNT,	/* sub $imm or dec: the countdown of a native bound */
	FORM_JCC,
	FORM_JMP,
};

struct insn {
	enum form form;
	u32 len;
	u8 reg;			/* FORM_TEST_REG, FORM_LOAD */
	u8 cc;			/* FORM_JCC */
	u32 target;		/* FORM_JCC, FORM_JMP: offset in the function */
	struct lg_operand mem;	/* FORM_LOAD, FORM_CMP_ZERO, FORM_STORE */
};

static bool same_operand(const struct lg_operand *a, const struct lg_operand *b)
{
	return a->base == b->base && a->index == b->index &&
	       (a->index == X86_NO_REG || a->scale == b->scale) &&
	       a->disp == b->disp;
}

/* Of what has a memory operand of 32 bits. */
static enum form memory_form(const struct x86_insn *x)
{
	u8 digit = x->reg & 7;

	switch (x->op) {
	case 0x8b:
		return FORM_LOAD;
	case 0x89:
		return FORM_STORE;
	case 0xc7:
		return !digit && !x->imm ? FORM_STORE : FORM_UNKNOWN;
	case 0x83:
		return digit == 7 && !x->imm ? FORM_CMP_ZERO : FORM_UNKNOWN;
	}
	return FORM_UNKNOWN;
}

static enum form form_of(const struct x86_insn *x)
{
	u8 digit = x->reg & 7;

	/* compilers pad nops with prefixes; xchg %eax,%r8d is none */
	if (x->op == 0x0f1f || (x->op == 0x90 && !(x->rex & 1)))
		return FORM_NOP;
	if (x->prefixed)
		return FORM_UNKNOWN;
	switch (x->op) {
	case 0x70 ... 0x7f: case 0x0f80 ... 0x0f8f:
		return FORM_JCC;
	case 0xe9: case 0xeb:
		return FORM_JMP;
	case 0x84:
		return !x->is_mem && x->reg == X86_AX && x->rm == X86_AX ?
		       FORM_TEST_AL : FORM_UNKNOWN;
	case 0x85:
		return !x->is_mem && x->reg == x->rm && !(x->rex & REX_W) ?
		       FORM_TEST_REG : FORM_UNKNOWN;
	}
	if ((x->op == 0xff && digit == 1) || (x->op == 0x83 && digit == 5))
		return FORM_COUNT;
	if (!x->is_mem || x->ip_relative || x->rex & REX_W)
		return FORM_UNKNOWN;
	return memory_form(x);
}

/*
 * Decode the instruction at @at; FORM_UNKNOWN for all that is of no use here, without a length
 * if even that is not known.
 */
static struct insn decode(const struct lg_code *code, u32 at)
{
	struct insn insn = {};
	struct x86_insn x;
	s64 target;

	if (!x86_decode(code, at, &x))
		return insn;
	insn.form = form_of(&x);
	insn.len = x.len;
	insn.reg = x.reg;
	insn.mem = x.mem;
	if (insn.form == FORM_JCC || insn.form == FORM_JMP) {
		target = (s64)at + x.len + x.imm;
		insn.cc = x.op & 0xf;
		insn.target = target;
		if (target < 0 || target >= code->len)
			insn.form = FORM_UNKNOWN;
	}
	return insn;
}

/*
 * Where a jcc at @at goes when the value just tested is zero, and when it is
 * not. False if it depends on anything else.
 */
static bool branch_on_zero(const struct lg_code *code, u32 at, u32 *zero,
			   u32 *nonzero)
{
	struct insn jcc = decode(code, at);
	u32 next = at + jcc.len;

	if (jcc.form != FORM_JCC || (jcc.cc != CC_E && jcc.cc != CC_NE))
		return false;
	*zero = jcc.cc == CC_E ? jcc.target : next;
	*nonzero = jcc.cc == CC_E ? next : jcc.target;
	return true;
}

/* Does the code at @at store to @mem before long? */
static bool stores_to(const struct lg_code *code, u32 at,
		      const struct lg_operand *mem)
{
	u32 end = at + HEAD_WINDOW;

	while (at < end && at < code->len) {
		struct insn insn = decode(code, at);

		if (insn.form == FORM_STORE && same_operand(&insn.mem, mem))
			return true;
		if (!insn.len)
			return false;	/* where the next one begins would be a guess */
		at += insn.len;
	}
	return false;
}

/* Is the instruction @load at @at the loop's own load of nr_tasks? */
static bool is_site(const struct lg_code *code, u32 at,
		    const struct insn *load, s32 nr_tasks_disp)
{
	u32 next = at + load->len;
	u32 ended, looping;
	struct insn test;

	if (load->mem.disp != nr_tasks_disp || load->mem.base == X86_SP)
		return false;

	if (load->form == FORM_LOAD) {
		test = decode(code, next);
		if (test.form != FORM_TEST_REG || test.reg != load->reg)
			return false;
		next += test.len;
	}
	return branch_on_zero(code, next, &ended, &looping) &&
	       stores_to(code, looping, &load->mem);
}

/* Follow the code behind a consume call that found no task to the site. */
static bool follow(const struct lg_code *code, u32 at, s32 nr_tasks_disp,
		   struct lg_site *site)
{
	struct insn insn = decode(code, at);
	u32 found, ended;
	int step;

	site->bounded = false;
	site->bound = 0;
	if (insn.form != FORM_TEST_AL ||
	    !branch_on_zero(code, at + insn.len, &at, &found))
		return false;

	for (step = 0; step < MAX_STEPS; step++) {
		insn = decode(code, at);
		switch (insn.form) {
		case FORM_NOP:
			at += insn.len;
			break;
		case FORM_JMP:
			at = insn.target;
			break;
		case FORM_COUNT:
			/* zero is the native bound; the loop is the other way */
			if (!branch_on_zero(code, at + insn.len, &ended, &at))
				return false;
			site->bounded = true;
			site->bound = ended;
			break;
		case FORM_LOAD:
		case FORM_CMP_ZERO:
			if (!is_site(code, at, &insn, nr_tasks_disp))
				return false;
			site->offset = at;
			site->nr_tasks = insn.mem;
			return true;
		default:
			return false;
		}
	}
	return false;
}

/**
 * lg_arch_find_site - find the dispatch loop's own load of nr_tasks
 * @code: the text of the function that holds the loop
 * @is_consume: tells the entry of the consume function
 * @nr_tasks_disp: displacement of nr_tasks from the register the loop keeps
 * @site: set on success only
 *
 * Context: any.
 * Return: 0, -ENOENT if the function never calls the consume function, -ESRCH
 * if none of its calls leads to such a load, -ENOTUNIQ if they lead to two.
 */
int lg_arch_find_site(const struct lg_code *code, lg_is_function_t is_consume,
		      s32 nr_tasks_disp, struct lg_site *site)
{
	struct lg_site found, first = {};
	bool seen_call = false, seen_site = false;
	u32 at, len;

	for (at = 0; at < code->len; at++) {
		len = lg_arch_calls(code, at, is_consume);
		if (!len)
			continue;
		seen_call = true;
		if (!follow(code, at + len, nr_tasks_disp, &found))
			continue;
		if (seen_site && found.offset != first.offset)
			return -ENOTUNIQ;
		if (seen_site) {
			/* bounded only if every way to it has the countdown */
			found.bounded &= first.bounded;
			if (found.bound != first.bound)
				found.bound = 0;
		}
		first = found;
		seen_site = true;
	}
	if (!seen_call)
		return -ENOENT;
	if (!seen_site)
		return -ESRCH;
	*site = first;
	return 0;
}
