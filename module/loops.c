// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the dispatch loop is, from the kernel's code
 *
 * Kernels differ in where the compiler put the loop and in what it calls. What a kernel is
 * gets decided by what is found in its symbols and its code, never by its version. Each
 * refusal says what is missing.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "flow.h"
#include "loops.h"

enum {
	MAX_TEXT	= 64 * 1024,		/* bytes of the loop function */
	MAX_CONSUMES	= 16,			/* calls of what consumes, in it */
	MAX_FLUSHES	= 4,			/* calls of what flushes */
	MAX_BACK	= 32,			/* ways back from its cold part */
};

/* The kfunc that enters a sub-scheduler's loop; not there in kernels without them. */
#define SUB_DISPATCH "scx_bpf_sub_dispatch"

/*
 * The functions that may have the loop in their code, after inlining. In INNER it is a
 * loop that is only entered from within another's; RECURSIVE is both. All are looked at.
 */
static const struct shape {
	const char *loop;
	enum { PLAIN, RECURSIVE, INNER } kind;
} shapes[] = {
	{ "balance_one" },
	{ "balance_scx" },
	{ "dispatch_one" },
	{ "dispatch_pick" },
	{ "dispatch_core_pick" },
	{ "pick_task_scx" },
	{ "do_pick_task_scx" },
	{ "ext_server_pick_task" },
	{ "scx_dispatch_sched", RECURSIVE },
	{ SUB_DISPATCH, INNER },
};

/* What the loop calls last in an iteration, after inlining. */
static const char * const consumes[] = {
	"consume_global_dsq", "scx_consume_global_dsq",
	"consume_dispatch_q", "scx_consume_dispatch_q",
};

/* What it calls once ops.dispatch() has returned. */
static const char * const flushes[] = {
	"flush_dispatch_buf", "scx_flush_dispatch_buf",
};

/* What compilers append to the name of a static function. */
static const char * const suffixes[] = {
	"", ".isra.0", ".constprop.0", ".isra.0.constprop.0",
	".constprop.1", ".isra.0.constprop.1", ".part.0",
};

/*
 * Is this the function that the source calls @name? Compilers mark their copies with a
 * suffix: .isra.0, .constprop.0, .llvm.123.
 */
static bool is_called(const struct lg_symbol *sym, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(sym->name, name, len) &&
	       (!sym->name[len] || sym->name[len] == '.');
}

/* The finding runs once, so what it is looking for may be here. */
static const char *wanted_consume;

static bool is_wanted_consume(unsigned long address)
{
	struct lg_symbol sym;

	return !lg_arch_callee(address, &sym) && is_called(&sym, wanted_consume);
}

static bool is_one_of(unsigned long address, const char * const *names, int nr)
{
	struct lg_symbol sym;
	int i;

	if (lg_arch_callee(address, &sym))
		return false;
	for (i = 0; i < nr; i++)
		if (is_called(&sym, names[i]))
			return true;
	return false;
}

static bool is_consume(unsigned long address)
{
	return is_one_of(address, consumes, ARRAY_SIZE(consumes));
}

static bool is_flush(unsigned long address)
{
	return is_one_of(address, flushes, ARRAY_SIZE(flushes));
}

/*
 * A compiler may have changed what a function that it has a copy of takes, and then its
 * first argument is not known.
 */
static bool takes_what_it_should(const struct lg_code *code, u32 call)
{
	struct lg_symbol sym;
	struct lg_step step;

	return lg_arch_step(code, call, &step) &&
	       !lg_arch_callee(code->address + step.target, &sym) && !strchr(sym.name, '.');
}

/* The loop's own load of nr_tasks behind one of the consume functions. */
static int find_site(const struct lg_code *code, const struct lg_layout *l,
		     struct lg_site *site)
{
	struct lg_site found;
	int i, ret, result = -ESRCH;

	for (i = 0; i < ARRAY_SIZE(consumes); i++) {
		wanted_consume = consumes[i];
		/* the register may point to the context itself or to what it is a part of */
		ret = lg_arch_find_site(code, is_wanted_consume,
					l->outer_offset + l->nr_tasks_offset, &found);
		if (ret == -ESRCH && l->outer_offset)
			ret = lg_arch_find_site(code, is_wanted_consume,
						l->nr_tasks_offset, &found);
		if (ret == -ENOTUNIQ || (!ret && !result))
			return -ENOTUNIQ;
		if (ret)
			continue;
		*site = found;
		result = 0;
	}
	return result;
}

