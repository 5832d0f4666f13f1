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
	MAX_CONSUMES	= 32,			/* calls of what consumes, in it */
	MAX_FLUSHES	= LG_MAX_SITES,		/* calls of what flushes */
	MAX_CLASS	= 64,			/* pointers in a scheduling class */
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

/* Of which of them, or of a copy of it, is that the name? NULL if of none. */
static const struct shape *shape_of(const struct lg_symbol *sym)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(shapes); i++)
		if (is_called(sym, shapes[i].loop))
			return &shapes[i];
	return NULL;
}

/*
 * A compiler may have changed what a function that it has a copy of takes, and then its
 * first argument is not known. To make it known in other files, as LTO does, changes nothing.
 */
static bool takes_what_it_should(const struct lg_code *code, u32 call)
{
	struct lg_symbol sym;
	struct lg_step step;
	const char *suffix;

	if (!lg_arch_step(code, call, &step) ||
	    lg_arch_callee(code->address + step.target, &sym))
		return false;
	suffix = strchr(sym.name, '.');
	return !suffix || !strncmp(suffix, ".llvm.", 6);
}

/* The register may point to the context itself, to what it is a part of, or to the CPU's data. */
static struct lg_disps displacements(const struct lg_layout *l)
{
	struct lg_disps disps = { .disp[0] = l->nr_tasks_offset, .nr = 1 };
	long variable = l->context.address + l->nr_tasks_offset;

	if (l->outer_offset)
		disps.disp[disps.nr++] = l->outer_offset + l->nr_tasks_offset;
	if (l->context.kind == LG_CONTEXT_VARIABLE && variable == (s32)variable)
		disps.disp[disps.nr++] = variable;
	return disps;
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
 * Without its bit in has_op the scheduler has no ops.dispatch, and so no round: is that what the
 * code makes of that bit?
 */
static int find_gate(const struct lg_code *code, const struct lg_repick *layout, u8 *map,
		     const u32 *starts, int nr_starts)
{
	struct lg_gate gate;
	int ret;

	if (!layout->known || nr_starts <= 0)
		return -ENODATA;
	ret = lg_arch_find_gate(code, layout->has_op_offset, layout->has_op_bit, &gate);
	if (ret)
		return ret;
	return lg_flow_only_through(code, map, gate.at, gate.clear, starts, nr_starts) ?
	       0 : -ENOTUNIQ;
}

/*
 * What @code has to offer to the engines. Every iteration has to meet exactly one of the
 * places: half a loop is none.
 */
static int look_into(const struct lg_code *code, const struct lg_disps *disps,
		     const struct lg_layout *l, struct lg_loop *loop, u8 *map, int cold_error)
{
	u32 starts[MAX_FLUSHES], calls[MAX_CONSUMES];
	struct lg_sites *sites = &loop->sites;
	int nr, nr_starts;

	nr_starts = lg_flow_calls(code, is_flush, starts, MAX_FLUSHES);
	loop->site_error = lg_arch_find_sites(code, is_consume, disps, sites);
	if (!nr_starts && loop->site_error == -ENOENT && cold_error != -ESRCH)
		return -ENOENT;
	if (cold_error || !nr_starts)
		nr_starts = cold_error ?: -ESRCH;
	if (nr_starts < 0)
		loop->site_error = nr_starts;
	else if (loop->site_error == -ENOENT)
		loop->site_error = -ESRCH;
	if (!loop->site_error &&
	    !lg_flow_once_a_round(code, map, starts, nr_starts, sites->at, sites->nr))
		loop->site_error = -ENOTUNIQ;
	loop->bounded = !loop->site_error && sites->nr_counts &&
			lg_flow_once_a_round(code, map, starts, nr_starts, sites->counts,
					     sites->nr_counts);

	nr = nr_starts < 0 ? nr_starts : lg_flow_calls(code, is_consume, calls, MAX_CONSUMES);
	if (nr >= 0)
		nr = find_calls(code, l, map, starts, nr_starts, calls, nr);
	loop->calls_error = min(nr, 0);
	loop->nr_calls = max(nr, 0);
	memcpy(loop->calls, calls, loop->nr_calls * sizeof(*calls));
	loop->gate_error = find_gate(code, &l->repick, map, starts, nr_starts);
	return 0;
}

/* ------------------------------------------------------------ functions -- */

static int add_entry(struct lg_loops *loops, const struct lg_symbol *function)
{
	u32 i;

	for (i = 0; i < loops->nr_entries; i++)
		if (loops->entries[i].address == function->address)
			return 0;
	if (loops->nr_entries == LG_MAX_ENTRIES)
		return -E2BIG;
	loops->entries[loops->nr_entries++] = *function;
	return 0;
}

/* Has the compiler put this part of the function elsewhere? */
static bool is_part(const struct lg_symbol *sym, const struct lg_symbol *function)
{
	return is_called(sym, function->name) &&
	       (strstr(sym->name, ".cold") || strstr(sym->name, ".__part."));
}

/*
 * Where the code of @function leads to: other functions that may have the loop are added, and
 * @cold is set if a part of its own is elsewhere.
 */
static int look_out(const struct lg_code *code, const struct lg_symbol *function,
		    struct lg_loops *loops, struct lg_symbol *cold)
{
	static struct lg_symbol sym;	/* large; the finding runs once */
	unsigned long address;
	struct lg_step step;
	int ret = 0;
	u32 at;

