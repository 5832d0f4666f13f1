/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What loads a scheduler: enable it, show its counters each second until a signal
 * comes or the kernel ejects it, print the reason that the kernel gives.
 *
 * Include it where NAME, what messages begin with, is defined.
 */
#ifndef SCX_LOADER_H
#define SCX_LOADER_H

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/types.h>
#include <bpf/libbpf.h>

#include "scx_exit.h"

/* a skeleton uses vmlinux.h's names */
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

/* What could not be done, and why; exits. */
static void die(const char *what, const char *which)
{
	fprintf(stderr, NAME ": cannot %s %s: %s\n", what, which, strerror(errno));
	exit(1);
}

/* The argument of -@opt, a whole number from @min to @max; exits on all else. */
static long argument(int opt, long min, long max)
{
	char *end;
	long v;

	errno = 0;
	v = strtol(optarg, &end, 0);
	if (errno || end == optarg || *end || v < min || v > max) {
		fprintf(stderr, NAME ": -%c: '%s' is not a number from %ld to %ld\n",
			opt, optarg, min, max);
		exit(1);
	}
	return v;
}

static void no_more_arguments(int argc, char **argv)
{
	if (optind < argc) {
		fprintf(stderr, NAME ": '%s' is not an option\n", argv[optind]);
		exit(1);
	}
}

/* Returns the exit status: 0 if it was stopped by a signal, 2 if it was ejected. */
static int run(struct bpf_map *ops, const struct exit_record *record,
	       void (*print_stats)(void))
{
	const struct timespec tick = { .tv_nsec = 100 * 1000 * 1000 };
	const volatile int *kind = &record->kind;
	struct bpf_link *link;
	int ticks;

	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	link = bpf_map__attach_struct_ops(ops);
	if (!link)
		die("enable", "the scheduler");
	printf("enabled\n");
	fflush(stdout);

	for (ticks = 1; !stop && !*kind; ticks++) {
		nanosleep(&tick, NULL);
		if (ticks % 10 == 0)
			print_stats();
	}
	bpf_link__destroy(link);

	print_stats();
	printf("EXIT: %s (%s) kind=%d\n", record->reason, record->msg, record->kind);
	return stop ? 0 : 2;
}

#endif
