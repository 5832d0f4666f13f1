/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long an invocation takes
 *
 * Both readings are of one CPU with IRQs off in between, so the bare counter does where its
 * rate is known; local_clock() takes some fifty instructions each time.
 */
#ifndef LG_CLOCK_H
#define LG_CLOCK_H

#include <linux/compiler.h>
#include <linux/sched/clock.h>
#include <linux/timex.h>
#include <linux/types.h>

/* ns are (cycles * @mult) >> @shift. Set before the hook is armed. */
struct scx_loopguard_clock {
	u32 mult;			/* 0: local_clock() is read, which is in ns */
	u32 shift;
};

extern struct scx_loopguard_clock scx_loopguard_clock;

void lg_clock_init(void);

static __always_inline bool lg_clock_is_bare(void)
{
	return scx_loopguard_clock.mult;
}

/* The two below for those who have decided beforehand. */
static __always_inline u64 lg_clock_read(bool bare)
{
	return bare ? get_cycles() : local_clock();
}

static __always_inline u64 lg_clock_ns(bool bare, u64 delta)
{
	/* a virtual machine may have come to another host in between */
	if (unlikely((s64)delta < 0))
		return 0;
	return bare ? delta * scx_loopguard_clock.mult >> scx_loopguard_clock.shift :
		     delta;
}

/**
 * lg_clock_now - a moment in this invocation
 *
 * Context: IRQs off.
 * Return: for lg_clock_since() on this CPU, before IRQs are on again.
 */
static __always_inline u64 lg_clock_now(void)
{
	return lg_clock_read(lg_clock_is_bare());
}

/**
 * lg_clock_since - time since a moment in this invocation
 * @moment: what lg_clock_now() has returned
 *
 * Context: IRQs off.
 * Return: ns.
 */
static __always_inline u64 lg_clock_since(u64 moment)
{
	return lg_clock_ns(lg_clock_is_bare(), lg_clock_now() - moment);
}

#endif
