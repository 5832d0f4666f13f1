// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hook: kprobes at places in the dispatch loop that every iteration without a task meets
 *
 * A busy CPU executes none of them. There are two kinds of places:
 *
 * loopsite: the loop's own load of nr_tasks. Its operand is in the dispatch context, in
 * whatever register the compiler keeps that, so no symbol is needed to get at it. Load and
 * test are at least five bytes with no jump into them, so kprobes replaces the
 * breakpoint by a jump where it can (CONFIG_OPTPROBES).
 *
 * callsite: the loop's own call of the consume function, where the load is not found. It is
 * a breakpoint always, and needs what leads to the dispatch context. The iteration may find a
 * task yet, but then the loop ends, so that it does no harm to have counted it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "hook.h"
#include "plan.h"
#include "policy.h"
#include "processor.h"
#include "settings.h"
#include "target.h"

enum {
	MAX_HOOKS	= LG_MAX_LOOPS * LG_MAX_SITES,
};

/* Written before it is armed. */
struct hook {
	struct kprobe probe;	/* addr NULL: not there */
	struct lg_place nr_tasks;	/* loopsite: the operand of the load */
};

static struct hook hooks[MAX_HOOKS];
static unsigned int nr_hooks;

/* Where a native bound ends the loops; addr NULL: that cannot be watched. */
static struct kprobe bounds[MAX_HOOKS];
static unsigned int nr_bounds;

static const struct lg_target *target;

/* ------------------------------------------------------------- handlers -- */

/*
 * In the loop: IRQs off, rq lock held. While the probe is a breakpoint this is in the
 * exception's NMI-like context, which changes nothing for what is called.
 */
static int at_load(struct kprobe *kp, struct pt_regs *regs)
{
	const struct hook *hook = container_of(kp, struct hook, probe);

	lg_iteration(lg_arch_address(regs, &hook->nr_tasks), kernel_stack_pointer(regs));
	return 0;
}
NOKPROBE_SYMBOL(at_load);

/* The dispatch context; where it is not, nothing is there that could be read. */
static void *context_of(struct pt_regs *regs)
{
	const struct lg_context *c = &target->layout.context;
	void __percpu *at = (void __percpu *)c->address;
	void *sched;

	switch (c->kind) {
	case LG_CONTEXT_VARIABLE:
		break;
	case LG_CONTEXT_POINTER:
		at = READ_ONCE(*(void __percpu **)c->address);
		break;
	case LG_CONTEXT_OF_SCHED:
		sched = (void *)regs_get_kernel_argument(regs, 0);
		if (copy_from_kernel_nofault(&at, sched + c->pcpu_offset, sizeof(at)))
			return NULL;
		break;
	}
	return at ? (__force void *)this_cpu_ptr(at) + target->layout.outer_offset : NULL;
}
NOKPROBE_SYMBOL(context_of);

static int at_call(struct kprobe *kp, struct pt_regs *regs)
{
	void *ctx = context_of(regs);

	if (ctx)
		lg_iteration(ctx + target->layout.nr_tasks_offset,
			     kernel_stack_pointer(regs));
	return 0;
}
NOKPROBE_SYMBOL(at_call);

/* The kernel is about to end the loop itself. */
static int at_bound(struct kprobe *kp, struct pt_regs *regs)
{
	lg_bound_reached(kernel_stack_pointer(regs));
	return 0;
}
NOKPROBE_SYMBOL(at_bound);

/* ------------------------------------------------------------------ arm -- */

static bool is_in_place(struct kprobe *probe)
{
	return probe->addr && !kprobe_gone(probe) && !kprobe_disabled(probe) &&
	       lg_arch_is_probed(probe->addr, probe->opcode);
}

static int arm(struct kprobe *probe, const struct lg_loop *loop, u32 offset,
	       kprobe_pre_handler_t handler)
{
	int ret;

	probe->pre_handler = handler;
	probe->addr = (kprobe_opcode_t *)(loop->function.address + offset);
	ret = register_kprobe(probe);
	if (!ret && is_in_place(probe))
		return 0;
	if (!ret)
		unregister_kprobe(probe);
	/* what the kernel has left in its flags counts when it is registered again */
	memset(probe, 0, sizeof(*probe));
	return ret ?: -EIO;
}

