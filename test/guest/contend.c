// SPDX-License-Identifier: GPL-2.0-only
/*
 * contend CPU - have all other CPUs wait for that one's rq lock
 *
 * Whatever takes the lock of a CPU from another one, each by a thread that does nothing
 * else and may run on all CPUs but that one: a busy task is moved there and away again, a
 * real-time one that sleeps there is woken and answers, and one that is always there is
 * looked at as top does. Prints each second how often each was done so
 * far, until it is killed.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { FIFO_PRIORITY = 20 };

static cpu_set_t here, elsewhere;
static pid_t moved, watched;
static int to[2], fro[2];
static atomic_ulong moves, wakes, looks;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* A child with this affinity, which has not done anything so far. */
static pid_t start(const cpu_set_t *cpus)
{
	pid_t pid = fork();

	if (pid < 0)
		die("contend: fork");
	if (!pid && (prctl(PR_SET_PDEATHSIG, SIGKILL) ||
		     sched_setaffinity(0, sizeof(*cpus), cpus)))
		die("contend: a child");
	return pid;
}

static pid_t start_busy(void)
{
	pid_t pid = start(&here);

	if (!pid)
		for (;;)
			;
	return pid;
}

static void start_echo(void)
{
	struct sched_param sp = { .sched_priority = FIFO_PRIORITY };
	char c;

	if (start(&here))
		return;
	if (sched_setscheduler(0, SCHED_FIFO, &sp))
		die("contend: sched_setscheduler");
	while (read(to[0], &c, 1) == 1 && write(fro[1], &c, 1) == 1)
		;
	exit(1);
}

static void *move(void *unused)
{
	for (;;) {
		if (sched_setaffinity(moved, sizeof(elsewhere), &elsewhere) ||
		    sched_setaffinity(moved, sizeof(here), &here))
			die("contend: to move a task");
		moves++;
	}
	return unused;
}

static void *wake(void *unused)
{
	char c = 0;

	while (write(to[1], &c, 1) == 1 && read(fro[0], &c, 1) == 1)
		wakes++;
	return unused;
}

static void *look(void *unused)
{
	struct timespec slice;
	char path[32], text[1024];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", watched);
	for (;;) {
		fd = open(path, O_RDONLY);
		/* this one takes the lock whether the task is running or not */
		if (fd < 0 || read(fd, text, sizeof(text)) <= 0 ||
		    sched_rr_get_interval(watched, &slice))
			die("contend: to look at a task");
		close(fd);
		looks++;
	}
	return unused;
}

int main(int argc, char **argv)
{
	void *(*const jobs[])(void *) = { move, wake, look };
	pthread_t thread;
	int cpu, i;

	if (argc != 2) {
		fprintf(stderr, "usage: contend CPU\n");
		return 2;
	}
	cpu = atoi(argv[1]);
	CPU_SET(cpu, &here);
	for (i = 0; i < sysconf(_SC_NPROCESSORS_ONLN); i++)
		if (i != cpu)
			CPU_SET(i, &elsewhere);
	if (pipe(to) || pipe(fro))
		die("contend: pipe");
	moved = start_busy();
	watched = start_busy();
	start_echo();
	if (sched_setaffinity(0, sizeof(elsewhere), &elsewhere))
		die("contend: sched_setaffinity");
	for (i = 0; i < 3; i++)
		if (pthread_create(&thread, NULL, jobs[i], NULL))
			die("contend: pthread_create");
	for (;;) {
		sleep(1);
		printf("moves=%lu wakes=%lu looks=%lu\n", moves, wakes, looks);
		fflush(stdout);
	}
}
