/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The policy: count the iterations of each invocation, end the loop at the
 * limit, kick the CPU
 */
#ifndef LG_GUARD_H
#define LG_GUARD_H

#include <linux/compiler.h>
#include <linux/percpu.h>
#include <linux/types.h>

#include "scx_loopguard.h"

struct lg_target;

enum {
	LG_LIMIT_MIN	= 1,
	LG_LIMIT_MAX	= 4096,
	LG_BUDGET_US_MAX = 1000000,
};

/* What upstream calls SCX_DSP_MAX_LOOPS; a macro for __MODULE_STRING(). */
#define LG_LIMIT_DEFAULT 32

enum {
	LG_OPS_NAME_LEN	= 128,		/* as in struct sched_ext_ops */
};

/* Sums over all CPUs, each of them never going backwards. */
struct lg_counts {
	u64 hits;
	u64 trips;
	u64 budget_trips;
	u64 kicks;
	u32 max_loops;
};

struct lg_last_trip {
	int cpu;			/* -1: never */
	u64 ns;				/* CLOCK_BOOTTIME, 0: never */
	char ops[LG_OPS_NAME_LEN];
};

/*
 * Settings. Written by module parameters under param_lock, read without a lock
 * by lg_iteration().
 */
extern unsigned int lg_limit;
extern unsigned int lg_budget_us;	/* 0: no budget, and no clock is read */
extern bool lg_enforce;

int lg_guard_init(const struct lg_target *target);
void lg_guard_exit(void);
void lg_guard_drain(void);
void lg_guard_complain(void);
void lg_count_iteration(u32 *nr_tasks, unsigned long sp);
void lg_bound_reached(unsigned long sp);
void lg_invocation_begins(unsigned long sp);
void lg_tell_when_over(void);
u64 lg_invocations_over(void);
bool lg_distrusts(void);
void lg_read_counts(struct lg_counts *counts);
void lg_read_last_trip(struct lg_last_trip *last);

DECLARE_PER_CPU(u32 *, lg_quiet);

/**
 * lg_iteration - an iteration of the dispatch loop has found no task to run
 * @nr_tasks: what the loop is about to read of its dispatch context
 * @sp: the stack pointer in the function with the loop
 *
 * All that a scheduler costs which behaves is here, when a CPU goes idle.
 *
 * Context: called by the hook from inside the loop: IRQs off, rq lock held. Takes no
 * lock, prints nothing, wakes nobody.
 */
static __always_inline void lg_iteration(u32 *nr_tasks, unsigned long sp)
{
	if (likely(nr_tasks == this_cpu_read(lg_quiet) && !READ_ONCE(*nr_tasks)))
		this_cpu_inc(scx_loopguard_hits);
	else
		lg_count_iteration(nr_tasks, sp);
}

#endif
