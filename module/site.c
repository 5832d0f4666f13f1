// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding the place in the dispatch loop where it decides to go on, x86-64
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
 * This is no disassembler. register_kprobe() decodes the whole function and
 * rejects a site that is not at an instruction boundary.
 */
#include <linux/errno.h>
#include <linux/string.h>

#include "site.h"

enum {
	CALL_REL32		= 0xe8,
	CALL_LEN		= 5,
	MAX_STEPS		= 8,	/* instructions between call and load */
	HEAD_WINDOW		= 64,	/* bytes in which the head clears nr_tasks */

	CC_E			= 0x4,	/* condition code of je, jz */
	CC_NE			= 0x5,
	REG_AX			= 0,
	REG_SP			= 4,
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

/* Bytes of the function still to be read; reads past its end give 0. */
struct reader {
	const struct lg_code *code;
	u32 at;
	bool overrun;
};

static u8 next_u8(struct reader *r)
{
	if (r->at >= r->code->len) {
		r->overrun = true;
		return 0;
	}
	return r->code->text[r->at++];
}

static s32 next_s8(struct reader *r)
{
	u8 v = next_u8(r);

	return v < 0x80 ? v : (s32)v - 0x100;
}

static s32 next_s32(struct reader *r)
{
	u32 v = next_u8(r);

	v |= (u32)next_u8(r) << 8;
	v |= (u32)next_u8(r) << 16;
	v |= (u32)next_u8(r) << 24;
	return (s32)v;
}

/* ModRM with what follows it, see the Intel SDM, volume 2, table 2-2. */
struct modrm {
	bool is_mem;
	u8 reg;
	u8 rm;			/* !is_mem */
	struct lg_operand mem;	/* is_mem */
	bool ip_relative;
};

static void read_modrm(struct reader *r, u8 rex, struct modrm *m)
{
	u8 byte = next_u8(r);
	u8 mod = byte >> 6, rm = byte & 7;
	u8 sib;

	memset(m, 0, sizeof(*m));
	m->reg = (byte >> 3 & 7) | (rex & 4) << 1;
	m->is_mem = mod != 3;
	if (!m->is_mem) {
		m->rm = rm | (rex & 1) << 3;
		return;
	}

	m->mem.index = LG_REG_NONE;
	m->mem.scale = 1;
	if (rm == 4) {
		sib = next_u8(r);
		rm = sib & 7;
		m->mem.index = (sib >> 3 & 7) | (rex & 2) << 2;
		if (m->mem.index == REG_SP)
			m->mem.index = LG_REG_NONE;
		m->mem.scale = 1 << (sib >> 6);
	}
	m->mem.base = rm | (rex & 1) << 3;

	if (mod == 0 && rm == 5) {
		m->ip_relative = true;	/* or no base: not ours either way */
		m->mem.disp = next_s32(r);
	} else if (mod == 1) {
		m->mem.disp = next_s8(r);
	} else if (mod == 2) {
		m->mem.disp = next_s32(r);
	}
}

static bool same_operand(const struct lg_operand *a, const struct lg_operand *b)
{
	return a->base == b->base && a->index == b->index &&
	       (a->index == LG_REG_NONE || a->scale == b->scale) &&
	       a->disp == b->disp;
}

/* @rel has been read, so the reader is at the next instruction. */
static void decode_jump(struct reader *r, struct insn *insn, enum form form,
			s32 rel)
{
	s64 target = (s64)r->at + rel;

	if (target < 0 || target >= r->code->len)
		return;
	insn->form = form;
	insn->target = target;
}

static void decode_0f(struct reader *r, u8 rex, struct insn *insn)
{
	u8 op = next_u8(r);
	struct modrm m;

	if (op == 0x1f) {			/* nopl mem */
		read_modrm(r, rex, &m);
		insn->form = FORM_NOP;
	} else if (op >> 4 == 8) {
		insn->cc = op & 0xf;
		decode_jump(r, insn, FORM_JCC, next_s32(r));
	}
}

/* The opcodes with a ModRM byte that matter here. */
static void decode_modrm(struct reader *r, u8 op, u8 rex, struct insn *insn)
{
	struct modrm m;
	s32 imm = 0;

	read_modrm(r, rex, &m);
	if (op == 0x83)
		imm = next_s8(r);
	else if (op == 0xc7)
		imm = next_s32(r);
	insn->reg = m.reg;
	insn->mem = m.mem;

	if (op == 0x84) {
		if (!m.is_mem && m.reg == REG_AX && m.rm == REG_AX)
			insn->form = FORM_TEST_AL;
	} else if (op == 0x85) {
		if (!m.is_mem && m.reg == m.rm && !(rex & 8))
			insn->form = FORM_TEST_REG;
	} else if (op == 0xff || (op == 0x83 && (m.reg & 7) == 5)) {
		if (op == 0x83 || (m.reg & 7) == 1)
			insn->form = FORM_COUNT;
	} else if (!m.is_mem || m.ip_relative || rex & 8) {
		return;
	} else if (op == 0x8b) {
		insn->form = FORM_LOAD;
	} else if (op == 0x89 || (op == 0xc7 && !imm && !(m.reg & 7))) {
		insn->form = FORM_STORE;
	} else if (op == 0x83 && (m.reg & 7) == 7 && !imm) {
		insn->form = FORM_CMP_ZERO;
	}
}

/* Decode the instruction at @at; FORM_UNKNOWN for all that is of no use here. */
static struct insn decode(const struct lg_code *code, u32 at)
{
	struct reader r = { .code = code, .at = at };
	struct insn insn = {};
	bool prefixed = false;
	u8 op, rex = 0;

