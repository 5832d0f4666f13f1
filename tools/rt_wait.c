// SPDX-License-Identifier: GPL-2.0-only
/*
 * rt_wait - how long tasks have to wait for their CPU at most, until a signal ends it
 *
 * On each CPU that it may use, one real-time and one ordinary task sleep a millisecond, again
 * and again, and note how late they get the CPU back. Whoever waits still when the end comes
 * counts as well. The ordinary ones also keep a BPF scheduler busy.
 *
 * Prints two lines: "real-time" or "ordinary", microseconds, the CPU. It ends with its parent.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

enum {
	PERIOD_NS	= 1000 * 1000,
	PRIORITY	= 50,
};

struct task {
	int cpu;
	bool is_rt;
	/* written by the task alone, read at the end */
	long long due_ns;
	long long longest_ns;
};

static struct task tasks[2 * CPU_SETSIZE];

static void die(const char *what, int error)
{
	fprintf(stderr, "rt_wait: %s: %s\n", what, strerror(error));
	exit(1);
}

static long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void be(bool is_rt)
{
	struct sched_param sp = { .sched_priority = is_rt ? PRIORITY : 0 };
	int error = pthread_setschedparam(pthread_self(),
					  is_rt ? SCHED_FIFO : SCHED_OTHER, &sp);

	if (error)
		die("cannot be a real-time task", error);
}

static void *sleep_again_and_again(void *arg)
{
	struct task *t = arg;
	struct timespec until;
	long long late;

	be(t->is_rt);
	for (;;) {
		__atomic_store_n(&t->due_ns, now_ns() + PERIOD_NS, __ATOMIC_RELAXED);
		until.tv_sec = t->due_ns / 1000000000LL;
		until.tv_nsec = t->due_ns % 1000000000LL;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
		late = now_ns() - t->due_ns;
		if (late > t->longest_ns)
			__atomic_store_n(&t->longest_ns, late, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void start(struct task *t, int cpu, bool is_rt)
{
	pthread_attr_t attr;
	pthread_t thread;
	cpu_set_t set;
	int error;

	t->cpu = cpu;
	t->is_rt = is_rt;
	t->due_ns = now_ns();
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	pthread_attr_init(&attr);
	pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
	error = pthread_create(&thread, &attr, sleep_again_and_again, t);
	if (error)
		die("cannot start a task", error);
}

/* Of all tasks of that kind: the longest wait, over or not. */
static void print(const char *name, bool is_rt, int nr)
{
	long long now = now_ns(), wait, longest = 0;
	int i, cpu = 0;

	for (i = 0; i < nr; i++) {
		struct task *t = &tasks[i];

		if (t->is_rt != is_rt)
			continue;
		wait = now - __atomic_load_n(&t->due_ns, __ATOMIC_RELAXED);
		if (wait < __atomic_load_n(&t->longest_ns, __ATOMIC_RELAXED))
			wait = t->longest_ns;
		if (wait > longest) {
			longest = wait;
			cpu = t->cpu;
		}
	}
	printf("%s %lld %d\n", name, longest / 1000, cpu);
}

int main(void)
{
	cpu_set_t cpus;
	sigset_t ends;
	int cpu, sig, nr = 0;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		die("cannot lock its memory", errno);
	if (sched_getaffinity(0, sizeof(cpus), &cpus))
		die("cannot tell its CPUs", errno);

	be(true);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &cpus))
			continue;
		start(&tasks[nr++], cpu, true);
		start(&tasks[nr++], cpu, false);
	}
	sigwait(&ends, &sig);
	print("real-time", true, nr);
	print("ordinary", false, nr);
	return 0;
}
