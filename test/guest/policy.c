// SPDX-License-Identifier: GPL-2.0-only
/*
 * policy fifo|other|ext|alone COMMAND... - run a command with a scheduling policy
 *
 * chrt for one purpose, as no packaged one knows SCHED_EXT. fifo has a priority
 * below that of the heartbeat. alone is other, on a core that no task shares which
 * is not a child of the command.
 */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#ifndef PR_SCHED_CORE
#define PR_SCHED_CORE		62
#define PR_SCHED_CORE_CREATE	1
#endif

enum {
	POLICY_EXT	= 7,
	FIFO_PRIORITY	= 30,
};

int main(int argc, char **argv)
{
	struct sched_param sp = { 0 };
	int policy;

	if (argc > 2 && !strcmp(argv[1], "fifo")) {
		policy = SCHED_FIFO;
		sp.sched_priority = FIFO_PRIORITY;
	} else if (argc > 2 && !strcmp(argv[1], "other")) {
		policy = SCHED_OTHER;
	} else if (argc > 2 && !strcmp(argv[1], "alone")) {
		policy = SCHED_OTHER;
		if (prctl(PR_SCHED_CORE, PR_SCHED_CORE_CREATE, 0, 0, 0)) {
			perror("policy: core scheduling");
			return 1;
		}
	} else if (argc > 2 && !strcmp(argv[1], "ext")) {
		policy = POLICY_EXT;
	} else {
		fprintf(stderr, "usage: policy fifo|other|ext|alone COMMAND...\n");
		return 1;
	}
	if (sched_setscheduler(0, policy, &sp)) {
		perror("policy");
		return 1;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 1;
}
