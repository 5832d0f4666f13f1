/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Livepatches of others on the functions that lead to the loop
 */
#ifndef LG_FOREIGN_H
#define LG_FOREIGN_H

#include <linux/module.h>
#include <linux/types.h>

struct lg_target;

/* Those that are in force, or on the way to it or from it. */
struct lg_foreign {
	unsigned int count;
	bool transition;		/* of one at least */
	bool waits;			/* one is on the function that waits for kicked CPUs */
	bool unseen;			/* could not look, so as if there were one */
	u32 id;				/* of this set */
	char name[MODULE_NAME_LEN];	/* of one of them */
};

int lg_foreign_start(void);
void lg_foreign_stop(void);
int lg_foreign_look(const struct lg_target *target, unsigned int wait_ms,
		    struct lg_foreign *found);

#endif