static int arm_loop(const struct lg_engine *engine, const struct lg_loop *loop)
{
	const u32 *offsets;
	u32 i, nr = engine->places(loop, &offsets);
	int ret;

	for (i = 0; i < nr; i++) {
		struct hook *hook = &hooks[nr_hooks];

		hook->nr_tasks = lg_arch_place(&loop->sites.nr_tasks[i]);
		ret = arm(&hook->probe, loop, offsets[i],
			  engine == &lg_loopsite ? at_load : at_call);
		if (ret)
			return ret;
		nr_hooks++;
	}
	return 0;
}

/*
 * Only to count with, and to eject by that count, see lg_hook_in_place(): a kernel in which this
 * fails is bounded all the same. At a call every iteration is met, so there is nothing to watch.
 */
static void arm_bounds(const struct lg_loop *loop)
{
	u32 i;

	for (i = 0; i < loop->sites.nr_ends; i++)
		if (arm(&bounds[nr_bounds++], loop, loop->sites.ends[i], at_bound))
			pr_warn("the kernel's own bound in %s cannot be watched: what it ends is not counted\n",
				loop->function.name);
}

/**
 * lg_hook_arm - put the hook in
 * @engine: which one, that lg_plan_can() be used
 * @t: what was found; has to outlive the hook
 *
 * Context: task, may sleep. Leaves nothing behind on failure.
 * Return: 0, -EIO if a probe is registered and not there, or what register_kprobe() says.
 */
int lg_hook_arm(const struct lg_engine *engine, const struct lg_target *t)
{
	int ret = 0;
	u32 i;

	target = t;
	for (i = 0; i < t->loops.nr && !ret; i++)
		ret = arm_loop(engine, &t->loops.loop[i]);
	if (ret) {
		lg_hook_disarm();
		return ret;
	}
	/* the places are what counts, so only now */
	for (i = 0; i < t->loops.nr && t->native_limit && engine == &lg_loopsite; i++)
		arm_bounds(&t->loops.loop[i]);
	return 0;
}

/* One after the other, those that can be there; NULL behind the last. */
static struct kprobe *nth_probe(unsigned int i)
{
	if (i < nr_hooks)
		return &hooks[i].probe;
	i -= nr_hooks;
	return i < nr_bounds ? &bounds[i] : NULL;
}

/* Does the text of any still show it? Somebody else's may be at the same place. */
static bool any_is_left(void)
{
	struct kprobe *probe;
	unsigned int i;

	for (i = 0; (probe = nth_probe(i)); i++)
		if (probe->addr && lg_arch_is_probed(probe->addr, probe->opcode))
			return true;
	return false;
}

/**
 * lg_hook_disarm - take the hook out
 *
 * Context: task, may sleep. Returns when no CPU is in it.
 */
void lg_hook_disarm(void)
{
	struct kprobe *probe;
	unsigned int i;

	for (i = 0; (probe = nth_probe(i)); i++)
		if (probe->addr)
			unregister_kprobe(probe);
	/*
	 * The jump of an optimised probe is taken out of the text a little later. Wait for
	 * it, or the next load of the module would not know the code again.
	 */
	for (i = 0; i < 100 && any_is_left(); i++)
		msleep(20);
	for (i = 0; (probe = nth_probe(i)); i++)
		memset(probe, 0, sizeof(*probe));
	nr_hooks = 0;
	nr_bounds = 0;
}

/**
 * lg_hook_in_place - is the hook in the kernel's text
 *
 * Context: any.
 * Return: true if so, with all that is needed for the settings in force.
 */
bool lg_hook_in_place(void)
{
	bool watches = target->native_limit && READ_ONCE(lg_eject_ms) &&
		       hooks[0].probe.pre_handler == at_load;
	u32 i;

	for (i = 0; i < nr_hooks; i++)
		if (!is_in_place(&hooks[i].probe))
			return false;
	/* what the native bound ends is not seen at a load, and counts for ejection */
	for (i = 0; i < nr_bounds && watches; i++)
		if (!is_in_place(&bounds[i]))
			return false;
	return true;
}

/**
 * lg_hook_nmissed - hits that the kernel did not deliver
 *
 * Context: any.
 * Return: their number.
 */
unsigned long lg_hook_nmissed(void)
{
	unsigned long n = 0;
	u32 i;

	for (i = 0; i < nr_hooks; i++)
		n += READ_ONCE(hooks[i].probe.nmissed);
	return n;
}
