// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding the places in the dispatch loop where it decides to go on
 *
 * In C the end of the loop reads
 *
 *	do {
 *		dspc->nr_tasks = 0;
 *		...
 *		if (consume_global_dsq(rq))
 *			goto has_tasks;
 *		if (!--nr_loops)		(where there is a native bound)
 *			break;
 *	} while (dspc->nr_tasks);
 *
 * and compilers make of it
 *
 *	call	consume_dispatch_q
 *	test	%al,%al
 *	jne	has_tasks
 *	sub	$0x1,%r14d		<- a countdown
 *	je	bound
 *	mov	0xc(%r13),%eax		<- a site
 *	test	%eax,%eax
 *	je	no_tasks
 *	movl	$0x0,0xc(%r13)		<- the head of the loop
 *
 * with other registers, or cmpl $0,mem for the mov and the test, and any of it once for each
 * copy of the loop. So start from the consume calls and follow the code to the first access
 * with the displacement that nr_tasks has. It is a site only if the way back into the loop
 * clears the very operand that it reads. In between there may be moves; what they copy is
 * told by its value, not by the register that it is in. Anything else there and the call is
 * given up: nothing here is a guess. The consume call before the loop has no such sequel.
 *
 * Whatever else in the function looks as if nr_tasks were compared with zero is too much: a
 * loop of which only one copy is known is not known.
 *
 * register_kprobe() decodes the whole function and rejects a site that is not at an
 * instruction boundary.
 */
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/types.h>

#include "../arch.h"
#include "insn.h"

enum {
	MAX_STEPS	= 64,	/* instructions from the call to the head's store */
	MAX_COMPARE	= 8,	/* from a load to the branch */
	MAX_SLOTS	= 4,	/* of the stack, that a way is known to have copies in */

	REX_B		= 1,
	REX_W		= 8,	/* 64 bits */
	SLOT		= 8,	/* bytes */
	BP		= 5,
};

/* What is in a register: something that has a number, and how far it is from it. */
struct value {
	u32 nr;		/* 0: nothing */
	s64 off;
};

/* What a memory operand is about. */
struct place {
	struct value base;
	struct value index;
	u8 scale;
};

/* A way through the code, and what is known of the registers on it. */
struct path {
	const struct lg_code *code;
	u32 at;
	struct x86_insn insn;	/* the one there */
	u32 steps;
	u32 values;		/* numbers given away */
	struct value reg[16];
	struct {
		struct value at, content;
	} slot[MAX_SLOTS];
	u32 slots;
};

static struct value new_value(struct path *p)
{
	return (struct value){ .nr = ++p->values };
}

static bool is_same(struct value a, struct value b)
{
	return a.nr == b.nr && a.off == b.off;
}

static void start(struct path *p, const struct lg_code *code, u32 at)
{
	u32 i;

	memset(p, 0, sizeof(*p));
	p->code = code;
	p->at = at;
	for (i = 0; i < 16; i++)
		p->reg[i] = new_value(p);
}

/* Decode what the way has come to. */
static bool decode(struct path *p)
{
	return p->steps++ < MAX_STEPS && x86_decode(p->code, p->at, &p->insn);
}

/* Where a direct jump goes; false if it leaves the function. */
static bool target_of(const struct path *p, u32 *target)
{
	s64 to = (s64)p->at + p->insn.len + p->insn.imm;

	*target = to;
	return to >= 0 && to < p->code->len;
}

static bool is_plain_memory(const struct x86_insn *x)
{
	return x->is_mem && !x->ip_relative && !x->prefixed;
}

static struct place place_of(const struct path *p)
{
	const struct lg_operand *mem = &p->insn.mem;
	struct place place = { .base = p->reg[mem->base], .scale = mem->scale };

	place.base.off += mem->disp;
	if (mem->index != X86_NO_REG)
		place.index = p->reg[mem->index];
	return place;
}

static bool is_same_place(const struct place *a, const struct place *b)
{
	return is_same(a->base, b->base) && is_same(a->index, b->index) &&
	       (!a->index.nr || a->scale == b->scale);
}

/* ---------------------------------------------------------------- moves -- */

/* Only the stack is nobody else's. */
static bool is_on_stack(const struct path *p)
{
	u8 base = p->insn.mem.base;

	return is_plain_memory(&p->insn) && p->insn.mem.index == X86_NO_REG &&
	       (base == X86_SP || base == BP);
}