	for (at = 0; at < code->len && !ret; at++) {
		if (!lg_arch_step(code, at, &step) || step.flow == LG_FLOW_NEXT ||
		    step.flow == LG_FLOW_END)
			continue;
		address = code->address + step.target;
		if (address - function->address < function->size ||
		    lg_image_symbol(address, &sym))
			continue;
		if (is_part(&sym, function)) {
			if (cold->size && cold->address != sym.address)
				return -EOPNOTSUPP;
			*cold = sym;
		} else if (!lg_arch_callee(address, &sym) && shape_of(&sym)) {
			ret = add_entry(loops, &sym);
		}
	}
	return ret;
}

/* Copy the text of @sym, with @more bytes behind it to work with; code->text is to be freed. */
static int read_text(struct lg_code *code, const struct lg_symbol *sym, u32 more)
{
	u8 *text;

	memset(code, 0, sizeof(*code));
	if (sym->size > MAX_TEXT)
		return -E2BIG;
	text = kvmalloc(sym->size + more, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	code->text = text;
	code->len = sym->size;
	code->address = sym->address;
	return lg_image_read(text, sym->address, sym->size);
}

/*
 * The part of @function that the compiler has put elsewhere: only as a way is that known.
 * -ESRCH if a part of the loop is there.
 */
static int read_cold(struct lg_code *code, const struct lg_symbol *function,
		     const struct lg_disps *disps, struct lg_loops *loops,
		     struct lg_symbol *sym, u32 *back)
{
	static struct lg_sites sites;
	struct lg_code cold;
	u32 call;
	int ret;

	ret = read_text(&cold, sym, 0);
	if (!ret && (lg_flow_calls(&cold, is_flush, &call, 1) ||
		     lg_arch_find_sites(&cold, is_consume, disps, &sites) != -ENOENT))
		ret = -ESRCH;
	ret = ret ?: look_out(&cold, function, loops, sym) ?:
	      lg_flow_targets(&cold, code, back, MAX_BACK);
	kvfree(cold.text);
	if (ret < 0)
		return ret;
	code->cold = sym->address;
	code->cold_len = sym->size;
	code->back = back;
	code->nr_back = ret;
	return 0;
}

/* Look at one function: @loop, if it has one, and other functions that it leads to. */
static noinline int read_function(const struct lg_symbol *function, const struct lg_layout *l,
				  struct lg_loops *loops, struct lg_loop *loop)
{
	/* large; the finding runs once. clang's FUNCTION.cold would be code, in objtool's eyes */
	static struct lg_symbol part;
	struct lg_disps disps = displacements(l);
	u32 back[MAX_BACK];
	struct lg_code code;
	int ret, cold_error = 0;

	part.size = 0;
	ret = read_text(&code, function, function->size) ?:
	      look_out(&code, function, loops, &part);
	if (!ret && part.size)
		cold_error = read_cold(&code, function, &disps, loops, &part, back);
	if (!ret)
		ret = look_into(&code, &disps, l, loop, (u8 *)code.text + code.len, cold_error);
	kvfree(code.text);
	return ret;
}

/*
 * A compiler may have made two copies of the loop, and to hook one of them would guard
 * only that. The one for sub-schedulers is meant to be the second one.
 */
static int add_loop(struct lg_loops *loops, const struct lg_loop *loop)
{
	const struct shape *shape = shape_of(&loop->function);

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

/*
 * Compilers append to the names of functions what nobody knows beforehand, and only a whole
 * name can be asked for. The scheduling class has pointers to those that lead to the loop.
 */
static int add_class(struct lg_loops *loops)
{
	static struct lg_symbol sym;
	unsigned long class = lg_image_data("ext_sched_class"), pointer;
	u32 i, nr;
	int ret = 0;

	if (!class || lg_image_symbol(class, &sym))
		return 0;
	nr = min_t(u32, sym.size / sizeof(pointer), MAX_CLASS);
	for (i = 0; i < nr && !ret; i++)
		if (!lg_image_read(&pointer, class + i * sizeof(pointer), sizeof(pointer)) &&
		    !lg_arch_callee(pointer, &sym) && shape_of(&sym))
			ret = add_entry(loops, &sym);
	return ret;
}

/* Those that are called as in the source, that for sub-schedulers or all others. */
static int add_named(struct lg_loops *loops, bool inner)
{
	static struct lg_symbol sym;
	int i, ret = 0;

	for (i = 0; i < ARRAY_SIZE(shapes) && !ret; i++) {
		bool is_inner = shapes[i].kind == INNER;

		if (is_inner == inner && !lg_image_function(shapes[i].loop, &sym))
			ret = add_entry(loops, &sym);
	}
	return ret;
}

/* What the functions that are known lead to, that for sub-schedulers last. */
static noinline int find_all(const struct lg_layout *l, struct lg_loops *loops)
{
	static struct lg_loop loop;	/* large; the finding runs once */
	int ret;
	u32 i;

	ret = add_named(loops, false) ?: add_class(loops);
	for (i = 0; !ret; i++) {
		if (i == loops->nr_entries)
			ret = add_named(loops, true);
		if (ret || i == loops->nr_entries)
			break;
		loop.function = loops->entries[i];
		ret = read_function(&loop.function, l, loops, &loop);
		if (ret == -ENOENT)
			ret = 0;
		else if (!ret)
			ret = add_loop(loops, &loop);
	}
	return ret ?: loops->nr ? 0 : -ENOENT;
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
		if (!loop->bounded)
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
