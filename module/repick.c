// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way out of picks that begin anew for ever
 *
 * With core scheduling in use the kernel (7.2 and later) picks for a whole core at once. When a
 * dispatch has dropped the rq lock it picks anew, IRQs off. Under a scheduler whose every dispatch
 * drops the lock and finds no task there is no end to that. Each dispatch loop in it ends, by
 * itself or at the limit, but a kick waits for IRQs.
 *
 * The kernel asks once per invocation whether the scheduler has an ops.dispatch: a bit in
 * sch->has_op. A CPU that has picked anew too often clears that bit. Its next pick then calls
 * nothing that drops the lock, and ends: it keeps the current task or goes idle. IRQs are on then,
 * and the irq_work sets the bit again and kicks all CPUs. A scheduler without ops.dispatch
 * is one that the kernel supports, and nothing else is taken from it.
 *
 * Why the bit is never lost. Who clears it is known by test_and_clear_bit(): the CPU that has
 * found it set. That CPU alone sets it again, once, in its irq_work, which lg_when_over() has
 * queued before. IRQs are off from there to the irq_work, and the CPU is online, so it cannot go
 * off first. Clearing and setting alternate, whatever other CPUs do:
 *
 * - A second CPU in the same trap finds the bit clear, and its pick ends too. If the bit is set
 *   again before its next look, it clears the bit itself.
 * - The scheduler lives: IRQs off is a RCU reader, and the kernel waits for a grace period before
 *   it frees a scheduler or enables the next one.
 * - Where the kernel clears the whole bitmap meanwhile, it has taken the scheduler down, and no
 *   CPU asks for the bit any more. That it is set again in there changes nothing.
 * - rmmod removes the hook first and then waits for every irq_work (lg_kick_stop()).
 *
 * Why no wake-up is lost. Whoever has found the bit clear may be idle now with tasks waiting. The
 * last CPU that cleared it before sets it later than that, and kicks all CPUs after that. A kick
 * that comes while a CPU is still about to go idle on a sibling's order is used up by that, so all
 * are kicked once more when it has been quiet for a while (pin.c).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitops.h>
#include <linux/kprobes.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/uaccess.h>

#include "clock.h"
#include "cpu.h"
#include "health.h"
#include "plan.h"
#include "policy.h"
#include "repick.h"
#include "settings.h"
#include "target.h"

enum {
	/* As many as upstream allows iterations. Those that behave need a few. */
	REPICKS	= 32,
};

/* Or for so long, if it is more than once: who waits for the lock gets it in each of them. */
#define LONG_NS	(10 * NSEC_PER_MSEC)

struct repick {
	/* of the CPU's runqueue, under its lock: the drops that were seen. A sibling may do so. */
	u32 seq;

	/* of the CPU itself, IRQs off */
	u32 in_a_row;		/* dispatches that have dropped the lock since IRQs were on */
	u64 since;		/* lg_clock_now() at the first of them */
	bool too_often;		/* or for too long */
	const void *ctx;	/* the context of the last of them */
	unsigned long *taken;	/* where it has cleared the bit, NULL: nowhere */
	u64 ended;		/* picks; read by anyone */
};

static DEFINE_PER_CPU(struct repick, repicks);

/* NULL: nothing is looked at. Written when the hook is armed already. */
static const struct lg_layout *layout;

/* Set by lg_repick_start(). */
static const struct lg_target *target;
static bool hooked;

/* All CPUs are to be kicked once more. Set by any CPU. */
static bool owes_kicks;

/* Why nothing is written any more, NULL: it is. Set by any CPU, never cleared. */
static const char *mistaken;

/* The scheduler that @ctx is of, NULL: there is no way back from that to @ctx. */
static void *sched_of(const struct lg_layout *l, const void *ctx)
{
	void __percpu *pcpu;
	void *sched;

	if (copy_from_kernel_nofault(&sched, ctx + l->ops_name.sched_offset, sizeof(sched)) ||
	    copy_from_kernel_nofault(&pcpu, sched + l->context.pcpu_offset, sizeof(pcpu)) ||
	    (__force void *)this_cpu_ptr(pcpu) + l->outer_offset != ctx)
		return NULL;
	return sched;
}
NOKPROBE_SYMBOL(sched_of);

/* Is it below another one? Then its dispatch is a part of that one's. */
static bool is_below(const struct lg_layout *l, const void *sched)
{
	s32 level;

	return copy_from_kernel_nofault(&level, sched + l->repick.level_offset, sizeof(level)) ||
	       level;
}
NOKPROBE_SYMBOL(is_below);

/* The next pick of this CPU is to be the last one. */
static void take_dispatch(const struct lg_layout *l, struct repick *r, void *sched)
{
	unsigned long *has_op = sched + l->repick.has_op_offset;

	if (!r->too_often)
		WRITE_ONCE(r->ended, r->ended + 1);
	r->too_often = true;
	if (!READ_ONCE(lg_enforce) || lg_distrust() || READ_ONCE(mistaken) ||
	    !cpu_online(smp_processor_id()))
		return;
	if (r->taken)
		WRITE_ONCE(mistaken, "taking ops.dispatch away has no effect");
	else if (test_and_clear_bit(l->repick.has_op_bit, has_op))
		r->taken = has_op;
}
NOKPROBE_SYMBOL(take_dispatch);

/**
 * lg_repick_look - the first or the last iteration of an invocation has found no task
 * @inv: the invocation, its context and runqueue checked
 * @first: is it the first one? Each invocation is counted there, once.
 *
 * Context: in the loop: IRQs off, rq lock held.
 * Return: are the next ones to be looked at too, whatever they look like?
 */
