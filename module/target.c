// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding the dispatch loop and its data in the running kernel
 *
 * Kernels differ in where the compiler put the loop, in what it calls, and in where
 * the dispatch context is. What a kernel is gets decided by what is found in its symbols,
 * its BTF and its code, never by its version. Each refusal is one line that
 * says what is missing.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/kernel_stat.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "btf.h"
#include "guard.h"
#include "sysfs.h"
#include "target.h"

#define BTF_FILE "kernel/btf/vmlinux"

enum {
	MAX_TEXT	= 64 * 1024,		/* bytes of the loop function */
	PADDING		= 16,			/* bytes before a function, at most */
	MAX_BTF		= 64 * 1024 * 1024,	/* bytes */
	ENDBR_LEN	= 4,
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

/* What compilers append to the name of a static function. */
static const char * const suffixes[] = {
	"", ".isra.0", ".constprop.0", ".isra.0.constprop.0",
	".constprop.1", ".isra.0.constprop.1", ".part.0",
};

/* Each refusal that has no other cause of its own: not this kernel. */
static int refuse(int err, const char *why)
{
	pr_err("not loaded: %s\n", why);
	return err;
}

/* ------------------------------------------------------------------ BTF -- */

/* The blob as the kernel maps it, or a copy of it: @copy is then to be freed. */
struct blob {
	const void *data;
	size_t size;
	void *copy;
};

/* Without KALLSYMS_ALL the blob's bounds have no name, but sysfs shows it. */
static int read_btf_file(struct blob *blob)
{
	struct file *file = lg_sysfs_open(BTF_FILE, O_RDONLY);
	loff_t pos = 0;
	size_t size;
	ssize_t n = 1;

	if (IS_ERR(file))
		return PTR_ERR(file);

	size = i_size_read(file_inode(file));
	if (!size || size > MAX_BTF) {
		filp_close(file, NULL);
		return -ENODATA;
	}
	blob->copy = vmalloc(size);
	while (blob->copy && pos < size && n > 0)
		n = kernel_read(file, blob->copy + pos, size - pos, &pos);
	filp_close(file, NULL);

	if (!blob->copy)
		return -ENOMEM;
	blob->data = blob->copy;
	blob->size = pos;
	return pos == size ? 0 : -ENODATA;
}

static int get_btf(struct blob *blob)
{
	unsigned long start = lg_symbol_data("__start_BTF");
	unsigned long stop = lg_symbol_data("__stop_BTF");

	if (!start || stop <= start || stop - start > MAX_BTF)
		return read_btf_file(blob);
	blob->data = (const void *)start;
	blob->size = stop - start;
	return 0;
}

/* The dispatch context. Sizes are checked: a field that grew is another field. */
static int read_layout(const struct lg_btf *btf, struct lg_target *t)
{
	struct lg_btf_member rq, nr_tasks, outer;
	int ret;

	if (!lg_btf_has_struct(btf, "scx_dsp_ctx"))
		return refuse(-EOPNOTSUPP,
			      "unknown layout: BTF has no struct scx_dsp_ctx");

	ret = lg_btf_member(btf, "scx_dsp_ctx", "nr_tasks", &nr_tasks);
	if (ret == -ENOENT)
		return refuse(-EOPNOTSUPP,
			      "the dispatch loop keeps no nr_tasks (sched_ext of the RFC era, or a fork)");
	if (ret || nr_tasks.size != sizeof(u32))
		return refuse(-EOPNOTSUPP,
			      "unknown layout: nr_tasks of struct scx_dsp_ctx is not a u32");

	ret = lg_btf_member(btf, "scx_dsp_ctx", "rq", &rq);
	if (ret || rq.size != sizeof(void *))
		return refuse(-EOPNOTSUPP,
			      "unknown layout: struct scx_dsp_ctx has no pointer rq");

	/* since there are sub-schedulers it is a part of each one's per-CPU data */
	ret = lg_btf_member(btf, "scx_sched_pcpu", "dsp_ctx", &outer);
	if (ret && ret != -ENOENT)
		return refuse(-EOPNOTSUPP,
			      "unknown layout: dsp_ctx of struct scx_sched_pcpu");

	t->outer_offset = ret ? 0 : outer.offset;
	t->rq_offset = rq.offset;
	t->nr_tasks_offset = nr_tasks.offset;
	return 0;
}

/*
 * Per-CPU variables have no address in kallsyms that could be asked for, and the
 * offset in their section says nothing while it is unknown where the section starts.
 * kstat is exported and in the same section, so it tells.
 */
static int find_percpu(const struct lg_btf *btf, const char *name,
		       void __percpu **variable)
{
	u32 kstat_offset, offset;
	int ret;

	ret = lg_btf_percpu(btf, "kstat", &kstat_offset) ?:
	      lg_btf_percpu(btf, name, &offset);
	if (!ret)
		*variable = (__force void __percpu *)
			((__force unsigned long)&kstat - kstat_offset + offset);
	return ret;
}

static int find_runqueues(const struct lg_btf *btf, struct lg_target *t)
{
	if (find_percpu(btf, "runqueues", &t->runqueues))
		return refuse(-EOPNOTSUPP,
			      "unknown layout: BTF does not say where the per-CPU runqueues are");
	return 0;
}

/* Only for last_trip_ops: a kernel without it is protected all the same. */
static void find_ops_name(const struct lg_btf *btf, struct lg_target *t)
{
	static const char unknown[LG_OPS_NAME_LEN] = "unknown";
	struct lg_ops_name *ops = &t->ops_name;
	unsigned long scx_ops = lg_symbol_data("scx_ops");
	unsigned long scx_root = lg_symbol_data("scx_root");
	struct lg_btf_member name, member;

	ops->base = unknown;
	if (lg_btf_member(btf, "sched_ext_ops", "name", &name) ||
	    name.size != LG_OPS_NAME_LEN)
		return;

	/* struct scx_sched begins with its ops where they are in an unnamed union */
	if (t->outer_offset &&
	    !lg_btf_member(btf, "scx_sched_pcpu", "sch", &member) &&
	    member.size == sizeof(void *)) {
		ops->by_ctx = true;
		ops->indirect = true;
		ops->sched_offset = (s32)member.offset - (s32)t->outer_offset;
	} else if (scx_root && lg_btf_has_struct(btf, "scx_sched")) {
		ops->base = (const void *)scx_root;
		ops->indirect = true;
	} else if (scx_ops) {
		ops->base = (const void *)scx_ops;
	} else {
		return;
	}
	ops->offset = name.offset;
	if (ops->indirect && !lg_btf_member(btf, "scx_sched", "ops", &member))
		ops->offset += member.offset;
}

/*
 * How engine kretprobe gets at the dispatch contexts. Symbols of data need
 * KALLSYMS_ALL, and in older kernels the name is that of a per-CPU variable, which
 * must not be asked for.
 */
static void find_context(const struct lg_btf *btf, struct lg_target *t)
{
	struct lg_context *c = &t->context;
	struct lg_btf_member pcpu = {};

	if (t->outer_offset) {
		c->kind = LG_CONTEXT_OF_SCHED;
		c->reachable = !lg_btf_member(btf, "scx_sched", "pcpu", &pcpu) &&
			       pcpu.size == sizeof(void *);
		c->pcpu_offset = pcpu.offset;
		c->offset = t->outer_offset;
	} else if (!find_percpu(btf, "scx_dsp_ctx", &c->variable)) {
		c->kind = LG_CONTEXT_VARIABLE;
		c->reachable = true;
	} else {
		c->kind = LG_CONTEXT_POINTER;
		c->pointer = (void __percpu **)lg_symbol_data("scx_dsp_ctx");
		c->reachable = c->pointer;
	}
}

static int read_native_limit(const struct lg_btf *btf, struct lg_target *t)
{
	s64 limit = 0;
	int ret = lg_btf_enumerator(btf, "SCX_DSP_MAX_LOOPS", &limit);

	if (ret && ret != -ENOENT)
		return refuse(-EOPNOTSUPP,
			      "unknown layout: SCX_DSP_MAX_LOOPS is ambiguous in BTF");
	if (!ret && (limit < 1 || limit > U32_MAX))
		return refuse(-EOPNOTSUPP,
			      "unknown layout: SCX_DSP_MAX_LOOPS is out of range");
	t->native_limit = limit;
	return 0;
}

static int read_btf(struct lg_target *t)
{
	struct blob blob = {};
	struct lg_btf btf;
	int ret;

	ret = get_btf(&blob);
	if (!ret)
		ret = lg_btf_open(&btf, blob.data, blob.size);
	if (ret) {
		ret = refuse(-ENODATA,
			     "symbols not available: no __start_BTF (CONFIG_KALLSYMS_ALL), and cannot read /sys/"
			     BTF_FILE);
		goto out;
	}

	ret = read_layout(&btf, t);
	if (!ret)
		ret = find_runqueues(&btf, t);
	if (!ret)
		ret = read_native_limit(&btf, t);
	if (!ret) {
		find_ops_name(&btf, t);
		find_context(&btf, t);
	}
out:
	vfree(blob.copy);
	return ret;
}

/* ----------------------------------------------------------------- code -- */

/* For is_consume() and by it; only module init, which runs once, gets here. */
static const char *wanted_consume;
static struct lg_symbol found_consume;
static bool consume_is_ambiguous;

/*
 * Where a direct call at @target ends up. Newer kernels patch calls to land behind
 * the ENDBR; call depth tracking lets them land in the padding before the
 * function, whose symbol, if any, is not the function's.
 */
static int called_function(unsigned long target, struct lg_symbol *sym)
{
	unsigned long start = round_up(target, PADDING);

	if (!lg_symbol_at(target, sym) &&
	    (target == sym->address || target == sym->address + ENDBR_LEN))
		return 0;
	if (!lg_symbol_at(start, sym) && start == sym->address)
		return 0;
	return -ENOENT;
}

static bool is_consume(unsigned long target)
{
	struct lg_symbol sym;

	if (called_function(target, &sym) || !lg_symbol_is(&sym, wanted_consume))
		return false;
	if (found_consume.address && found_consume.address != sym.address)
		consume_is_ambiguous = true;	/* two copies of it */
	found_consume = sym;
	return true;
}

/* What @code, which calls the function @wanted_consume, has to offer. */
static void look_at_calls(const struct lg_code *code, const struct lg_target *t,
			  struct lg_loop *loop)
{
	/* the register may point to the context itself or to what it is a part of */
	loop->site_error = lg_site_find(code, is_consume,
					t->outer_offset + t->nr_tasks_offset,
					&loop->site);
	if (loop->site_error == -ESRCH && t->outer_offset)
		loop->site_error = lg_site_find(code, is_consume,
						t->nr_tasks_offset, &loop->site);
	loop->consume = found_consume;
	loop->returns_error = consume_is_ambiguous ? -ENOTUNIQ : 0;
}

/*
 * The loop may call more than one of the consume functions, but only behind one of
 * them it is found to go on. Where it is behind none, that is left to the kretprobe.
 */
static int look_into(const struct lg_code *code, const struct lg_target *t,
		     struct lg_loop *loop)
{
	static struct lg_loop try;	/* large; module init runs once */
	bool seen = false;
	int i;