static struct value remember(struct path *p, struct value at, struct value content)
{
	u32 i = p->slots++ % MAX_SLOTS;

	p->slot[i].at = at;
	p->slot[i].content = content;
	return content;
}

/* What is read from memory: from the stack twice the same. */
static struct value load(struct path *p)
{
	struct value from = place_of(p).base;
	u32 i;

	if (!is_on_stack(p))
		return new_value(p);
	for (i = 0; i < MAX_SLOTS; i++)
		if (is_same(p->slot[i].at, from))
			return p->slot[i].content;
	return remember(p, from, new_value(p));
}

/* Does a store to @to leave alone what is at @at: the same base, and far enough? */
static bool is_apart(struct value at, struct value to)
{
	return at.nr == to.nr && (at.off - to.off >= SLOT || to.off - at.off >= SLOT);
}

static void store(struct path *p, struct value value)
{
	struct value to = place_of(p).base;
	u32 i;

	for (i = 0; i < MAX_SLOTS; i++)
		if (!is_on_stack(p) || !is_apart(p->slot[i].at, to))
			p->slot[i].at.nr = 0;
	if (is_on_stack(p))
		remember(p, to, value);
}

/* A byte register: without a REX prefix 4 to 7 are the second bytes of 0 to 3. */
static void write_byte(struct path *p, u8 reg)
{
	p->reg[reg] = new_value(p);
	if (reg >= 4 && reg < 8)
		p->reg[reg - 4] = new_value(p);
}

/* To the operand that ModRM names. */
static void write(struct path *p, struct value value)
{
	if (p->insn.is_mem)
		store(p, value);
	else
		p->reg[p->insn.rm] = value;
}

/* Do what a move does, which leaves the flags alone. False if it is something else. */
static bool move(struct path *p)
{
	const struct x86_insn *x = &p->insn;
	bool whole = x->rex & REX_W && !x->prefixed;
	u8 reg = (x->op & 7) | (x->rex & REX_B) << 3;

	switch (x->op) {
	case 0x0f1f:					/* nop */
		return true;
	case 0x90:
		return !(x->rex & REX_B);		/* xchg %eax,%r8d is none */
	case 0x89:					/* mov %reg,rm */
		write(p, whole ? p->reg[x->reg] : new_value(p));
		return true;
	case 0x8b:					/* mov rm,%reg */
		p->reg[x->reg] = !whole ? new_value(p) :
				 x->is_mem ? load(p) : p->reg[x->rm];
		return true;
	case 0x8d:					/* lea */
		p->reg[x->reg] = whole && is_plain_memory(x) && x->mem.index == X86_NO_REG ?
				 place_of(p).base : new_value(p);
		return true;
	case 0x63: case 0x0fb6: case 0x0fb7: case 0x0fbe: case 0x0fbf:
		p->reg[x->reg] = new_value(p);
		return true;
	case 0x8a:
		write_byte(p, x->reg);
		return true;
	case 0xb0 ... 0xb7:
		write_byte(p, reg);
		return true;
	case 0xb8 ... 0xbf:
		p->reg[reg] = new_value(p);
		return true;
	case 0x88: case 0xc6: case 0xc7:
		if (x->op != 0x88 && x->reg & 7)
			return false;
		if (x->op != 0xc7 && !x->is_mem)
			write_byte(p, x->rm);
		else
			write(p, new_value(p));
		return true;
	}
	return false;
}

/* xor %reg,%reg is a move too, which changes the flags. */
static bool clear(struct path *p)
{
	const struct x86_insn *x = &p->insn;

	if ((x->op != 0x31 && x->op != 0x33) || x->is_mem || x->reg != x->rm)
		return false;
	p->reg[x->reg] = new_value(p);
	return true;
}

/* Does it count how often the code gets here (GCOV), in a variable of the compiler's own? */
static bool is_profile(const struct x86_insn *x)
{
	u8 digit = x->reg & 7;

	return x->ip_relative && x->mem.index == X86_NO_REG &&
	       ((x->op == 0xff && !digit) || (x->op == 0x83 && !digit && x->imm == 1));
}

/* Go on behind a move or along a jump. False, and still there, at anything else. */
static bool pass(struct path *p, bool flags_matter)
{
	u32 target;

	if (p->insn.op == 0xe9 || p->insn.op == 0xeb) {
		if (!target_of(p, &target))
			return false;
		p->at = target;
		return true;
	}
	if (!move(p) && (flags_matter || (!is_profile(&p->insn) && !clear(p))))
		return false;
	p->at += p->insn.len;
	return true;
}

