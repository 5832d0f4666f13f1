// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding the dispatch loop and its data in the running kernel
 *
 * Kernels differ in where the compiler put the loop and in what it calls; see
 * struct shape. What a kernel is gets decided by what is found in its symbols,
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
#include "target.h"

#define BTF_FILE "/sys/kernel/btf/vmlinux"

enum {
	MAX_TEXT	= 64 * 1024,		/* bytes of the loop function */
	PADDING		= 16,			/* bytes before a function, at most */
	MAX_BTF		= 64 * 1024 * 1024,	/* bytes */
	ENDBR_LEN	= 4,
};

/*
 * Ways in which the loop has been compiled, best known first. @loop is the
 * function whose code has it, @consume the function it calls last in an
 * iteration, either of them after inlining.
 */
static const struct shape {
	const char *loop;
	const char *consume;
} shapes[] = {
	{ "balance_one", "consume_global_dsq" },
	{ "balance_one", "consume_dispatch_q" },
	{ "balance_scx", "consume_global_dsq" },
	{ "balance_scx", "consume_dispatch_q" },
};

/* What compilers append to the name of a static function. */
static const char * const suffixes[] = {
	"", ".isra.0", ".constprop.0", ".isra.0.constprop.0",
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
	struct file *file = filp_open(BTF_FILE, O_RDONLY, 0);
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
	struct lg_btf_member rq, nr_tasks;
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

	t->rq_offset = rq.offset;
	t->nr_tasks_offset = nr_tasks.offset;
	return 0;
}

/*
 * runqueues is not exported, and its offset in the per-CPU section says nothing
 * while it is unknown where the section starts. kstat is exported and in the
 * same section, so it tells.
 */
static int find_runqueues(const struct lg_btf *btf, struct lg_target *t)
{
	u32 kstat_offset, rq_offset;

	if (lg_btf_percpu(btf, "kstat", &kstat_offset) ||
	    lg_btf_percpu(btf, "runqueues", &rq_offset))
		return refuse(-EOPNOTSUPP,
			      "unknown layout: BTF does not say where the per-CPU runqueues are");

	t->runqueues = (__force void __percpu *)((__force unsigned long)&kstat -
					      kstat_offset + rq_offset);
	return 0;
}

/* Only for last_trip_ops: a kernel without it is protected all the same. */
static void find_ops_name(const struct lg_btf *btf, struct lg_target *t)
{
	static const char unknown[] = "unknown";
	unsigned long ops = lg_symbol_data("scx_ops");
	struct lg_btf_member name;

	t->ops_name = unknown;
	t->ops_name_size = sizeof(unknown);
	if (!ops || lg_btf_member(btf, "sched_ext_ops", "name", &name))
		return;
	t->ops_name = (const char *)ops + name.offset;
	t->ops_name_size = name.size;
}

/*
 * The pointer to the per-CPU dispatch contexts, which is NULL while no BPF scheduler
 * is enabled. Not found without KALLSYMS_ALL. In older kernels the name is that of
 * a per-CPU variable, which must not be asked for.
 */
static void find_dsp_ctx(const struct lg_btf *btf, struct lg_target *t)
{
	u32 offset;

	if (lg_btf_percpu(btf, "scx_dsp_ctx", &offset) != -ENOENT)
		return;
	t->dsp_ctx = (void __percpu **)lg_symbol_data("scx_dsp_ctx");
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
			     "symbols not available: no __start_BTF (CONFIG_KALLSYMS_ALL), and cannot read "
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
		find_dsp_ctx(&btf, t);
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

/* What the text of the function @try->loop has to offer to each engine. */
static int look_into(struct lg_target *try)
{
	const struct lg_symbol *loop = &try->loop;
	struct lg_code code = { .len = loop->size, .address = loop->address };
	u8 *text;
	int ret;

	if (!loop->size || loop->size > MAX_TEXT)
		return -ENOENT;
	text = kvmalloc(loop->size, GFP_KERNEL);
	if (!text)
		return -ENOMEM;

	ret = copy_from_kernel_nofault(text, (void *)loop->address, loop->size);
	if (!ret) {
		code.text = text;
		found_consume.address = 0;
		consume_is_ambiguous = false;
		try->nr_returns = lg_site_calls(&code, is_consume, try->returns,
						LG_MAX_RETURNS);
		try->site_error = lg_site_find(&code, is_consume,
					       try->nr_tasks_offset, &try->site);
		try->consume = found_consume;
		try->returns_error = consume_is_ambiguous ? -ENOTUNIQ : 0;
		if (!try->nr_returns)
			ret = -ENOENT;
	}
	kvfree(text);
	return ret;
}

/*
 * Every shape is looked at, since a compiler may have made two copies of the loop
 * and one hook would guard only one.
 */
static int find_loop(struct lg_target *t)
{
	static struct lg_target try;	/* large; module init runs once */
	bool seen = false;
	char name[64];
	int i, ret;

	for (i = 0; i < ARRAY_SIZE(shapes) * ARRAY_SIZE(suffixes); i++) {
		const struct shape *shape = &shapes[i / ARRAY_SIZE(suffixes)];

		wanted_consume = shape->consume;
		snprintf(name, sizeof(name), "%s%s", shape->loop,
			 suffixes[i % ARRAY_SIZE(suffixes)]);
		try = *t;
		ret = lg_symbol_function(name, &try.loop);
		if (!ret)
			ret = look_into(&try);
		if (ret == -ENOENT)
			continue;
		if (ret)
			return ret;
		if (seen)
			return -ENOTUNIQ;
		*t = try;
		seen = true;
	}
	return seen ? 0 : -ENOENT;
}

/*
 * The kretprobe has to look the context up and to know every return. Of fewer than
 * two it could not tell the loop's from the one before the loop.
 */
static int check_returns(const struct lg_target *t)
{
	if (t->returns_error)
		return t->returns_error;
	if (!IS_ENABLED(CONFIG_KRETPROBES))
		return -EOPNOTSUPP;
	if (!t->dsp_ctx)
		return -ENODATA;
	if (t->nr_returns < 2 || t->nr_returns > LG_MAX_RETURNS)
		return -E2BIG;
	return 0;
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

	ret = find_loop(target);
	if (ret == -ENOENT)
		return refuse(-EOPNOTSUPP,
			      "no dispatch loop found: no known function calls the consume function");
	if (ret == -ENOTUNIQ)
		return refuse(-EOPNOTSUPP,
			      "no dispatch loop found: two functions look like it");
	if (ret)
		return refuse(ret, "the dispatch loop could not be read");

	target->returns_error = check_returns(target);
	if (target->site_error && target->returns_error)
		return refuse(-EOPNOTSUPP,
			      "no dispatch loop found: nothing behind the consume calls reads nr_tasks as the loop does, and a kretprobe would need scx_dsp_ctx in kallsyms");
	if (target->site_error || !target->site.bounded)
		target->native_limit = 0;
	return 0;
}
