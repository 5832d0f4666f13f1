// SPDX-License-Identifier: GPL-2.0-only
/*
 * scx_loopguard_livepatch - tell scx_loopguard of every invocation
 *
 * A livepatch that wraps the function with the dispatch loop. It says when an
 * invocation begins and ends, so that the count restarts right there, and keeps
 * figures of all of them. The loop itself runs unchanged, with the hook of
 * scx_loopguard in it.
 *
 * The original is called behind its call of fentry, where the livepatch would only
 * come back to the wrapper. An indirect call there has no ENDBR to land on and no
 * hash to be checked, so it is a static call: the kernel patches it to a direct
 * one, which neither IBT nor kCFI mind. Everything else is C, so objtool has
 * seen it and stack traces through it are reliable.
 *
 * Never .replace: that would take away the livepatches of others.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/livepatch.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/static_call.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "clock.h"
#include "scx_loopguard.h"
#include "status.h"

/* -------------------------------------------------------------- figures -- */

/*
 * Bucket 0 counts the zeros, bucket n what is from 2^(n-1) to 2^n - 1, the last
 * one all that is more.
 */
enum {
	LOOPS_BUCKETS		= 14,	/* to 4096 and more */
	DURATION_BUCKETS	= 36,	/* to 17 s and more, in ns */
};

/* Written by its own CPU only, IRQs off. */
struct figures {
	unsigned int generation;	/* of the last reset that it knows of */
	u64 longest_ns;
	u64 duration[DURATION_BUCKETS];
	/* bucket 0 is what the others leave of @duration, see get_loops_histogram() */
	u64 loops[LOOPS_BUCKETS];
};

static DEFINE_PER_CPU_ALIGNED(struct figures, figures);

/* A CPU whose figures are of an older generation has none. */
static unsigned int generation;

static __always_inline unsigned int bucket(u64 value, unsigned int buckets)
{
	return min_t(unsigned int, fls64(value), buckets - 1);
}

static __always_inline void add(u64 *counter)
{
	WRITE_ONCE(*counter, *counter + 1);
}

static noinline void start_anew(struct figures *f, unsigned int now)
{
	/* but the generation, which readers may look at meanwhile */
	memset_after(f, 0, generation);
	/* readers take the figures for valid only with this, see figures_of() */
	smp_store_release(&f->generation, now);
}

static __always_inline void record(u64 loops, u64 ns)
{
	struct figures *f = this_cpu_ptr(&figures);
	unsigned int now = READ_ONCE(generation);

	if (unlikely(f->generation != now))
		start_anew(f, now);
	add(&f->duration[bucket(ns, DURATION_BUCKETS)]);
	if (unlikely(ns > f->longest_ns))
		WRITE_ONCE(f->longest_ns, ns);
	if (loops) {
		smp_wmb();	/* pairs with get_loops_histogram() */
		add(&f->loops[bucket(loops, LOOPS_BUCKETS)]);
	}
}

/* -------------------------------------------------------------- wrapper -- */

/*
 * Whatever the function takes, and compilers may change what a static one takes, it
 * is in the six registers; whatever it returns is in one.
 */
typedef unsigned long body_fn(unsigned long a, unsigned long b, unsigned long c,
			      unsigned long d, unsigned long e, unsigned long f);

DEFINE_STATIC_CALL_NULL(body, body_fn);

/*
 * A tail call of its own: call depth tracking looks for its thunk before whatever is
 * called, and there is none in the middle of a function, but leaves jumps alone.
 */
static noinline unsigned long call_body(unsigned long a, unsigned long b,
					unsigned long c, unsigned long d,
					unsigned long e, unsigned long f)
{
	return static_call(body)(a, b, c, d, e, f);
}