/* The calls of a consume function of which every iteration makes one. */
static int find_calls(const struct lg_code *code, const struct lg_layout *l, u8 *map,
		      const u32 *starts, int nr_starts, u32 *calls, int nr)
{
	int i;

	if (!l->context.reachable)
		return -ENODATA;
	nr = lg_flow_in_rounds(code, map, starts, nr_starts, calls, nr);
	if (nr <= 0)
		return nr ?: -ESRCH;
	if (nr > LG_MAX_CALLS)
		return -E2BIG;
	for (i = 0; i < nr && l->context.kind == LG_CONTEXT_OF_SCHED; i++)
		if (!takes_what_it_should(code, calls[i]))
			return -EOPNOTSUPP;
	return lg_flow_once_a_round(code, map, starts, nr_starts, calls, nr) ? nr : -ENOTUNIQ;
}

/*
 * What @code has to offer to the engines. Where it calls what flushes, so that the ways
 * through the loop are known, a site has to be on all of them: half a loop is none.
 */
static int look_into(const struct lg_code *code, const struct lg_layout *l,
		     struct lg_loop *loop, u8 *map, int cold_error)
{
	u32 starts[MAX_FLUSHES], calls[MAX_CONSUMES];
	int nr, nr_starts;

	nr = lg_flow_calls(code, is_consume, calls, MAX_CONSUMES);
	if (!nr)
		return -ENOENT;
	nr_starts = cold_error ?: lg_flow_calls(code, is_flush, starts, MAX_FLUSHES);
	loop->site_error = nr_starts < 0 ? nr_starts : find_site(code, l, &loop->site);
	if (!loop->site_error && nr_starts &&
	    !lg_flow_once_a_round(code, map, starts, nr_starts, &loop->site.offset, 1))
		loop->site_error = -ENOTUNIQ;

	if (nr > 0 && nr_starts > 0)
		nr = find_calls(code, l, map, starts, nr_starts, calls, nr);
	else
		nr = -ESRCH;
	loop->calls_error = min(nr, 0);
	loop->nr_calls = max(nr, 0);
	memcpy(loop->calls, calls, loop->nr_calls * sizeof(*calls));
	return 0;
}

