// SPDX-License-Identifier: GPL-2.0-only
/*
 * Engine kretprobe: the returns of the consume function
 *
 * For kernels whose loop cannot be followed to its load of nr_tasks. It costs
 * more, as every call of the function is caught, and it needs more symbols: the
 * dispatch context is not in a register that is known, so it is looked up.
 *
 * The function is called from more places than the loop. Returns into another
 * function are a kfunc's. Of the calls in the loop's own function one at least comes
 * before the loop. The one that leads to the loop's site is the loop's; where that is
 * not known, the last one in the code is taken for it, which is how compilers lay it
 * out. Should that be wrong, a loop that does not end returns to another one without
 * IRQs ever being on, and that tells them apart beyond doubt.
 */
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "engine.h"
#include "guard.h"
#include "probe.h"
#include "target.h"

enum {
	/*
	 * So many returns to a call that is not taken for the loop's, and the
	 * irq_work is asked whether they are of one invocation. Of IRQs off for
	 * the scheduler may balance a CPU a few times over, hence the second.
	 */
	LG_SUSPECT	= 1000,
	LG_PROVEN	= LG_SUSPECT + 16,
};

static const struct lg_target *target;

/* The loops' own calls, index in their returns. */
static unsigned int loop_call[LG_MAX_LOOPS];

/* Returns to each call while it is not taken for the loop's; its own CPU's only. */
struct run {
	u64 over;		/* lg_invocations_over() when it began */
	unsigned int length[LG_MAX_LOOPS][LG_MAX_RETURNS];
};

static DEFINE_PER_CPU(struct run, run);

/* Is it returned to again and again without IRQs on, as only a loop does? */
static bool is_loop(unsigned int loop, unsigned int call)
{
	struct run *r = this_cpu_ptr(&run);
	u64 over = lg_invocations_over();

	/* nothing tells there that IRQs were on; it is the first call that is still made */
	if (!cpu_online(smp_processor_id()))
		return false;
	if (r->over != over) {
		memset(r, 0, sizeof(*r));
		r->over = over;
	}
	if (++r->length[loop][call] == LG_SUSPECT)
		lg_tell_when_over();
	return r->length[loop][call] >= LG_PROVEN;
}
NOKPROBE_SYMBOL(is_loop);

/*
 * The loop's function names the runqueue in the context before it first dispatches.
 * Ahead of its very first loop there is none yet, so this is not the loop's call.
 */
static bool never_used(const void *ctx)
{
	void *rq;

	return !copy_from_kernel_nofault(&rq, ctx + target->rq_offset,
					 sizeof(rq)) && !rq;
}
NOKPROBE_SYMBOL(never_used);

/* The dispatch context; where it is not, nothing is there that could be read. */
static void *context(struct kretprobe_instance *ri)
{
	const struct lg_context *c = &target->context;
	void __percpu *ctxs = NULL;
	void *sched;

	switch (c->kind) {
	case LG_CONTEXT_VARIABLE:
		ctxs = c->variable;
		break;
	case LG_CONTEXT_POINTER:
		ctxs = READ_ONCE(*c->pointer);
		break;
	case LG_CONTEXT_OF_SCHED:
		sched = *(void **)ri->data;
		if (copy_from_kernel_nofault(&ctxs, sched + c->pcpu_offset,
					     sizeof(ctxs)) || !ctxs)
			return NULL;
		return (__force void *)this_cpu_ptr(ctxs) + c->offset;
	}
	return ctxs ? (__force void *)this_cpu_ptr(ctxs) : NULL;
}
NOKPROBE_SYMBOL(context);

/* Is the loop's own call known from its site? */
static bool call_is_known(const struct lg_loop *loop)
{
	return !loop->site_error && !loop->site.several;
}
NOKPROBE_SYMBOL(call_is_known);

/* Which loop's call returns to @to, and which of its calls? */
static bool find_call(unsigned long to, unsigned int *loop, unsigned int *call)
{
	const struct lg_loop *l;

	for (*loop = 0; *loop < target->nr_loops; (*loop)++) {
		l = &target->loops[*loop];
		for (*call = 0; *call < l->nr_returns; (*call)++)
			if (to == l->function.address + l->returns[*call])
				return true;
	}
	return false;
}
NOKPROBE_SYMBOL(find_call);

