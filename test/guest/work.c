// SPDX-License-Identifier: GPL-2.0-only
/*
 * work KIND COUNT - keep the scheduler busy in one way, print the ns that it took
 *
 * For measuring: a fixed amount of work after a tenth of it for warming up.
 *
 * pipe   two tasks on one CPU hand a byte to and fro: the CPU never goes idle
 * cross  the same on two CPUs: each goes idle every time
 * wake   eight threads a CPU, half of them awake, each waking another by futex
 * fork   fork, exec, exit and wait
 * yield  two tasks on one CPU yield to each other
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_THREADS = 512 };

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("work: sched_setaffinity");
}

static unsigned long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static pid_t spawn(void)
{
	pid_t pid = fork();

	if (pid < 0)
		die("work: fork");
	return pid;
}

/* ------------------------------------------------------- pipe and cross -- */

static int to[2], fro[2];

static void start_echo(int cpu)
{
	char c;

	if (pipe(to) || pipe(fro))
		die("work: pipe");
	if (spawn())
		return;
	run_on(cpu);
	close(to[1]);
	while (read(to[0], &c, 1) == 1)
		if (write(fro[1], &c, 1) != 1)
			break;
	_exit(0);
}

static void start_pipe(void)
{
	start_echo(0);
	run_on(0);
}

static void start_cross(void)
{
	start_echo(1);
	run_on(0);
}

static void hand_over(int count)
{
	char c = 0;

	while (count--)
		if (write(to[1], &c, 1) != 1 || read(fro[0], &c, 1) != 1)
			die("work: pipe");
}

/* ----------------------------------------------------------------- wake -- */

static int word[MAX_THREADS], threads;
static int left;

static void futex(int *at, int op, int val)
{
	syscall(SYS_futex, at, op | FUTEX_PRIVATE_FLAG, val, NULL, NULL, 0);
}

static void give(int to_whom)
{
	__atomic_store_n(&word[to_whom], 1, __ATOMIC_SEQ_CST);
	futex(&word[to_whom], FUTEX_WAKE, 1);
}

/* Take what is given, give it to the next; a token goes round until all is done. */
static void *pass_on(void *arg)
{
	int me = (long)arg;

	for (;;) {
		while (!__atomic_exchange_n(&word[me], 0, __ATOMIC_SEQ_CST))
			futex(&word[me], FUTEX_WAIT, 0);
		give((me + 3) % threads);
		if (__atomic_sub_fetch(&left, 1, __ATOMIC_SEQ_CST) == 0)
			futex(&left, FUTEX_WAKE, 1);
	}
	return NULL;
}

static void start_wake(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	long i;

	threads = 8 * sysconf(_SC_NPROCESSORS_ONLN) + 1;	/* prime to the stride */
	while (threads % 3 == 0)
		threads++;
	if (threads > MAX_THREADS)
		die("work: too many CPUs");
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	left = 1 << 30;
	for (i = 0; i < threads; i++)
		if (pthread_create(&thread, &attr, pass_on, (void *)i))
			die("work: pthread_create");
	for (i = 0; i < threads; i += 2)
		give(i);
}

static void wake(int count)
{
	int v;

	__atomic_store_n(&left, count, __ATOMIC_SEQ_CST);
	while ((v = __atomic_load_n(&left, __ATOMIC_SEQ_CST)) > 0)
		futex(&left, FUTEX_WAIT, v);
}

/* ------------------------------------------------------- fork and yield -- */

static void start_nothing(void)
{
}

static void fork_exec(int count)
{
	pid_t pid;

	while (count--) {
		pid = spawn();
		if (!pid) {
			execl("/bin/work", "work", "nothing", "1", NULL);
			_exit(1);
		}
		waitpid(pid, NULL, 0);
	}
}

static void start_yield(void)
{
	run_on(0);
	if (!spawn())
		for (;;)
			sched_yield();
}

static void yield(int count)
{
	while (count--)
		sched_yield();
}

static const struct kind {
	const char *name;
	void (*start)(void);
	void (*work)(int count);
} kinds[] = {
	{ "pipe", start_pipe, hand_over },
	{ "cross", start_cross, hand_over },
	{ "wake", start_wake, wake },
	{ "fork", start_nothing, fork_exec },
	{ "yield", start_yield, yield },
	{ "nothing", start_nothing, fork_exec },
};

int main(int argc, char **argv)
{
	int count = argc == 3 ? atoi(argv[2]) : 0;
	const struct kind *k = kinds;
	unsigned long long begin;
	unsigned int i;

	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++, k++)
		if (count > 0 && !strcmp(argv[1], k->name))
			break;
	if (i == sizeof(kinds) / sizeof(*kinds)) {
		fprintf(stderr, "usage: work pipe|cross|wake|fork|yield COUNT\n");
		return 1;
	}
	/* what "fork" starts */
	if (!strcmp(k->name, "nothing"))
		return 0;
	/* so that what is started can be ended together */
	setpgid(0, 0);
	k->start();
	k->work(count / 10 + 1);
	begin = now();
	k->work(count);
	printf("%llu\n", now() - begin);
	fflush(stdout);
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	return 0;
}
