// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ways that a function's code may take
 *
 * A round is what the code does from a call of the function that flushes the dispatch
 * buffer to the next such call without leaving the function: an iteration of the dispatch
 * loop. A hook has to be met exactly once in every round that there can be. That is shown
 * here by following every way: no order in which a compiler has laid out the code is
 * relied on, and copies that it has made of the loop are seen, if they flush by a call.
 *
 * What a static key switches on later is not followed. Where there is a jump through a table,
 * or a probe of somebody else's, nothing is shown. Code that is never executed may count as a
 * way, as what follows a BUG() does: then a hook is refused that would have done.
 */
#include <linux/errno.h>
#include <linux/string.h>

#include "arch/arch.h"
#include "flow.h"
#include "image.h"

/* What is known of a byte of the function, if an instruction begins there. */
enum {
	SEEN	= 1,		/* it is executed */
	TODO	= 2,		/* so it is, and is to be looked at */
	STOP	= 4,		/* what is behind it does not matter */
};

static void mark(u8 *map, const u32 *at, int nr, u8 what)
{
	int i;

	for (i = 0; i < nr; i++)
		map[at[i]] |= what;
}

/*
 * Mark where a jump leads. What leaves for the cold part may come back by any way from there;
 * what goes elsewhere in the kernel does not. False if there is none of its code: somebody's
 * probe.
 */
static bool mark_target(const struct lg_code *code, u8 *map, s64 target)
{
	unsigned long address = code->address + target;
	struct lg_symbol sym;

	if (target >= 0 && target < code->len)
		map[target] |= TODO;
	else if (address - code->cold < code->cold_len)
		mark(map, code->back, code->nr_back, TODO);
	else
		return !lg_image_symbol(address, &sym);
	return true;
}

static bool is_seen(const u8 *map, const u32 *at, int nr)
{
	int i;

	for (i = 0; i < nr; i++)
		if (map[at[i]] & SEEN)
			return true;
	return false;
}

/*
 * Does the call come back? Behind the stack protector's, at the end of many a function, stands
 * what the compiler has put next, which may lead into the loop again.
 */
static bool returns(const struct lg_code *code, const struct lg_step *call)
{
	static struct lg_symbol sym;	/* large; the finding runs once */

	return lg_image_symbol(code->address + call->target, &sym) ||
	       strcmp(sym.name, "__stack_chk_fail");
}

/* Go on from @at, to where the way ends or meets another one. */
static bool follow(const struct lg_code *code, u8 *map, u32 at)
{
	struct lg_step step;

	while (!(map[at] & SEEN)) {
		map[at] |= SEEN;
		if (map[at] & STOP)
			return true;
		if (!lg_arch_step(code, at, &step))
			return false;
		if ((step.flow == LG_FLOW_JUMP || step.flow == LG_FLOW_BRANCH) &&
		    !mark_target(code, map, step.target))
			return false;
		if (step.flow == LG_FLOW_JUMP || step.flow == LG_FLOW_END ||
		    (step.flow == LG_FLOW_CALL && !returns(code, &step)))
			return true;
		at += step.len;
		if (at >= code->len)
			return true;	/* behind a call that does not return */
	}
	return true;
}

/* Mark as SEEN what is executed from those on that @map has as TODO, up to a STOP. */
static bool walk_on(const struct lg_code *code, u8 *map)
{
	bool todo;
	u32 at;

	do {
		todo = false;
		for (at = 0; at < code->len; at++) {
			if (!(map[at] & TODO))
				continue;
			map[at] &= ~TODO;
			todo = true;
			if (!follow(code, map, at))
				return false;
		}
	} while (todo);
	return true;
}

/*
 * Mark as SEEN what is executed behind the instructions @from, up to those that @map has
 * as STOP. False if there is one that is not known.
 */
static bool walk(const struct lg_code *code, u8 *map, const u32 *from, int nr)
{
	struct lg_step step;
	int i;

	for (i = 0; i < nr; i++) {
		if (!lg_arch_step(code, from[i], &step))
			return false;
		if (from[i] + step.len < code->len)
			map[from[i] + step.len] |= TODO;
	}
	return walk_on(code, map);
}

/**
 * lg_flow_calls - find the direct calls of a function
 * @code: the function that calls it
 * @is_function: tells the one that is called
 * @calls: set to the offsets of the calls, in ascending order
 * @max: the size of @calls
 *
 * Context: any.
 * Return: how many there are, -E2BIG if they are more than @max.
 */
int lg_flow_calls(const struct lg_code *code, lg_is_function_t is_function, u32 *calls,
		  int max)
{
	int nr = 0;
	u32 at;

	for (at = 0; at < code->len; at++) {
		if (!lg_arch_calls(code, at, is_function))
			continue;
		if (nr == max)
			return -E2BIG;
		calls[nr++] = at;
	}
	return nr;
}