/* What the compiler has put elsewhere of the function: only as a way is that known. */
static int read_cold(struct lg_code *code, const char *name, u32 *back)
{
	struct lg_code cold = {};
	struct lg_symbol sym;
	char buf[64];
	u32 call;
	u8 *text;
	int ret;

	snprintf(buf, sizeof(buf), "%s.cold", name);
	if (lg_image_function(buf, &sym))
		return 0;
	if (sym.size > MAX_TEXT)
		return -E2BIG;
	text = kvmalloc(sym.size, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	cold.text = text;
	cold.len = sym.size;
	cold.address = sym.address;
	ret = lg_image_read(text, sym.address, sym.size);
	if (!ret && (lg_flow_calls(&cold, is_consume, &call, 1) ||
		     lg_flow_calls(&cold, is_flush, &call, 1)))
		ret = -EOPNOTSUPP;	/* a part of the loop is there */
	if (!ret)
		ret = lg_flow_targets(&cold, code, back, MAX_BACK);
	kvfree(text);
	if (ret < 0)
		return ret;
	code->cold = sym.address;
	code->cold_len = sym.size;
	code->back = back;
	code->nr_back = ret;
	return 0;
}

/* @loop->function is set. */
static noinline int read_function(const struct lg_layout *l, struct lg_loop *loop)
{
	struct lg_code code = {
		.address = loop->function.address,
		.len = loop->function.size,
	};
	u32 back[MAX_BACK];
	int ret, cold_error;
	u8 *text;

	if (!code.len || code.len > MAX_TEXT)
		return -ENOENT;
	/* the text, and as much to work with */
	text = kvmalloc(2 * code.len, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	code.text = text;
	cold_error = read_cold(&code, loop->function.name, back);
	ret = lg_image_read(text, code.address, code.len) ?:
	      look_into(&code, l, loop, text + code.len, cold_error);
	kvfree(text);
	return ret;
}

/*
 * A compiler may have made two copies of the loop, and to hook one of them would guard
 * only that. The one for sub-schedulers is meant to be the second one.
 */
static int add_loop(struct lg_loops *loops, const struct lg_loop *loop,
		    const struct shape *shape)
{
	if (!loops->nr && shape->kind == INNER)
		return -ENOENT;		/* that of the CPUs themselves is missing */
	if (loops->nr == LG_MAX_LOOPS || (loops->nr && shape->kind != INNER))
		return -ENOTUNIQ;
	loops->loop[loops->nr] = *loop;
	loops->loop[loops->nr].recursive = shape->kind == RECURSIVE;
	loops->nr++;
	loops->nested |= shape->kind != PLAIN;
	return 0;
}

static int add_entry(struct lg_loops *loops, const struct lg_symbol *function)
{
	if (loops->nr_entries == LG_MAX_ENTRIES)
		return -E2BIG;
	loops->entries[loops->nr_entries++] = *function;
	return 0;
}

static noinline int find_all(const struct lg_layout *l, struct lg_loops *loops)
{
	static struct lg_loop loop;	/* large; the finding runs once */
	char name[64];
	int i, ret;

	for (i = 0; i < ARRAY_SIZE(shapes) * ARRAY_SIZE(suffixes); i++) {
		const struct shape *shape = &shapes[i / ARRAY_SIZE(suffixes)];

		snprintf(name, sizeof(name), "%s%s", shape->loop,
			 suffixes[i % ARRAY_SIZE(suffixes)]);
		if (lg_image_function(name, &loop.function))
			continue;
		ret = add_entry(loops, &loop.function);
		if (!ret)
			ret = read_function(l, &loop);
		if (!ret)
			ret = add_loop(loops, &loop, shape);
		if (ret && ret != -ENOENT)
			return ret;
	}
	return loops->nr ? 0 : -ENOENT;
}

/**
 * lg_way_to_loop - the functions that have a dispatch loop or may lead to one
 * @i: from 0 on
 *
 * Context: any.
 * Return: a name from the source, to which a compiler may append; NULL behind the last one.
 */
const char *lg_way_to_loop(u32 i)
{
	return i < ARRAY_SIZE(shapes) ? shapes[i].loop : NULL;
}

static void sum_up(struct lg_loops *loops)
{
	const struct lg_loop *loop;
	u32 i;

	loops->bounded = true;
	for (i = 0; i < loops->nr; i++) {
		loop = &loops->loop[i];
		if (!loops->site_error)
			loops->site_error = loop->site_error;
		if (!loops->calls_error)
			loops->calls_error = loop->calls_error;
		if (loop->site_error || !loop->site.bounded)
			loops->bounded = false;
	}
}

/**
 * lg_loops_find - find the dispatch loops of the image
 * @layout: its layout
 * @loops: filled in; zeroed by the caller
 *
 * Calls lg_refuse() on refusal.
 *
 * Context: task, may sleep. Only one at a time.
 * Return: 0 if some engine can hook them, -ENODEV without sched_ext, -EOPNOTSUPP for loops
 * that are not known, -ENOMEM.
 */
int lg_loops_find(const struct lg_layout *layout, struct lg_loops *loops)
{
	struct lg_symbol kfunc;
	int ret;

	ret = find_all(layout, loops);
	if (ret == -ENOENT)
		return lg_refuse(-EOPNOTSUPP,
				 "no dispatch loop found: no known function calls the consume function");
	if (ret == -ENOTUNIQ)
		return lg_refuse(-EOPNOTSUPP,
				 "no dispatch loop found: two functions look like it");
	if (ret)
		return lg_refuse(ret, "the dispatch loop could not be read");

	/* where there are sub-schedulers there is a loop for them too */
	if (!loops->nested && !lg_image_function(SUB_DISPATCH, &kfunc))
		return lg_refuse(-EOPNOTSUPP,
				 "no dispatch loop found: that of sub-schedulers is in none of the known functions");

	sum_up(loops);
	if (loops->site_error && loops->calls_error)
		return lg_refuse(-EOPNOTSUPP,
				 "no dispatch loop found: nothing behind the consume calls reads nr_tasks as the loop does, and which of them are the loop's own cannot be shown (or somebody else's kprobe is in the way)");
	return 0;
}
