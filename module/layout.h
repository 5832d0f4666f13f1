/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the kernel keeps what the dispatch loop works with, from its BTF
 */
#ifndef LG_LAYOUT_H
#define LG_LAYOUT_H

#include <linux/types.h>

enum {
	LG_OPS_NAME_LEN	= 128,		/* as in struct sched_ext_ops */
};

/* How to get at the dispatch context of a CPU when the loop calls the consume function. */
struct lg_context {
	enum {
		LG_CONTEXT_VARIABLE,	/* scx_dsp_ctx is a per-CPU variable */
		LG_CONTEXT_POINTER,	/* it points to one, NULL while there is none */
		LG_CONTEXT_OF_SCHED,	/* the first argument has such a pointer */
	} kind;
	bool reachable;			/* what follows is known */
	unsigned long address;		/* of the variable or the pointer */
	u32 pcpu_offset;		/* of the pointer in the argument */
};

/* Where the name of the BPF scheduler is. */
struct lg_ops_name {
	unsigned long base;	/* 0: not known */
	bool indirect;		/* @base points to a pointer */
	bool by_ctx;		/* @base is of no use: the pointer is at ... */
	s32 sched_offset;	/* ... this distance from the dispatch context */
	u32 offset;		/* of the name, in what was got at */
};

/* How a CPU waits for one that it has kicked. */
struct lg_kick_layout {
	u32 seq_offset;		/* of what it waits for, in a runqueue; 0: not known */
	unsigned long func;	/* per-CPU pointer to the function that waits; 0: not known */
	bool deferred;		/* it has a place to wait with IRQs on */
};

/* What it takes to end picks that begin anew for ever, see repick.c. */
struct lg_repick {
	bool core;			/* the kernel has core scheduling */
	bool anew;			/* it picks anew when a dispatch has dropped the rq lock */
	bool known;			/* what follows is */
	u32 seq_offset;			/* in a runqueue, of what counts those drops */
	u32 level_offset;		/* in a scheduler, of how many it is below */
	u32 has_op_offset;		/* the same, of the word with the bit of ops.dispatch ... */
	u32 has_op_bit;			/* ... which is this one */
};

struct lg_layout {
	u32 rq_offset;			/* of rq in the dispatch context */
	u32 nr_tasks_offset;		/* of nr_tasks in it */
	u32 outer_offset;		/* of it in what else the code may point to */
	unsigned long runqueues;	/* per-CPU address: to tell a real context by its rq */
	u32 cpu_offset;			/* of cpu in a runqueue; 0: it has none */
	struct lg_context context;
	struct lg_ops_name ops_name;
	struct lg_kick_layout kick;
	struct lg_repick repick;
	u32 declared_limit;		/* SCX_DSP_MAX_LOOPS; 0: BTF has no such name */
};

int lg_layout_find(struct lg_layout *layout);
int lg_refuse(int err, const char *why);
const char *lg_refusal(void);

#endif
