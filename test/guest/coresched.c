// SPDX-License-Identifier: GPL-2.0-only
/*
 * coresched SECONDS PID... - turn core scheduling on and off, again and again
 * coresched on PID... - turn it on
 *
 * The kernel does it for all CPUs when the first task gets a cookie and when the last one
 * loses its own. Each PID gets one, so that none of them shares a core with another. Prints
 * how often it was on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#ifndef PR_SCHED_CORE
#define PR_SCHED_CORE		62
#define PR_SCHED_CORE_GET	0
#define PR_SCHED_CORE_CREATE	1
#define PR_SCHED_CORE_SHARE_TO	2
#endif

enum {
	THREAD		= 0,
	PAUSE_US	= 30 * 1000,
};

static void core(int command, pid_t pid, unsigned long long *cookie)
{
	if (prctl(PR_SCHED_CORE, command, pid, THREAD, cookie)) {
		perror("coresched");
		exit(1);
	}
}

/* What there is now has to be what it was set to. */
static void check(pid_t pid, int on)
{
	unsigned long long cookie = 0;

	core(PR_SCHED_CORE_GET, pid, &cookie);
	if (!!cookie != on) {
		fprintf(stderr, "coresched: %d %s a cookie\n", pid,
			on ? "has not got" : "still has");
		exit(1);
	}
}

/* This process has no cookie, so to share it with others takes theirs away. */
static void turn(int on, int pids, char **pid)
{
	int i;

	for (i = 0; i < pids; i++) {
		core(on ? PR_SCHED_CORE_CREATE : PR_SCHED_CORE_SHARE_TO,
		     atoi(pid[i]), NULL);
		check(atoi(pid[i]), on);
	}
}

int main(int argc, char **argv)
{
	time_t end;
	int times = 0;

	if (argc < 3) {
		fprintf(stderr, "usage: coresched SECONDS|on PID...\n");
		return 1;
	}
	if (!strcmp(argv[1], "on")) {
		turn(1, argc - 2, argv + 2);
		return 0;
	}
	end = time(NULL) + atoi(argv[1]);
	while (time(NULL) < end) {
		turn(1, argc - 2, argv + 2);
		usleep(PAUSE_US);
		turn(0, argc - 2, argv + 2);
		/* the kernel turns it off a little later, in a work */
		usleep(PAUSE_US);
		times++;
	}
	printf("%d\n", times);
	return 0;
}