/* ------------------------------------------------- what the loop is made of -- */

/* Is it of 32 bits that may be nr_tasks? */
static bool is_of_nr_tasks(const struct x86_insn *x, const struct lg_disps *disps)
{
	u32 i;

	if (!is_plain_memory(x) || x->rex & REX_W || x->mem.base == X86_SP)
		return false;
	for (i = 0; i < disps->nr; i++)
		if (x->mem.disp == disps->disp[i])
			return true;
	return false;
}

/* cmpl $0,mem */
static bool is_cmp_zero(const struct x86_insn *x)
{
	return (x->op == 0x83 || x->op == 0x81) && (x->reg & 7) == 7 && !x->imm;
}

/* Does the loop read nr_tasks so? */
static bool is_access(const struct x86_insn *x, const struct lg_disps *disps)
{
	return (x->op == 0x8b || is_cmp_zero(x)) && is_of_nr_tasks(x, disps);
}

/* Go on to what is neither a move nor a jump, or to an access. */
static bool skip(struct path *p, bool flags_matter, const struct lg_disps *disps)
{
	do {
		if (!decode(p))
			return false;
	} while (!is_access(&p->insn, disps) && pass(p, flags_matter));
	return true;
}

/* test %reg,%reg of that value; @op: 0x84 for a byte, 0x85 for 32 bits */
static bool is_test(const struct path *p, u16 op, struct value value)
{
	const struct x86_insn *x = &p->insn;

	return x->op == op && !x->prefixed && !x->is_mem && x->reg == x->rm &&
	       !(x->rex & REX_W) && is_same(p->reg[x->reg], value);
}

/*
 * Behind what has set the flags: where it goes on when that was zero, and when it was not.
 * False if it depends on anything else.
 */
static bool branch_on_zero(struct path *p, const struct lg_disps *disps, u32 *zero,
			   u32 *nonzero)
{
	u32 next, target;
	u16 op;

	p->at += p->insn.len;
	if (!skip(p, true, disps) || p->insn.prefixed || !target_of(p, &target))
		return false;
	next = p->at + p->insn.len;
	op = p->insn.op;
	if (op != 0x74 && op != 0x75 && op != 0x0f84 && op != 0x0f85)
		return false;
	*zero = op & 1 ? next : target;
	*nonzero = op & 1 ? target : next;
	return true;
}

/* Does it count by one, in a register or on the stack? */
static bool count(struct path *p)
{
	const struct x86_insn *x = &p->insn;
	u8 digit = x->reg & 7;

	if (x->prefixed || x->ip_relative ||
	    (x->is_mem && x->mem.base != X86_SP && x->mem.base != BP))
		return false;
	if (!(x->op == 0xff && digit < 2) &&			/* inc, dec */
	    !(x->op == 0x83 && (!digit || digit == 5) &&	/* add, sub */
	      (x->imm == 1 || x->imm == -1)))
		return false;
	write(p, new_value(p));
	return true;
}

/* Does the head of the loop clear what is at @nr_tasks? */
static bool head_clears(struct path *p, const struct place *nr_tasks)
{
	struct place to;

	while (decode(p)) {
		const struct x86_insn *x = &p->insn;

		to = place_of(p);
		if (is_plain_memory(x) && !(x->rex & REX_W) &&
		    (x->op == 0x89 || (x->op == 0xc7 && !(x->reg & 7) && !x->imm)) &&
		    is_same_place(&to, nr_tasks))
			return true;
		if (!pass(p, false))
			return false;
	}
	return false;
}

/* Is the access that the way has come to the loop's own? */
static bool is_site(struct path *p, const struct lg_disps *disps)
{
	struct place nr_tasks = place_of(p);
	struct value loaded;
	u32 ended;

	if (p->insn.op == 0x8b) {
		u8 reg = p->insn.reg;

		pass(p, false);
		loaded = p->reg[reg];
		if (!skip(p, false, disps) || !is_test(p, 0x85, loaded))
			return false;
	}
	return branch_on_zero(p, disps, &ended, &p->at) && head_clears(p, &nr_tasks);
}

/* --------------------------------------------------------------- search -- */

/* The countdowns between a consume call and a site count only if that is one. */
struct bounds {
	u32 counts[LG_MAX_SITES], ends[LG_MAX_SITES], nr;
};

