/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that the module wants to know of the processor: its code, its probes, its counter
 *
 * A processor has a folder here. What is used in the loop itself is inline, in its
 * processor.h.
 */
#ifndef LG_ARCH_H
#define LG_ARCH_H

#include <linux/types.h>

#include "../code.h"
#include "operand.h"

enum {
	LG_MAX_SITES	= 8,	/* copies that a compiler has made of a loop */
	LG_MAX_DISPS	= 3,
};

/* The displacements by which code may get at nr_tasks. */
struct lg_disps {
	s32 disp[LG_MAX_DISPS];
	u32 nr;
};

/*
 * The loop's own loads of nr_tasks, one of which is executed after an iteration that found no
 * task, and a native bound before them. All are offsets in the function.
 */
struct lg_sites {
	u32 at[LG_MAX_SITES];
	struct lg_operand nr_tasks[LG_MAX_SITES];	/* of each */
	u32 nr;
	u32 counts[LG_MAX_SITES];	/* where it is counted down */
	u32 nr_counts;
	u32 ends[LG_MAX_SITES];		/* where that ends the loop */
	u32 nr_ends;
};

/* False if there is no more room. */
static inline bool lg_add_once(u32 *list, u32 *nr, u32 value)
{
	u32 i;

	for (i = 0; i < *nr; i++)
		if (list[i] == value)
			return true;
	if (*nr == LG_MAX_SITES)
		return false;
	list[(*nr)++] = value;
	return true;
}

/* The same of a site, which may be known already. */
static inline bool lg_add_site(struct lg_sites *sites, u32 at, const struct lg_operand *nr_tasks)
{
	u32 nr = sites->nr;

	if (!lg_add_once(sites->at, &sites->nr, at))
		return false;
	if (sites->nr > nr)
		sites->nr_tasks[nr] = *nr_tasks;
	return true;
}

/* The loop in which a CPU waits until another one's sequence is not what it was any more. */
struct lg_spin {
	u32 pause;		/* in every round, an offset in the function */
	u32 offset;		/* of the compare, which is in every round too */
	bool once;		/* it is before the first round, and need be in no other; ... */
	u32 differs;		/* ... where the code goes on then, if the sequence has changed */
	struct lg_operand seq;		/* of the load of the sequence */
	struct lg_operand loaded;	/* the register that it is in then */
	struct lg_operand with;		/* what that is compared with: it itself, or ... */
	bool with_memory;		/* ... what is there in memory */
};

/*
 * Who has a hook at a function's entry, as far as the code there tells. The values are
 * bits: whoever comes sets one.
 */
enum lg_entry {
	LG_ENTRY_FREE		= 0,
	LG_ENTRY_ONE		= 1,	/* one, called by a trampoline of its own */
	LG_ENTRY_REDIRECTED	= 2,	/* a jump, which need not come back */
	LG_ENTRY_SHARED		= 3,	/* several, or it cannot be told */
};

/* Where the code asks whether there is an ops.dispatch. All are offsets in the function. */
struct lg_gate {
	u32 at;			/* the first instruction of that */
	u32 clear;		/* where it goes on if there is none */
};

struct lg_symbol;

/* code: pure logic */
bool lg_arch_step(const struct lg_code *code, u32 at, struct lg_step *step);
u32 lg_arch_calls(const struct lg_code *code, u32 at, lg_is_function_t is_function);
int lg_arch_find_sites(const struct lg_code *code, lg_is_function_t is_consume,
		       const struct lg_disps *disps, struct lg_sites *sites);
int lg_arch_find_spin(const struct lg_code *code, const s32 *disps, struct lg_spin *spin);
int lg_arch_find_gate(const struct lg_code *code, s32 disp, u32 bit, struct lg_gate *gate);

/* text: looks at the kernel image, see image.h */
int lg_arch_callee(unsigned long called, struct lg_symbol *sym);
unsigned long lg_arch_body(const struct lg_symbol *function, enum lg_entry *who);

/* probes and counter, in the running kernel */
bool lg_arch_is_probed(const void *address, u32 original);
u32 lg_arch_counter_khz(void);

#endif
