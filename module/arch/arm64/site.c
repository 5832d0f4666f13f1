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
 *	bl	consume_dispatch_q
 *	tbnz	w0, #0, has_tasks
 *	subs	w20, w20, #1		<- a countdown
 *	b.eq	bound
 *	ldr	w0, [x19, #12]		<- a site
 *	cbz	w0, no_tasks
 *	str	wzr, [x19, #12]		<- the head of the loop
 *
 * with other registers, or flags and a branch on them for tbnz and cbz, and any of it once for each
 * copy of the loop. So start from the consume calls and follow the code to the first access
 * with the displacement that nr_tasks has. It is a site only if the way back into the loop
 * clears the very operand that it reads. In between there may be what only moves or computes;
 * what is copied is told by its value, not by the register that it is in. Anything else there
 * and the call is given up: nothing here is a guess. The consume call before the loop has no such
 * sequel.
 *
 * Whatever else in the function looks as if nr_tasks were compared with zero is too much: a
 * loop of which only one copy is known is not known.
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

	RESULT		= 0,	/* the register of a call's */
	FP		= 29,
	FIRST_KEPT	= 19,	/* registers that calls leave alone */
	LAST_KEPT	= 28,
	WORD		= 4,	/* bytes of nr_tasks */
	SLOT		= 8,
};

/* What is in a register: something that has a number, and how far it is from it. */
struct value {
	u32 nr;		/* 0: nothing */
	s64 off;
};

#define ZERO ((struct value){ .nr = U32_MAX })

/* A way through the code, and what is known of the registers on it. */
struct path {
	const struct lg_code *code;
	u32 at;
	struct a64_insn insn;	/* the one there */
	u32 steps;
	u32 values;		/* numbers given away */
	struct value reg[32];	/* the last one is the stack pointer */
	struct value flags;	/* Z tells whether this is zero */
	struct {
		struct value at, content;
	} slot[MAX_SLOTS];
	u32 slots;

	struct value found;	/* what the consume call has returned, a bool */
	struct value counted;	/* what was counted last, by one, ... */
	u32 counted_at;
	bool counted_up;	/* ... so that it carries when it is zero, ... */
	bool counted_kept;	/* ... and is for the next iteration */
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
	for (i = 0; i < 32; i++)
		p->reg[i] = new_value(p);
	p->found = p->reg[RESULT];
}

/* Decode what the way has come to. */
static bool decode(struct path *p)
{
	return p->steps++ < MAX_STEPS && a64_decode(p->code, p->at, &p->insn);
}

/* Go on where a branch leads; false if that leaves the function. */
static bool is_inside(const struct path *p, s64 target)
{
	return target >= 0 && target < p->code->len;
}

static struct value read(const struct path *p, u8 reg)
{
	return reg == A64_ZR ? ZERO : p->reg[reg];
}

static void write(struct path *p, u8 reg, struct value value)
{
	if (reg != A64_ZR)
		p->reg[reg] = value;
}

/* What the operand names. */
static struct value place_of(const struct path *p)
{
	struct value place = p->reg[p->insn.mem.base];

	place.off += p->insn.mem.disp;
	return place;
}

/* ---------------------------------------------------------------- moves -- */

/* Only the stack is nobody else's. */
static bool is_on_stack(const struct path *p)
{
	return p->insn.mem.base == A64_SP || p->insn.mem.base == FP;
}

static struct value remember(struct path *p, struct value at, struct value content)
{
	u32 i = p->slots++ % MAX_SLOTS;

	p->slot[i].at = at;
	p->slot[i].content = content;
	return content;
}

/* What is read from memory: from the stack twice the same. */
static struct value load(struct path *p, struct value from)
{
	u32 i;

	if (!is_on_stack(p) || p->insn.size != SLOT)
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

static void store(struct path *p, struct value to, struct value value)
{
	u32 i;

	for (i = 0; i < MAX_SLOTS; i++)
		if (!is_on_stack(p) || !is_apart(p->slot[i].at, to))
			p->slot[i].at.nr = 0;
	if (is_on_stack(p)) {
		p->counted_kept |= is_same(value, p->counted);
		remember(p, to, p->insn.size == SLOT ? value : new_value(p));
	}
}

/* Half of a register is all of what was only that long. */
static struct value copy(struct path *p)
{
	struct value value = read(p, p->insn.rn);

	if (p->insn.size == 8 || is_same(value, p->found) || is_same(value, p->counted))
		return value;
	return new_value(p);
}

static struct value lowest(struct path *p)
{
	struct value value = read(p, p->insn.rn);

	return is_same(value, p->found) ? value : new_value(p);
}

static struct value sum(struct path *p)
{
	struct value value = p->reg[p->insn.rn];

	if (p->insn.size == 8) {
		value.off += p->insn.imm;
		return value;
	}
	value = new_value(p);
	if (p->insn.imm == 1 || p->insn.imm == -1) {
		p->counted = value;
		p->counted_at = p->at;
		p->counted_up = p->insn.imm == 1 && p->insn.form == A64_COUNT;
		p->counted_kept = p->insn.rd == p->insn.rn && p->insn.rd >= FIRST_KEPT &&
				  p->insn.rd <= LAST_KEPT;
	}
	return value;
}

/* Behind the two of a pair, each at its place. */
static void load_pair(struct path *p)
{
	struct value from = place_of(p), first = load(p, from);

	from.off += p->insn.size;
	write(p, p->insn.rd2, load(p, from));
	write(p, p->insn.rd, first);
}

static void store_pair(struct path *p)
{
	struct value to = place_of(p);

	store(p, to, read(p, p->insn.rd));
	to.off += p->insn.size;
	store(p, to, read(p, p->insn.rd2));
}

/* Do what one does that moves, computes or tests. False if it is something else. */
static bool move(struct path *p)
{
	const struct a64_insn *x = &p->insn;

	switch (x->form) {
	case A64_NOP:
		return true;
	case A64_WRITE:
		write(p, x->rd, new_value(p));
		return true;
	case A64_COPY:
		write(p, x->rd, copy(p));
		return true;
	case A64_ZERO:
		write(p, x->rd, ZERO);
		return true;
	case A64_BYTE:
		write(p, x->rd, lowest(p));
		return true;
	case A64_ADD:
		p->reg[x->rd] = sum(p);
		return true;
	case A64_COUNT:
		p->reg[x->rd] = sum(p);
		p->flags = x->size == WORD ? p->reg[x->rd] : (struct value){};
		return true;
	case A64_TEST:
		p->flags = x->size == WORD ? read(p, x->rn) : (struct value){};
		return true;
	case A64_TEST_BYTE:
		p->flags = lowest(p);
		return true;
	case A64_LOAD:
		write(p, x->rd, load(p, place_of(p)));
		return true;
	case A64_LOAD_PAIR:
		load_pair(p);
		return true;
	case A64_STORE:
		store(p, place_of(p), read(p, x->rd));
		return true;
	case A64_STORE_PAIR:
		store_pair(p);
		return true;
	default:
		return false;
	}
}

/* Go on behind a move or along a jump. False, and still there, at anything else. */
static bool pass(struct path *p)
{
	if (p->insn.form == A64_B) {
		if (!is_inside(p, p->insn.target))
			return false;
		p->at = p->insn.target;
		return true;
	}
	if (!move(p))
		return false;
	p->at += A64_LEN;
	return true;
}

/* ------------------------------------------------- what the loop is made of -- */

static bool has_disp(const struct lg_disps *disps, s32 disp)
{
	u32 i;

	for (i = 0; i < disps->nr; i++)
		if (disps->disp[i] == disp)
			return true;
	return false;
}

/* Does the loop read nr_tasks so? */
static bool is_access(const struct a64_insn *x, const struct lg_disps *disps)
{
	return x->form == A64_LOAD && x->size == WORD && x->mem.base != A64_SP &&
	       x->rd != A64_ZR && has_disp(disps, x->mem.disp);
}

/* Go on to what is neither a move nor a jump, or to an access. */
static bool skip(struct path *p, const struct lg_disps *disps)
{
	do {
		if (!decode(p))
			return false;
	} while (!is_access(&p->insn, disps) && pass(p));
	return true;
}

/* Does the branch ask whether @about is zero? Then @if_zero is whether it branches if so. */
static bool asks(const struct path *p, struct value about, bool *if_zero)
{
	const struct a64_insn *x = &p->insn;

	switch (x->form) {
	case A64_CBZ:
		*if_zero = !x->on_nonzero;
		return x->size == WORD && is_same(read(p, x->rn), about);
	case A64_TBZ:
		*if_zero = !x->on_nonzero;
		return !x->imm && is_same(read(p, x->rn), about) && is_same(about, p->found);
	case A64_B_COND:
		*if_zero = x->cond == A64_EQ || x->cond == A64_HS;
		if (x->cond == A64_HS || x->cond == A64_LO)
			return is_same(p->flags, about) && is_same(about, p->counted) &&
			       p->counted_up;
		return (x->cond == A64_EQ || x->cond == A64_NE) && is_same(p->flags, about);
	default:
		return false;
	}
}

/*
 * At a branch: where it goes on when @about is zero, and when it is not. False if it depends on
 * anything else.
 */
static bool branch_on_zero(const struct path *p, struct value about, u32 *zero, u32 *nonzero)
{
	u32 next = p->at + A64_LEN, target;
	bool if_zero;

	if (!about.nr || !asks(p, about, &if_zero) || !is_inside(p, p->insn.target))
		return false;
	target = p->insn.target;
	*zero = if_zero ? target : next;
	*nonzero = if_zero ? next : target;
	return true;
}

/* Does it store zero to what is at @nr_tasks, or to that and what is beside it? */
static bool clears(const struct path *p, struct value nr_tasks)
{
	const struct a64_insn *x = &p->insn;
	struct value to = place_of(p);
	s64 off = nr_tasks.off - to.off;

	if (to.nr != nr_tasks.nr || off < 0)
		return false;
	if (x->form == A64_STORE)
		return off + WORD <= x->size && is_same(read(p, x->rd), ZERO);
	if (x->form != A64_STORE_PAIR || off + WORD > 2 * x->size)
		return false;
	return is_same(read(p, off < x->size ? x->rd : x->rd2), ZERO);
}

/* Does the head of the loop clear what is at @nr_tasks? */
static bool head_clears(struct path *p, struct value nr_tasks)
{
	while (decode(p)) {
		if (clears(p, nr_tasks))
			return true;
		if (!pass(p))
			return false;
	}
	return false;
}

/* Is the access that the way has come to the loop's own? */
static bool is_site(struct path *p, const struct lg_disps *disps)
{
	struct value nr_tasks = place_of(p), loaded;
	u8 reg = p->insn.rd;
	u32 ended;

	pass(p);
	loaded = p->reg[reg];
	return skip(p, disps) && branch_on_zero(p, loaded, &ended, &p->at) &&
	       head_clears(p, nr_tasks);
}

/* --------------------------------------------------------------- search -- */

/* The countdowns between a consume call and a site count only if that is one. */
struct bounds {
	u32 counts[LG_MAX_SITES], ends[LG_MAX_SITES], nr;
};

/* Follow the code behind a consume call that found no task, to an access of nr_tasks. */
static bool to_access(struct path *p, const struct lg_disps *disps, struct bounds *bounds)
{
	u32 found;

	if (!skip(p, disps) || !branch_on_zero(p, p->found, &p->at, &found))
		return false;
	while (skip(p, disps)) {
		if (is_access(&p->insn, disps))
			return true;
		/* zero is the native bound; the loop is the other way */
		if (bounds->nr == LG_MAX_SITES || !p->counted_kept ||
		    !branch_on_zero(p, p->counted, &bounds->ends[bounds->nr], &p->at))
			return false;
		bounds->counts[bounds->nr++] = p->counted_at;
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

/* Which register a load gets nr_tasks into, by its displacement; A64_ZR: into none. */
static u8 may_load(const struct a64_insn *x, const struct lg_disps *disps)
{
	if (is_access(x, disps))
		return x->rd;
	if (x->form != A64_LOAD_PAIR || x->size != WORD || x->mem.base == A64_SP)
		return A64_ZR;
	if (has_disp(disps, x->mem.disp))
		return x->rd;
	return has_disp(disps, x->mem.disp + WORD) ? x->rd2 : A64_ZR;
}

/* Does @x put something else into the register? */
static bool overwrites(const struct a64_insn *x, u8 reg)
{
	switch (x->form) {
	case A64_WRITE: case A64_COPY: case A64_ZERO: case A64_BYTE: case A64_ADD:
	case A64_COUNT: case A64_LOAD:
		return x->rd == reg;
	case A64_LOAD_PAIR:
		return x->rd == reg || x->rd2 == reg;
	default:
		return false;
	}
}

/*
 * Does the instruction at @at look as if nr_tasks were compared with zero? Forms that are not
 * followed count as well.
 */
static bool compares(const struct lg_code *code, u32 at, const struct lg_disps *disps)
{
	bool tested = false;
	struct a64_insn x;
	u8 loaded, i;

	if (!a64_decode(code, at, &x))
		return false;
	loaded = may_load(&x, disps);
	for (i = 0; i < MAX_COMPARE && loaded != A64_ZR; i++) {
		at += A64_LEN;
		if (!a64_decode(code, at, &x) || x.form == A64_RET || x.form == A64_B)
			return false;
		if (x.form == A64_CBZ && x.rn == loaded)
			return true;
		if (x.form == A64_B_COND)
			return tested && (x.cond == A64_EQ || x.cond == A64_NE);
		tested |= x.form == A64_TEST && x.rn == loaded;
		if (!tested && overwrites(&x, loaded))
			return false;
	}
	return false;
}

static bool is_among(const struct lg_sites *sites, u32 at)
{
	u32 i;

	for (i = 0; i < sites->nr; i++)
		if (sites->at[i] == at)
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
	for (at = 0; at < code->len; at += A64_LEN) {
		len = lg_arch_calls(code, at, is_consume);
		seen_call |= len;
		if (len && follow(code, at + len, disps, sites) == -E2BIG)
			return -E2BIG;
	}
	for (at = 0; at < code->len && !missed; at += A64_LEN)
		missed = compares(code, at, disps) && !is_among(sites, at);
	if (!sites->nr)
		return seen_call || missed ? -ESRCH : -ENOENT;
	return missed ? -ENOTUNIQ : 0;
}
