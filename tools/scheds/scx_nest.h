/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two halves of scx_nest share. */
#ifndef SCX_NEST_H
#define SCX_NEST_H

enum {
	NEST_MASK_WORDS	= 2,	/* the kernel wants one more than 64 CPUs take */
};

/* A struct scx_cmask of up to 64 CPUs, the most that the test kernels have. */
struct nest_cmask {
	unsigned int base;
	unsigned int nr_cids;
	unsigned int alloc_words;
	unsigned long long bits[NEST_MASK_WORDS];
};

struct nest_stats {
	unsigned long long dispatches;	/* calls of ops.dispatch() */
	unsigned long long phantoms;	/* dispatches of a task that cannot run */
	unsigned long long nested;	/* dispatches of the child */
};

#endif