static __always_inline unsigned long wrap(bool bare, unsigned long a, unsigned long b,
					  unsigned long c, unsigned long d,
					  unsigned long e, unsigned long f)
{
	u64 hits = this_cpu_read(scx_loopguard_hits);
	u64 began = lg_clock_read(bare);
	unsigned long ret;

	this_cpu_write(scx_loopguard_began, began);
	ret = call_body(a, b, c, d, e, f);
	this_cpu_write(scx_loopguard_began, 0);
	hits = this_cpu_read(scx_loopguard_hits) - hits;
	if (hits)
		scx_loopguard_over();
	record(hits, lg_clock_ns(bare, lg_clock_read(bare) - began));
	return ret;
}

/* In place of the function with the loop: IRQs off, rq lock held. */
static unsigned long wrapper(unsigned long a, unsigned long b, unsigned long c,
			     unsigned long d, unsigned long e, unsigned long f)
{
	return wrap(false, a, b, c, d, e, f);
}

static unsigned long bare_wrapper(unsigned long a, unsigned long b, unsigned long c,
				  unsigned long d, unsigned long e, unsigned long f)
{
	return wrap(true, a, b, c, d, e, f);
}

/* ------------------------------------------------------------ livepatch -- */

/* Where the stack of this function's livepatches begins, see is_covered(). */
static struct list_head *stack_top;

static bool disabled_by_hand;

/* From here to post_patch() nobody else can patch anything. */
static int pre_patch(struct klp_object *obj)
{
	return scx_loopguard_may_wrap();
}

/*
 * Nobody is on top of this livepatch when it is through for the first time. It is so
 * again when somebody thinks better of disabling it.
 */
static void post_patch(struct klp_object *obj)
{
	WRITE_ONCE(disabled_by_hand, false);
	if (!stack_top)
		WRITE_ONCE(stack_top, obj->funcs[0].stack_node.prev);
	pr_info("wraps %s\n", obj->funcs[0].old_name);
}

/* Not called for a livepatch that is replaced. */
static void pre_unpatch(struct klp_object *obj)
{
	WRITE_ONCE(disabled_by_hand, true);
}

static struct klp_func funcs[] = {
	{ .new_func = wrapper },	/* or bare_wrapper; .old_name is found at load */
	{ }
};

static struct klp_object objs[] = {
	{
		.funcs = funcs,
		.callbacks = {
			.pre_patch = pre_patch,
			.post_patch = post_patch,
			.pre_unpatch = pre_unpatch,
		},
	},
	{ }
};

static struct klp_patch patch = {
	.mod = THIS_MODULE,
	.objs = objs,
};

/* Has another livepatch of the same function come on top of this one? */
static bool is_covered(void)
{
	return READ_ONCE(funcs[0].stack_node.prev) != READ_ONCE(stack_top);
}

static bool is_in_force(void)
{
	return READ_ONCE(patch.enabled) && READ_ONCE(funcs[0].patched) &&
	       !READ_ONCE(funcs[0].transition) && READ_ONCE(stack_top) &&
	       !is_covered();
}

static const char *state(void)
{
	if (is_in_force())
		return "active";
	if (READ_ONCE(funcs[0].transition) ||
	    (READ_ONCE(patch.enabled) && !READ_ONCE(stack_top)))
		return "transition";
	if (READ_ONCE(patch.enabled))
		return "covered";
	/* what was in force and is not by its own doing is not by another's */
	return READ_ONCE(disabled_by_hand) || !READ_ONCE(stack_top) ?
	       "disabled" : "replaced";
}

/* ----------------------------------------------------------- parameters -- */

static int get_state(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", state());
}
STATUS(state, "active, transition, covered, disabled or replaced");

/* The figures of a CPU, or NULL if it has none since the last reset. */
static const struct figures *figures_of(int cpu)
{
	const struct figures *f = per_cpu_ptr(&figures, cpu);

	/* pairs with start_anew() */
	return smp_load_acquire(&f->generation) == READ_ONCE(generation) ?
	       f : NULL;
}

/* Sum of @n counters, from @offset in the figures on, over all CPUs. */
static u64 sum(size_t offset, unsigned int n)
{
	unsigned int i;
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct figures *f = figures_of(cpu);

		for (i = 0; f && i < n; i++)
			sum += READ_ONCE(((const u64 *)((const char *)f +
							offset))[i]);
	}
	return sum;
}

