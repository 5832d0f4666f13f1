// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is known of each CPU: the invocations that are being counted
 *
 * All functions are called on the CPU itself, IRQs off.
 */
#include <linux/export.h>
#include <linux/kprobes.h>

#include "cpu.h"

DEFINE_PER_CPU_ALIGNED(struct lg_cpu, lg_cpu);
DEFINE_PER_CPU(u32 *, lg_quiet);
DEFINE_PER_CPU_ALIGNED(struct lg_run, lg_run);

/* Iterations that found no task. The livepatch reads its own CPU's. */
DEFINE_PER_CPU(u64, scx_loopguard_hits);
EXPORT_PER_CPU_SYMBOL_GPL(scx_loopguard_hits);

/* lg_clock_now() when the livepatch saw this CPU's invocation begin, 0: it is in none. */
DEFINE_PER_CPU(u64, scx_loopguard_began);
EXPORT_PER_CPU_SYMBOL_GPL(scx_loopguard_began);

/* One in another is over. */
static void leave_innermost(struct lg_cpu *c)
{
	lg_note_longest(c, &c->nest[c->innermost]);
	c->innermost--;
}
NOKPROBE_SYMBOL(leave_innermost);

/**
 * lg_restart_all - all invocations of this CPU are over
 * @c: this CPU's
 *
 * Context: IRQs off.
 */
void lg_restart_all(struct lg_cpu *c)
{
	this_cpu_write(lg_run.nr_tasks, NULL);
	this_cpu_write(lg_run.first, NULL);
	while (c->innermost)
		leave_innermost(c);
	c->nest[0].frame = 0;
	lg_restart_count(c, &c->nest[0]);
}
NOKPROBE_SYMBOL(lg_restart_all);

/**
 * lg_find_invocation - the invocation with a stack frame, if it is not the innermost one
 * @c: this CPU's
 * @frame: the frame
 *
 * Those with lower frames are over, and where there is none with this one a new one begins.
 * Deeper than can be, it shares the last one's count, which only ends it earlier.
 *
 * Context: in the loop: IRQs off, rq lock held.
 * Return: the invocation.
 */
struct lg_invocation *lg_find_invocation(struct lg_cpu *c, unsigned long frame)
{
	struct lg_invocation *inv = &c->nest[c->innermost];

	while (c->innermost && inv->frame < frame) {
		leave_innermost(c);
		inv = &c->nest[c->innermost];
	}
	if (inv->frame == frame)
		return inv;
	if (inv->frame > frame) {
		if (c->innermost == LG_MAX_NESTED - 1)
			return inv;
		c->innermost++;
		inv = &c->nest[c->innermost];
	}
	inv->frame = frame;
	inv->futile = 0;
	lg_restart_count(c, inv);
	return inv;
}
NOKPROBE_SYMBOL(lg_find_invocation);

/**
 * lg_forget_invocation - an invocation is over, and so are those within it
 * @c: this CPU's
 * @frame: its stack frame
 *
 * The frame of one that is over would be taken for that of an outer one by the next task.
 *
 * Context: in the loop: IRQs off, rq lock held.
 */
void lg_forget_invocation(struct lg_cpu *c, unsigned long frame)
{
	this_cpu_write(lg_run.nr_tasks, NULL);
	while (c->innermost && c->nest[c->innermost].frame <= frame)
		leave_innermost(c);
	if (c->nest[c->innermost].frame <= frame) {
		/* only the outermost can be */
		c->nest[0].frame = 0;
		lg_restart_count(c, &c->nest[0]);
	}
}
NOKPROBE_SYMBOL(lg_forget_invocation);

/**
 * scx_loopguard_over - an invocation of the function with the loop is over
 *
 * For the livepatch that wraps the function, if there were hits in the invocation. The
 * count then restarts here, and not only by irq_work.
 *
 * Context: IRQs off, as from the first of the hits on.
 */
void scx_loopguard_over(void)
{
	lg_restart_all(this_cpu_ptr(&lg_cpu));
}
EXPORT_SYMBOL_GPL(scx_loopguard_over);
NOKPROBE_SYMBOL(scx_loopguard_over);
