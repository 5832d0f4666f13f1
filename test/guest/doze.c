// SPDX-License-Identifier: GPL-2.0-only
/*
 * doze fifo|deadline - a real-time or deadline task that sleeps, does next to nothing,
 * and sleeps again, five hundred times a second, without a child
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	POLICY_DEADLINE	= 6,
	FIFO_PRIORITY	= 20,
	MS		= 1000 * 1000,
};

/* struct sched_attr of the kernel's, which not every libc has */
struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

int main(int argc, char **argv)
{
	const struct timespec nap = { .tv_nsec = 2 * MS };
	struct attr attr = { .size = sizeof(attr) };

	if (argc == 2 && !strcmp(argv[1], "fifo")) {
		attr.policy = SCHED_FIFO;
		attr.priority = FIFO_PRIORITY;
	} else if (argc == 2 && !strcmp(argv[1], "deadline")) {
		attr.policy = POLICY_DEADLINE;
		attr.runtime = MS;
		attr.deadline = 10 * MS;
		attr.period = 10 * MS;
	} else {
		fprintf(stderr, "usage: doze fifo|deadline\n");
		return 1;
	}
	if (syscall(SYS_sched_setattr, 0, &attr, 0)) {
		perror("doze");
		return 1;
	}
	for (;;)
		nanosleep(&nap, NULL);
}