static u64 nr_invocations(void)
{
	return sum(offsetof(struct figures, duration), DURATION_BUCKETS);
}

static int get_invocations(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%llu\n", nr_invocations());
}
STATUS(invocations, "invocations of the function with the dispatch loop");

static int get_longest_ns(char *buf, const struct kernel_param *kp)
{
	u64 longest = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct figures *f = figures_of(cpu);

		longest = max(longest, f ? READ_ONCE(f->longest_ns) : 0);
	}
	return sysfs_emit(buf, "%llu\n", longest);
}
STATUS(longest_ns, "the longest invocation, IRQs off, in ns");

/* A bucket that is not empty has a line: its least value and the count. */
static int emit_bucket(char *buf, int len, unsigned int bucket, u64 count)
{
	return count ? sysfs_emit_at(buf, len, "%llu %llu\n",
				     bucket ? 1ULL << (bucket - 1) : 0, count) :
		       0;
}

static int get_loops_histogram(char *buf, const struct kernel_param *kp)
{
	u64 counts[LOOPS_BUCKETS], some = 0;
	unsigned int i;
	int len;

	for (i = 1; i < LOOPS_BUCKETS; i++) {
		counts[i] = sum(offsetof(struct figures, loops[i]), 1);
		some += counts[i];
	}
	smp_rmb();	/* pairs with record(): these are in what is read now */
	len = emit_bucket(buf, 0, 0, nr_invocations() - some);
	for (i = 1; i < LOOPS_BUCKETS; i++)
		len += emit_bucket(buf, len, i, counts[i]);
	return len;
}
STATUS(loops_histogram, "invocations by iterations without a task: least of the bucket, count");

static int get_duration_histogram(char *buf, const struct kernel_param *kp)
{
	unsigned int i;
	int len = 0;

	for (i = 0; i < DURATION_BUCKETS; i++)
		len += emit_bucket(buf, len, i,
				   sum(offsetof(struct figures, duration[i]), 1));
	return len;
}
STATUS(duration_histogram, "invocations by their duration in ns: least of the bucket, count");

static int set_reset(const char *val, const struct kernel_param *kp)
{
	unsigned int one;

	if (kstrtouint(val, 0, &one) || one != 1) {
		pr_err("reset: '%*pE' is not 1\n",
		       (int)min_t(size_t, strcspn(val, "\n"), 32), val);
		return -EINVAL;
	}
	/* under param_lock; each CPU starts anew with its next invocation */
	WRITE_ONCE(generation, generation + 1);
	return 0;
}

static const struct kernel_param_ops reset_ops = {
	.set = set_reset,
};
module_param_cb(reset, &reset_ops, NULL, 0200);
MODULE_PARM_DESC(reset, "write 1 to forget all figures (write-only)");

/* ----------------------------------------------------------------- init -- */

static int __init loopguard_livepatch_init(void)
{
	struct scx_loopguard_loop loop;
	int ret;

	ret = scx_loopguard_attach(is_in_force, &loop);
	if (ret)
		return ret;

	if (lg_clock_is_bare())
		funcs[0].new_func = bare_wrapper;
	funcs[0].old_name = loop.name;
	static_call_update(body, (body_fn *)loop.body);
	ret = klp_enable_patch(&patch);
	if (ret)
		scx_loopguard_detach();
	return ret;
}

/* Only after the livepatch was disabled: until then the kernel holds the module. */
static void __exit loopguard_livepatch_exit(void)
{
	scx_loopguard_detach();
}

module_init(loopguard_livepatch_init);
module_exit(loopguard_livepatch_exit);

MODULE_DESCRIPTION("Tell scx_loopguard of every invocation of the dispatch loop");
MODULE_AUTHOR("The scx_loopguard authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(LG_VERSION);
MODULE_INFO(livepatch, "Y");