	for (i = 0; i < ARRAY_SIZE(consumes); i++) {
		try = *loop;
		wanted_consume = consumes[i];
		found_consume.address = 0;
		consume_is_ambiguous = false;
		try.nr_returns = lg_site_calls(code, is_consume, try.returns,
					       LG_MAX_RETURNS);
		if (!try.nr_returns)
			continue;
		look_at_calls(code, t, &try);
		if (seen && !loop->site_error && !try.site_error)
			return -ENOTUNIQ;
		if (seen && try.site_error)
			continue;
		*loop = try;
		seen = true;
	}
	return seen ? 0 : -ENOENT;
}

/* @loop->function is set. */
static int read_function(const struct lg_target *t, struct lg_loop *loop)
{
	struct lg_code code = {};
	u8 *text;
	int ret;

	code.address = loop->function.address;
	code.len = loop->function.size;
	if (!code.len || code.len > MAX_TEXT)
		return -ENOENT;
	text = kvmalloc(code.len, GFP_KERNEL);
	if (!text)
		return -ENOMEM;

	ret = copy_from_kernel_nofault(text, (void *)code.address, code.len);
	code.text = text;
	if (!ret)
		ret = look_into(&code, t, loop);
	kvfree(text);
	return ret;
}

/*
 * A compiler may have made two copies of the loop, and to hook one of them would guard
 * only that. The one for sub-schedulers is meant to be the second one.
 */
static int add_loop(struct lg_target *t, const struct lg_loop *loop,
		    const struct shape *shape)
{
	if (!t->nr_loops && shape->kind == INNER)
		return -ENOENT;		/* that of the CPUs themselves is missing */
	if (t->nr_loops == LG_MAX_LOOPS ||
	    (t->nr_loops && shape->kind != INNER))
		return -ENOTUNIQ;
	t->loops[t->nr_loops] = *loop;
	t->loops[t->nr_loops].recursive = shape->kind == RECURSIVE;
	t->nr_loops++;
	t->nested |= shape->kind != PLAIN;
	return 0;
}

static int add_entry(struct lg_target *t, const struct lg_symbol *function)
{
	if (t->nr_entries == LG_MAX_ENTRIES)
		return -E2BIG;
	t->entries[t->nr_entries++] = *function;
	return 0;
}

static int find_loops(struct lg_target *t)
{
	static struct lg_loop loop;	/* large; module init runs once */
	char name[64];
	int i, ret;

	for (i = 0; i < ARRAY_SIZE(shapes) * ARRAY_SIZE(suffixes); i++) {
		const struct shape *shape = &shapes[i / ARRAY_SIZE(suffixes)];

		snprintf(name, sizeof(name), "%s%s", shape->loop,
			 suffixes[i % ARRAY_SIZE(suffixes)]);
		if (lg_symbol_function(name, &loop.function))
			continue;
		ret = add_entry(t, &loop.function);
		if (!ret)
			ret = read_function(t, &loop);
		if (!ret)
			ret = add_loop(t, &loop, shape);
		if (ret && ret != -ENOENT)
			return ret;
	}
	return t->nr_loops ? 0 : -ENOENT;
}

/*
 * The kretprobe has to look the context up and to know every return. Of fewer than
 * two it could not tell the loop's from the one before the loop.
 */
static int check_returns(const struct lg_target *t, const struct lg_loop *loop)
{
	if (loop->returns_error)
		return loop->returns_error;
	if (!IS_ENABLED(CONFIG_KRETPROBES))
		return -EOPNOTSUPP;
	if (!t->context.reachable)
		return -ENODATA;
	if (loop->nr_returns < 2 || loop->nr_returns > LG_MAX_RETURNS)
		return -E2BIG;
	if (loop->consume.address != t->loops[0].consume.address)
		return -ENOTUNIQ;
	return 0;
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

/**
 * lg_target_touched - at whose entry does somebody sit
 * @target: what was found
 *
 * Context: any.
 * Return: for each function that has a loop or may lead to one LG_TOUCHED() if a livepatch or a
 * tracer is at its entry, and LG_SHARED() too if there are several. Where it cannot be seen, both.
 */
u32 lg_target_touched(const struct lg_target *target)
{
	u32 i, touched = 0;
	enum lg_entry who;

	for (i = 0; i < target->nr_entries; i++) {
		if (!lg_symbol_body(&target->entries[i], &who))
			who = LG_ENTRY_SHARED;
		if (who != LG_ENTRY_FREE)
			touched |= LG_TOUCHED(i);
		if (who == LG_ENTRY_SHARED)
			touched |= LG_SHARED(i);
	}
	return touched;
}

/*
 * What all loops have in common. The enumerator of a native bound counts only where
 * every loop has the countdown.
 */
static void sum_up(struct lg_target *t)
{
	struct lg_loop *loop;
	u32 i;

	for (i = 0; i < t->nr_loops; i++) {
		loop = &t->loops[i];
		loop->returns_error = check_returns(t, loop);
		if (!t->site_error)
			t->site_error = loop->site_error;
		if (!t->returns_error)
			t->returns_error = loop->returns_error;
		if (loop->site_error || !loop->site.bounded)
			t->native_limit = 0;
	}
}

/**
 * lg_target_find - find the dispatch loop of the running kernel
 * @target: filled in; zeroed by the caller
 *
 * Prints one line on refusal. That BTF has the enumerator of a native bound proves
 * only that it was declared, so it counts only where the loop has a countdown.
 *
 * Context: task, may sleep. Called once, from module init.
 * Return: 0 if some engine can hook it, -ENODEV without sched_ext, -ENODATA
 * without BTF, -EOPNOTSUPP for a loop or a layout that is not known, -ENOMEM.
 */
int lg_target_find(struct lg_target *target)
{
	struct lg_symbol kfunc;
	int ret;

	/* in every generation since the first RFC */
	if (lg_symbol_function("scx_bpf_kick_cpu", &kfunc))
		return refuse(-ENODEV, "this kernel has no sched_ext");

	ret = read_btf(target);
	if (ret)
		return ret;

	ret = find_loops(target);
	if (ret == -ENOENT)
		return refuse(-EOPNOTSUPP,
			      "no dispatch loop found: no known function calls the consume function");
	if (ret == -ENOTUNIQ)
		return refuse(-EOPNOTSUPP,
			      "no dispatch loop found: two functions look like it");
	if (ret)
		return refuse(ret, "the dispatch loop could not be read");

	/* where there are sub-schedulers there is a loop for them too */
	if (!target->nested && !lg_symbol_function(SUB_DISPATCH, &kfunc))
		return refuse(-EOPNOTSUPP,
			      "no dispatch loop found: that of sub-schedulers is in none of the known functions");

	sum_up(target);
	if (target->site_error && target->returns_error)
		return refuse(-EOPNOTSUPP,
			      "no dispatch loop found: nothing behind the consume calls reads nr_tasks as the loop does, and a kretprobe cannot get at the dispatch context");
	return 0;
}