/* At the entry of the consume function, where its arguments are still there. */
static int at_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	*(void **)ri->data = (void *)regs_get_kernel_argument(regs, 0);
	return 0;
}
NOKPROBE_SYMBOL(at_entry);

/* In the caller of the consume function: IRQs off, rq lock held. */
static int at_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	/* not ri's: that is the trampoline, where another kretprobe came first */
	unsigned long to = instruction_pointer(regs);
	unsigned int loop, call;
	void *ctx;

	if ((u8)regs_return_value(regs))
		return 0;		/* a task was found */
	if (!find_call(to, &loop, &call))
		return 0;		/* a kfunc's */

	ctx = context(ri);
	if (!ctx)
		return 0;
	if (call != READ_ONCE(loop_call[loop]) || never_used(ctx)) {
		/* in a nest of loops the proof would be none */
		if (call_is_known(&target->loops[loop]) || !is_loop(loop, call)) {
			lg_invocation_begins(regs->sp);
			return 0;
		}
		WRITE_ONCE(loop_call[loop], call);
	}
	lg_iteration(ctx + target->nr_tasks_offset, regs->sp);
	return 0;
}
NOKPROBE_SYMBOL(at_return);

static struct kretprobe probe = {
	.handler = at_return,
	.data_size = sizeof(void *),
};

static int find(const struct lg_target *t)
{
	return t->returns_error;
}

static bool is_hooked(enum lg_entry *who)
{
	return !kprobe_gone(&probe.kp) && !kprobe_disabled(&probe.kp) &&
	       (!lg_symbol_body(&target->loops[0].consume, who) ||
		*who != LG_ENTRY_FREE);
}

/*
 * Something has to be at the function's entry: a call in the place of the nop where ftrace does
 * it, or a breakpoint there. And nobody else: the function graph tracer puts its own trampoline
 * in the place of the return address, and that of a BPF program at the function's exit calls it
 * from there, so that the loop cannot be told from the other callers. They may do so
 * for one task only, or for the very first call, so what was seen of calls proves nothing.
 */
static bool in_place(void)
{
	enum lg_entry who = LG_ENTRY_ONE;

	return is_hooked(&who) && who != LG_ENTRY_SHARED;
}

/* The loop's call is the one that leads to its site, where that is known. */
static unsigned int guess_loop_call(const struct lg_loop *loop)
{
	unsigned int i;

	for (i = 0; i < loop->nr_returns; i++)
		if (call_is_known(loop) && loop->returns[i] == loop->site.call)
			return i;
	return loop->nr_returns - 1;
}

static void disarm(void)
{
	lg_probe_disable(&probe.kp);
	/* waits until no CPU is in the handler */
	unregister_kretprobe(&probe);
}

static int arm(const struct lg_target *t)
{
	enum lg_entry who;
	u32 i;
	int ret;

	target = t;
	for (i = 0; i < t->nr_loops; i++)
		loop_call[i] = guess_loop_call(&t->loops[i]);
	if (t->context.kind == LG_CONTEXT_OF_SCHED)
		probe.entry_handler = at_entry;
	probe.kp.addr = (kprobe_opcode_t *)t->loops[0].consume.address;
	/* IRQs are off from call to return, so one for each CPU would do */
	probe.maxactive = max(16U, 2 * num_possible_cpus());
	ret = register_kretprobe(&probe);
	if (!ret && !is_hooked(&who)) {
		disarm();
		ret = -EIO;
	}
	return ret;
}

static unsigned long nmissed(void)
{
	return READ_ONCE(probe.nmissed) + READ_ONCE(probe.kp.nmissed);
}

static int where(const struct lg_target *t, char *buf, size_t size)
{
	return scnprintf(buf, size, "%s",
			 t->loops[0].consume.name);
}

const struct lg_engine lg_kretprobe = {
	.name = "kretprobe",
	.entry = true,
	.find = find,
	.arm = arm,
	.disarm = disarm,
	.in_place = in_place,
	.nmissed = nmissed,
	.where = where,
};
