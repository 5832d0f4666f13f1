// SPDX-License-Identifier: GPL-2.0-only
/*
 * churn SECONDS SEED CGROUP... - tasks that come and go in every way a scheduler knows
 *
 * Some tasks that run and sleep by turns are moved between CPUs, policies (other, batch, idle,
 * ext, fifo, rr), nice values and cgroups, killed and forked anew, by a real-time
 * task that is not scheduled by any of it. What the kernel refuses is fine. Prints how
 * often each was done. None gets a deadline: 6.12 and 7.3 leave such tasks throttled for
 * ever while BPF schedulers come and go.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	TASKS		= 6,
	POLICY_EXT	= 7,
	MS		= 1000 * 1000,
};

static pid_t tasks[TASKS];
static unsigned long done[5];
static const char * const what[] = {
	"affinity", "policies", "nice", "cgroups", "forks",
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void pause_ns(long ns)
{
	const struct timespec ts = { .tv_nsec = ns };

	nanosleep(&ts, NULL);
}

/* Runs for some ms at a time, so that no real-time policy takes the CPU for itself. */
static void work(void)
{
	double until;

	for (;;) {
		until = now() + (random() % 5) / 1e3;
		while (now() < until)
			;
		pause_ns(1 + random() % (10 * MS));
	}
}

static pid_t start(void)
{
	const struct sched_param other = { 0 };
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	srandom(getpid());
	sched_setscheduler(0, SCHED_OTHER, &other);
	work();
	return 0;
}

static int set_affinity(pid_t pid)
{
	unsigned long mask = 1 + random() % ((1UL << sysconf(_SC_NPROCESSORS_CONF)) - 1);

	return syscall(SYS_sched_setaffinity, pid, sizeof(mask), &mask);
}

static int set_policy(pid_t pid)
{
	static const int policies[] = {
		SCHED_OTHER, SCHED_BATCH, SCHED_IDLE, POLICY_EXT, SCHED_FIFO,
		SCHED_RR,
	};
	int policy = policies[random() % 6];
	struct sched_param sp = { 0 };

	if (policy == SCHED_FIFO || policy == SCHED_RR)
		sp.sched_priority = 1 + random() % 20;
	return sched_setscheduler(pid, policy, &sp);
}

static int move(pid_t pid, const char *cgroup)
{
	char file[256], text[16];
	int fd, ret;

	snprintf(file, sizeof(file), "%s/cgroup.procs", cgroup);
	fd = open(file, O_WRONLY);
	if (fd < 0)
		return -1;
	ret = write(fd, text, sprintf(text, "%d", pid)) > 0 ? 0 : -1;
	close(fd);
	return ret;
}

static int anew(pid_t *task)
{
	kill(*task, SIGKILL);
	waitpid(*task, NULL, 0);
	*task = start();
	return *task > 0 ? 0 : -1;
}

static int change(int how, pid_t *task, int cgroups, char **cgroup)
{
	switch (how) {
	case 0:
		return set_affinity(*task);
	case 1:
		return set_policy(*task);
	case 2:
		return setpriority(PRIO_PROCESS, *task, random() % 40 - 20);
	case 3:
		return cgroups ? move(*task, cgroup[random() % cgroups]) : -1;
	default:
		return anew(task);
	}
}

int main(int argc, char **argv)
{
	double end;
	int i;

	if (argc < 3) {
		fprintf(stderr, "usage: churn SECONDS SEED CGROUP...\n");
		return 2;
	}
	end = now() + atof(argv[1]);
	for (i = 0; i < TASKS; i++)
		tasks[i] = start();
	srandom(atoi(argv[2]));
	while (now() < end) {
		i = random() % 5;
		if (!change(i, &tasks[random() % TASKS], argc - 3, argv + 3))
			done[i]++;
		pause_ns(1 + random() % (20 * MS));
	}
	for (i = 0; i < TASKS; i++)
		kill(tasks[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	for (i = 0; i < 5; i++)
		printf("%s=%lu%s", what[i], done[i], i < 4 ? " " : "\n");
	return 0;
}
