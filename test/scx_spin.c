// SPDX-License-Identifier: GPL-2.0-only
/*
 * scx_spin - load the scheduler of scx_spin.bpf.c, show its counters, and print
 * the exit reason that the kernel gives
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
#include <time.h>
#include <unistd.h>
#include <linux/types.h>
#include <bpf/libbpf.h>

/* the skeleton uses vmlinux.h's names */
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;

#include "scx_spin.h"
#include "scx_spin.skel.h"

/* from enum scx_ops_flags, part of the BPF ABI */
#define SPIN_OPS_SWITCH_PARTIAL (1ULL << 3)

static const char usage[] =
"scx_spin - a sched_ext scheduler that misbehaves on request\n"
"\n"
"Usage: scx_spin [OPTION]...\n"
"\n"
"  -s SLICE_US  slice of a task in microseconds (default 20000)\n"
"  -e COUNT     trigger scx_bpf_error() after COUNT enqueues\n"
"  -t COUNT     stall every COUNT'th user thread\n"
"  -T COUNT     stall every COUNT'th kernel thread\n"
"  -l COUNT     loop in dispatch for ever after COUNT dispatches\n"
"  -n COUNT     need COUNT iterations before a task is handed out\n"
"  -B           bounce tasks that are pinned elsewhere to a fallback DSQ\n"
"  -b COUNT     dispatch up to COUNT tasks together (default 1, at most 1024)\n"
"  -d PID       disallow a process from using SCHED_EXT (-1: itself)\n"
"  -D LEN       length of the exit dump in bytes\n"
"  -p           schedule only tasks with the SCHED_EXT policy\n"
"  -v           print libbpf's debug messages\n"
"  -h           show this help\n";

static bool verbose;
static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static int print_libbpf(enum libbpf_print_level level, const char *fmt,
			va_list args)
{
	if (level == LIBBPF_DEBUG && !verbose)
		return 0;
	return vfprintf(stderr, fmt, args);
}

/* The argument of -@opt, a whole number from @min to @max; exits on all else. */
static long argument(int opt, long min, long max)
{
	char *end;
	long v;

	errno = 0;
	v = strtol(optarg, &end, 0);
	if (errno || end == optarg || *end || v < min || v > max) {
		fprintf(stderr, "scx_spin: -%c: '%s' is not a number from %ld to %ld\n",
			opt, optarg, min, max);
		exit(1);
	}
	return v;
}

static void parse(int argc, char **argv, struct scx_spin *skel)
{
	int opt;

	skel->rodata->slice_ns = 20000 * 1000ULL;
	skel->rodata->batch = 1;

	while ((opt = getopt(argc, argv, "s:e:t:T:l:n:Bb:d:D:pvh")) != -1) {
		switch (opt) {
		case 's':
			skel->rodata->slice_ns =
				argument(opt, 1, INT_MAX) * 1000ULL;
			break;
		case 'e':
			skel->rodata->error_after = argument(opt, 1, INT_MAX);
			break;
		case 't':
			skel->rodata->stall_user_nth = argument(opt, 1, INT_MAX);
			break;
		case 'T':
			skel->rodata->stall_kernel_nth = argument(opt, 1, INT_MAX);
			break;
		case 'l':
			skel->rodata->loop_after = argument(opt, 1, INT_MAX);
			break;
		case 'n':
			skel->rodata->need_iterations = argument(opt, 1, INT_MAX);
			break;
		case 'B':
			skel->rodata->bounce = true;
			break;
		case 'b':
			skel->rodata->batch = argument(opt, 1, 1024);
			skel->struct_ops.spin_ops->dispatch_max_batch =
				skel->rodata->batch;
			break;
		case 'd':
			skel->rodata->disallow_tgid = argument(opt, -1, INT_MAX);
			if (skel->rodata->disallow_tgid < 0)
				skel->rodata->disallow_tgid = getpid();
			break;
		case 'D':
			skel->struct_ops.spin_ops->exit_dump_len =
				argument(opt, 1, INT_MAX);
			break;
		case 'p':
			skel->struct_ops.spin_ops->flags |=
				SPIN_OPS_SWITCH_PARTIAL;
			break;
		case 'v':
			verbose = true;
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
		fprintf(stderr, "scx_spin: '%s' is not an option\n", argv[optind]);
		exit(1);
	}
}

static void print_stats(const struct spin_stats *s)
{
	printf("enqueued=%llu dispatched=%llu phantoms=%llu bounced=%llu stalled=%llu\n",
	       s->enqueued, s->dispatched, s->phantoms, s->bounced, s->stalled);
	fflush(stdout);
}

static void wait_for_end(struct scx_spin *skel)
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
	const struct spin_exit *info;
	struct bpf_link *link;
	struct scx_spin *skel;

	libbpf_set_print(print_libbpf);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);

	skel = scx_spin__open();
	if (!skel) {
		fprintf(stderr, "scx_spin: cannot open the BPF object\n");
		return 1;
	}
	parse(argc, argv, skel);
	if (scx_spin__load(skel)) {
		fprintf(stderr, "scx_spin: cannot load the BPF programs\n");
		return 1;
	}
	link = bpf_map__attach_struct_ops(skel->maps.spin_ops);
	if (!link) {
		fprintf(stderr, "scx_spin: cannot enable the scheduler: %s\n",
			strerror(errno));
		return 1;
	}
	printf("enabled\n");
	fflush(stdout);

	wait_for_end(skel);
	bpf_link__destroy(link);

	info = &skel->bss->exit_info;
	print_stats(&skel->bss->stats);
	if (skel->bss->exit_dump[0])
		fprintf(stderr, "%s\n", skel->bss->exit_dump);
	printf("EXIT: %s (%s) kind=%d\n", info->reason, info->msg, info->kind);
	return stop ? 0 : 2;
}
