// SPDX-License-Identifier: GPL-2.0-only
/*
 * scx_nest - load the scheduler of scx_nest.bpf.c, as the root or below one, and
 * print its counters and the exit reason that the kernel gives
 *
 * Exit status: 0 if it was stopped by a signal, 1 for a usage or load error, 2 if
 * the kernel ejected it.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <linux/types.h>
#include <bpf/libbpf.h>

/* the skeleton uses vmlinux.h's names */
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;

#include "scx_nest.h"
#include "scx_nest.skel.h"

enum { KTHREADD = 2 };	/* nearly always asleep */

static const char usage[] =
"scx_nest - a sched_ext scheduler that may have a child, may be one, and may loop\n"
"\n"
"Usage: scx_nest [OPTION]...\n"
"\n"
"  -c CGROUP  schedule the tasks of this cgroup (its directory), below the scheduler\n"
"             that schedules them now, and be one of them\n"
"  -l COUNT   loop in dispatch for ever after COUNT calls of it\n"
"  -n COUNT   loop in dispatch COUNT times in each loop\n"
"  -h         show this help\n";

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static void die(const char *what, const char *which)
{
	fprintf(stderr, "scx_nest: %s %s: %s\n", what, which, strerror(errno));
	exit(1);
}

/* Move this process to the cgroup; returns its ID. */
static u64 join(const char *cgroup)
{
	char path[PATH_MAX];
	struct stat st;
	FILE *f;

	if (stat(cgroup, &st))
		die("cannot find", cgroup);
	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	f = fopen(path, "w");
	if (!f || fprintf(f, "%d\n", getpid()) < 0 || fclose(f))
		die("cannot join", cgroup);
	return st.st_ino;
}

static long number(int opt, const char *arg)
{
	char *end;
	long v = strtol(arg, &end, 0);

	if (end == arg || *end || v < 1 || v > INT_MAX) {
		fprintf(stderr, "scx_nest: -%c: '%s' is not a number from 1 to %d\n",
			opt, arg, INT_MAX);
		exit(1);
	}
	return v;
}

static void parse(int argc, char **argv, struct scx_nest *skel)
{
	int opt;

	skel->rodata->phantom_pid = KTHREADD;

	while ((opt = getopt(argc, argv, "c:l:n:h")) != -1) {
		switch (opt) {
		case 'c':
			skel->struct_ops.nest_ops->sub_cgroup_id = join(optarg);
			skel->rodata->phantom_pid = getpid();
			break;
		case 'l':
			skel->rodata->loop_after = number(opt, optarg);
			break;
		case 'n':
			skel->rodata->iterations = number(opt, optarg);
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			fputs(usage, stderr);
			exit(1);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "scx_nest: '%s' is not an option\n", argv[optind]);
		exit(1);
	}
}

static void print_stats(const struct nest_stats *s)
{
	printf("dispatches=%llu phantoms=%llu nested=%llu\n",
	       s->dispatches, s->phantoms, s->nested);
	fflush(stdout);
}

static void wait_for_end(struct scx_nest *skel)
{
	const struct timespec tick = { .tv_nsec = 100 * 1000 * 1000 };
	volatile int *kind = &skel->bss->exit_info.kind;
	int ticks;

	for (ticks = 1; !stop && !*kind; ticks++) {
		nanosleep(&tick, NULL);
		if (ticks % 10 == 0)
			print_stats(&skel->bss->stats);
	}
}

int main(int argc, char **argv)
{
	const struct nest_exit *info;
	struct bpf_link *link;
	struct scx_nest *skel;

	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);

	skel = scx_nest__open();
	if (!skel) {
		fprintf(stderr, "scx_nest: cannot open the BPF object\n");
		return 1;
	}
	parse(argc, argv, skel);
	if (scx_nest__load(skel)) {
		fprintf(stderr, "scx_nest: cannot load the BPF programs\n");
		return 1;
	}
	link = bpf_map__attach_struct_ops(skel->maps.nest_ops);
	if (!link) {
		fprintf(stderr, "scx_nest: cannot enable the scheduler: %s\n",
			strerror(errno));
		return 1;
	}
	printf("enabled\n");
	fflush(stdout);

	wait_for_end(skel);
	bpf_link__destroy(link);

	info = &skel->bss->exit_info;
	print_stats(&skel->bss->stats);
	printf("EXIT: %s (%s) kind=%d\n", info->reason, info->msg, info->kind);
	return stop ? 0 : 2;
}
