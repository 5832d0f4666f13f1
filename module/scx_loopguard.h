/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What scx_loopguard offers to scx_loopguard_livepatch
 */
#ifndef SCX_LOOPGUARD_H
#define SCX_LOOPGUARD_H

#include <linux/percpu.h>
#include <linux/types.h>

/* The function that holds the dispatch loop. */
struct scx_loopguard_loop {
	const char *name;	/* its symbol; lives as long as the module */
	void *body;		/* behind its call of fentry */
};

int scx_loopguard_attach(bool (*in_force)(void),
			 struct scx_loopguard_loop *loop);
int scx_loopguard_may_wrap(void);
void scx_loopguard_detach(void);
void scx_loopguard_over(void);

/* Iterations that found no task; each CPU's is for itself to read, IRQs off. */
DECLARE_PER_CPU(u64, scx_loopguard_hits);

/* lg_clock_now() when this CPU's invocation began; each CPU's is for itself to write. */
DECLARE_PER_CPU(u64, scx_loopguard_began);

#endif