bool lg_repick_look(const struct lg_invocation *inv, bool first)
{
	const struct lg_layout *l = READ_ONCE(layout);
	struct repick *r = this_cpu_ptr(&repicks);
	void *sched;
	u32 *seen, seq;

	if (!l)
		return false;
	seen = &per_cpu(repicks, inv->rq_cpu).seq;
	seq = READ_ONCE(*(const u32 *)(inv->rq + l->repick.seq_offset));
	if (likely(seq == *seen))
		return r->in_a_row;
	if (!first)
		return true;
	sched = sched_of(l, inv->ctx);
	if (!sched)
		WRITE_ONCE(mistaken, "a dispatch context is not where its scheduler says");
	if (!sched || is_below(l, sched))
		return true;
	*seen = seq;
	r->ctx = inv->ctx;
	lg_when_over(this_cpu_ptr(&lg_cpu));
	if (!r->in_a_row++)
		r->since = lg_clock_now();
	if (r->in_a_row >= REPICKS ||
	    (r->in_a_row > 1 && lg_clock_since(r->since) > LONG_NS))
		take_dispatch(l, r, sched);
	return true;
}
NOKPROBE_SYMBOL(lg_repick_look);

static void tell(const struct repick *r)
{
	/* setting the flags later would have it begin anew each time */
	static struct ratelimit_state minute =
		RATELIMIT_STATE_INIT_FLAGS(minute, 60 * HZ, 1, RATELIMIT_MSG_ON_RELEASE);
	char ops[LG_OPS_NAME_LEN];

	if (!__ratelimit(&minute))
		return;
	lg_read_ops_name(ops, r->ctx);
	pr_notice("restart: BPF scheduler \"%s\" on CPU %d, picked anew %u times in %llu us (no more such lines for a minute)\n",
		  ops, smp_processor_id(), r->in_a_row,
		  lg_clock_since(r->since) / NSEC_PER_USEC);
}

/**
 * lg_repick_over - IRQs are on again, so this CPU's pick is over
 *
 * Context: hard irq, no rq lock held.
 * Return: true if ops.dispatch had been taken away and is back: all CPUs are to be kicked.
 */
bool lg_repick_over(void)
{
	struct repick *r = this_cpu_ptr(&repicks);
	unsigned long *has_op = r->taken;

	if (has_op) {
		r->taken = NULL;
		set_bit(layout->repick.has_op_bit, has_op);
		smp_mb__after_atomic();	/* before the kicks, which have others ask for it */
		WRITE_ONCE(owes_kicks, true);
	}
	if (unlikely(r->too_often))
		tell(r);
	r->too_often = false;
	r->in_a_row = 0;
	return has_op;
}

/**
 * lg_repick_owes_kicks - are all CPUs to be kicked once more
 *
 * Context: any; whoever asks does so.
 * Return: true if so, once.
 */
bool lg_repick_owes_kicks(void)
{
	return READ_ONCE(owes_kicks) && xchg(&owes_kicks, false);
}

/**
 * lg_repick_ended - picks of a CPU that have begun anew too often, or for too long
 * @cpu: the CPU
 *
 * Context: any.
 * Return: their number, ended or not.
 */
u64 lg_repick_ended(int cpu)
{
	return READ_ONCE(per_cpu(repicks, cpu).ended);
}

/* --------------------------------------------------------------- status -- */

/* Why they are not ended, NULL: they are. */
static const char *look(void)
{
	if (!hooked)
		return "the dispatch loop is not guarded";
	if (!READ_ONCE(layout))
		return "the code or the layout is none that is known";
	if (READ_ONCE(mistaken))
		return READ_ONCE(mistaken);
	if (lg_distrust() || lg_health() != LG_HOOKED)
		return "the hook is not where the loop is";
	if (!READ_ONCE(lg_enforce))
		return "enforce is N";
	return NULL;
}

/**
 * lg_repick_state - are picks that begin anew for ever ended
 *
 * Says so in the log if that has changed.
 *
 * Context: task, may sleep; one at a time, as readers of parameters are.
 * Return: "impossible", "native", "guarded" or "uncovered".
 */
const char *lg_repick_state(void)
{
	const struct lg_target *found = READ_ONCE(target);
	static const char *said;
	const char *plan, *why;

	if (!found)
		return "uncovered";
	plan = lg_plan_restart(found);
	if (!strcmp(plan, "impossible") || !strcmp(plan, "native"))
		return plan;
	why = look();
	if (why && why != said)
		pr_warn("restarts are not guarded: %s\n", why);
	else if (said && !why)
		pr_info("restarts are guarded again\n");
	said = why;
	return why ? "uncovered" : "guarded";
}

/**
 * lg_repick_start - end them, if that can be done
 * @found: what was found; has to outlive the hook
 * @is_hooked: is the loop
 *
 * Context: task, from module init, the hook is armed.
 */
void lg_repick_start(const struct lg_target *found, bool is_hooked)
{
	hooked = is_hooked;
	if (hooked && !strcmp(lg_plan_restart(found), "guarded"))
		WRITE_ONCE(layout, &found->layout);
	WRITE_ONCE(target, found);
}

/**
 * lg_repick_stop - the hook is about to go
 *
 * Context: task, from module exit.
 */
void lg_repick_stop(void)
{
	WRITE_ONCE(target, NULL);
}