	op = next_u8(&r);
	while (op == 0x66 || op == 0x2e) {	/* compilers pad nops with these */
		prefixed = true;
		op = next_u8(&r);
	}
	if (op >> 4 == 4) {
		rex = op & 0xf;
		op = next_u8(&r);
	}

	switch (op) {
	case 0x90:
		if (rex & 1)		/* xchg %eax,%r8d */
			break;
		insn.form = FORM_NOP;
		break;
	case 0x0f:
		decode_0f(&r, rex, &insn);
		break;
	case 0xeb:
		decode_jump(&r, &insn, FORM_JMP, next_s8(&r));
		break;
	case 0xe9:
		decode_jump(&r, &insn, FORM_JMP, next_s32(&r));
		break;
	case 0x70 ... 0x7f:
		insn.cc = op & 0xf;
		decode_jump(&r, &insn, FORM_JCC, next_s8(&r));
		break;
	case 0x83: case 0x84: case 0x85: case 0x89: case 0x8b:
	case 0xc7: case 0xff:
		decode_modrm(&r, op, rex, &insn);
		break;
	}

	if (r.overrun || (prefixed && insn.form != FORM_NOP))
		insn.form = FORM_UNKNOWN;
	insn.len = r.at - at;
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

	for (; at < end && at < code->len; at++) {
		struct insn insn = decode(code, at);

		if (insn.form == FORM_STORE && same_operand(&insn.mem, mem))
			return true;
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

	if (load->mem.disp != nr_tasks_disp || load->mem.base == REG_SP)
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

	site->call = at;
	site->several = false;
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

/*
 * Is there a call of the consume function at @at? An 0xe8 that is part of
 * another instruction does not, by any luck, call a function at its entry.
 */
static bool calls_consume(const struct lg_code *code, u32 at,
			  lg_is_consume_t is_consume)
{
	struct reader r = { .code = code, .at = at + 1 };
	s32 rel;

	if (code->text[at] != CALL_REL32)
		return false;
	rel = next_s32(&r);
	return !r.overrun && is_consume(code->address + r.at + (s64)rel);
}

/**
 * lg_site_calls - find the calls of the consume function
 * @code: the text of the function that holds the loop
 * @is_consume: tells the entry of the consume function
 * @returns: set to where the calls return to, offsets in ascending order
 * @max: the size of @returns
 *
 * Context: any.
 * Return: how many there are, which may be more than @max.
 */
u32 lg_site_calls(const struct lg_code *code, lg_is_consume_t is_consume,
		  u32 *returns, u32 max)
{
	u32 at, nr = 0;

	for (at = 0; at < code->len; at++) {
		if (!calls_consume(code, at, is_consume))
			continue;
		if (nr < max)
			returns[nr] = at + CALL_LEN;
		nr++;
	}
	return nr;
}

/**
 * lg_site_find - find the dispatch loop's own load of nr_tasks
 * @code: the text of the function that holds the loop
 * @is_consume: tells the entry of the consume function
 * @nr_tasks_disp: displacement of nr_tasks from the register the loop keeps
 * @site: set on success only
 *
 * Context: any.
 * Return: 0, -ENOENT if the function never calls the consume function, -ESRCH
 * if none of its calls leads to such a load, -ENOTUNIQ if they lead to two.
 */
int lg_site_find(const struct lg_code *code, lg_is_consume_t is_consume,
		 s32 nr_tasks_disp, struct lg_site *site)
{
	struct lg_site found, first = {};
	bool seen_call = false, seen_site = false;
	u32 at;

	for (at = 0; at < code->len; at++) {
		if (!calls_consume(code, at, is_consume))
			continue;
		seen_call = true;
		if (!follow(code, at + CALL_LEN, nr_tasks_disp, &found))
			continue;
		if (seen_site && found.offset != first.offset)
			return -ENOTUNIQ;
		if (seen_site) {
			/* bounded only if every way to it has the countdown */
			found.several = true;
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