/**
 * lg_flow_every_round - is one of the sites at least met in every round
 * @code: the function
 * @map: to work with, @code->len bytes
 * @starts: the instructions with which rounds begin
 * @nr_starts: how many there are
 * @sites: the instructions that are to be met
 * @nr_sites: how many there are
 *
 * Context: any.
 * Return: true if no way from a start to a start goes by all sites.
 */
bool lg_flow_every_round(const struct lg_code *code, u8 *map, const u32 *starts,
			 int nr_starts, const u32 *sites, int nr_sites)
{
	memset(map, 0, code->len);
	mark(map, sites, nr_sites, STOP);
	return walk(code, map, starts, nr_starts) && !is_seen(map, starts, nr_starts);
}

/**
 * lg_flow_once_a_round - is exactly one of the sites met in every round
 * @code: the function
 * @map: to work with, @code->len bytes
 * @starts: the instructions with which rounds begin
 * @nr_starts: how many there are
 * @sites: the instructions that are to be met
 * @nr_sites: how many there are
 *
 * Context: any.
 * Return: true if no way from a start to a start goes by all sites, or through two.
 */
bool lg_flow_once_a_round(const struct lg_code *code, u8 *map, const u32 *starts,
			  int nr_starts, const u32 *sites, int nr_sites)
{
	if (!lg_flow_every_round(code, map, starts, nr_starts, sites, nr_sites))
		return false;
	memset(map, 0, code->len);
	mark(map, starts, nr_starts, STOP);
	return walk(code, map, sites, nr_sites) && !is_seen(map, sites, nr_sites);
}

/**
 * lg_flow_targets - where one piece of code may jump to in a function
 * @piece: the code, from its first instruction to its last
 * @code: the function
 * @targets: set to offsets in the function
 * @max: the size of @targets
 *
 * Context: any.
 * Return: how many there are, -E2BIG if they are more than @max, -EOPNOTSUPP if there is code
 * that is not known.
 */
int lg_flow_targets(const struct lg_code *piece, const struct lg_code *code, u32 *targets,
		    int max)
{
	struct lg_step step;
	int nr = 0;
	s64 target;
	u32 at;

	for (at = 0; at < piece->len; at += step.len) {
		if (!lg_arch_step(piece, at, &step))
			return -EOPNOTSUPP;
		target = piece->address + step.target - code->address;
		if ((step.flow != LG_FLOW_JUMP && step.flow != LG_FLOW_BRANCH) ||
		    target < 0 || target >= code->len)
			continue;
		if (nr == max)
			return -E2BIG;
		targets[nr++] = target;
	}
	return nr;
}

/**
 * lg_flow_only_through - does every way to a round go through one instruction
 * @code: the function
 * @map: to work with, @code->len bytes
 * @gate: the instruction
 * @away: where it leads away from the rounds
 * @starts: the instructions with which rounds begin
 * @nr_starts: how many there are
 *
 * Context: any.
 * Return: true if it is on each way to a start, from the function's entry and from @away.
 */
bool lg_flow_only_through(const struct lg_code *code, u8 *map, u32 gate, u32 away,
			  const u32 *starts, int nr_starts)
{
	memset(map, 0, code->len);
	map[gate] = STOP;
	map[0] |= TODO;
	map[away] |= TODO;
	return walk_on(code, map) && !is_seen(map, starts, nr_starts);
}

/**
 * lg_flow_in_rounds - which calls are made in a round
 * @code: the function
 * @map: to work with, @code->len bytes
 * @starts: the instructions with which rounds begin
 * @nr_starts: how many there are
 * @calls: the calls; those that are in no round are taken out
 * @nr_calls: how many there are
 *
 * Context: any.
 * Return: how many are left, or -EOPNOTSUPP if there is code that is not known.
 */
int lg_flow_in_rounds(const struct lg_code *code, u8 *map, const u32 *starts,
		      int nr_starts, u32 *calls, int nr_calls)
{
	int i, nr = 0;

	for (i = 0; i < nr_calls; i++) {
		memset(map, 0, code->len);
		if (!walk(code, map, &calls[i], 1))
			return -EOPNOTSUPP;
		if (is_seen(map, starts, nr_starts))
			calls[nr++] = calls[i];
	}
	nr_calls = nr;
	memset(map, 0, code->len);
	if (!walk(code, map, starts, nr_starts))
		return -EOPNOTSUPP;
	for (i = 0, nr = 0; i < nr_calls; i++)
		if (is_seen(map, &calls[i], 1))
			calls[nr++] = calls[i];
	return nr;
}