/* Follow the code behind a consume call that found no task, to an access of nr_tasks. */
static bool to_access(struct path *p, const struct lg_disps *disps, struct bounds *bounds)
{
	struct value result = p->reg[X86_AX];
	u32 at, found;

	if (!skip(p, false, disps) || p->insn.reg != X86_AX || !is_test(p, 0x84, result) ||
	    !branch_on_zero(p, disps, &p->at, &found))
		return false;
	while (skip(p, false, disps)) {
		if (is_access(&p->insn, disps))
			return true;
		at = p->at;
		/* zero is the native bound; the loop is the other way */
		if (bounds->nr == LG_MAX_SITES || !count(p) ||
		    !branch_on_zero(p, disps, &bounds->ends[bounds->nr], &p->at))
			return false;
		bounds->counts[bounds->nr++] = at;
	}
	return false;
}

/* Follow a consume call, whose end @at is. -ESRCH if it is not the loop's, or not known. */
static int follow(const struct lg_code *code, u32 at, const struct lg_disps *disps,
		  struct lg_sites *sites)
{
	struct lg_operand nr_tasks;
	struct bounds bounds;
	struct path p;
	u32 i;

	start(&p, code, at);
	bounds.nr = 0;
	if (!to_access(&p, disps, &bounds))
		return -ESRCH;
	at = p.at;
	nr_tasks = p.insn.mem;
	if (!is_site(&p, disps))
		return -ESRCH;
	if (!lg_add_site(sites, at, &nr_tasks))
		return -E2BIG;
	for (i = 0; i < bounds.nr; i++)
		if (!lg_add_once(sites->counts, &sites->nr_counts, bounds.counts[i]) ||
		    !lg_add_once(sites->ends, &sites->nr_ends, bounds.ends[i]))
			return -E2BIG;
	return 0;
}

/*
 * Does an instruction at @at, if there is one, look as if nr_tasks were compared with zero?
 * Forms that are not followed count as well.
 */
static bool compares(const struct lg_code *code, u32 at, const struct lg_disps *disps)
{
	struct x86_insn x;
	bool tested;
	u8 loaded, i;

	if (!x86_decode(code, at, &x) || !is_of_nr_tasks(&x, disps) ||
	    (x.op != 0x8b && x.op != 0x39 && x.op != 0x3b && !is_cmp_zero(&x)))
		return false;
	tested = x.op != 0x8b;	/* what cmp %reg has in the register is not known */
	loaded = x.reg;
	for (i = 0; i < MAX_COMPARE; i++) {
		at += x.len;
		if (!x86_decode(code, at, &x))
			return false;
		if (x.op >> 4 == 0x7 || x.op >> 4 == 0xf8)
			return tested && (x.op & 0xe) == 4;
		tested |= x.op == 0x85 && !x.is_mem && x.reg == loaded && x.rm == loaded;
	}
	return false;
}

/* One of the sites, but for a REX prefix before it, or what looks like one. */
static bool is_among(const struct lg_sites *sites, u32 at)
{
	u32 i;

	for (i = 0; i < sites->nr; i++)
		if (at + 1 >= sites->at[i] && at <= sites->at[i] + 1)
			return true;
	return false;
}

/**
 * lg_arch_find_sites - find all of the dispatch loop's own loads of nr_tasks
 * @code: the text of the function that holds the loop
 * @is_consume: tells the entries of the consume functions
 * @disps: the displacements of nr_tasks from what the loop may keep in a register
 * @sites: filled in; what is in it counts on success only
 *
 * Context: any.
 * Return: 0, -ENOENT if there is nothing of the loop in the function, -ESRCH if it is in no
 * form that is known, -ENOTUNIQ if only a part of it is, -E2BIG for too many.
 */
int lg_arch_find_sites(const struct lg_code *code, lg_is_function_t is_consume,
		       const struct lg_disps *disps, struct lg_sites *sites)
{
	bool seen_call = false, missed = false;
	u32 at, len;

	memset(sites, 0, sizeof(*sites));
	for (at = 0; at < code->len; at++) {
		len = lg_arch_calls(code, at, is_consume);
		seen_call |= len;
		if (len && follow(code, at + len, disps, sites) == -E2BIG)
			return -E2BIG;
	}
	for (at = 0; at < code->len && !missed; at++)
		missed = compares(code, at, disps) && !is_among(sites, at);
	if (!sites->nr)
		return seen_call || missed ? -ESRCH : -ENOENT;
	return missed ? -ENOTUNIQ : 0;
}
