/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Livepatches of others on the functions that lead to the loop
 */
#ifndef LG_LIVEPATCHES_H
#define LG_LIVEPATCHES_H

#include <linux/module.h>
#include <linux/types.h>

struct lg_target;

/* Those that are in force, or on the way to it or from it. */
struct lg_livepatches {
	unsigned int count;
	bool transition;		/* of one at least */
	bool unseen;			/* could not look, so as if there were one */
	u32 id;				/* of this set */
	char name[MODULE_NAME_LEN];	/* of one of them */
};

int lg_livepatches_start(void);
void lg_livepatches_stop(void);
int lg_livepatches_look(const struct lg_target *target,
			struct lg_livepatches *found);

#endif
