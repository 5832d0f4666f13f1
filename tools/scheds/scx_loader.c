// SPDX-License-Identifier: GPL-2.0-only
/*
 * scx_loader - what scx_spin, scx_hostile and scx_nest have in common, see scx_loader.h
 *
 * Their exit status: 0 if it was stopped by a signal, 1 for a usage or load error, 2 if
 * the kernel ejected it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scx_loader.h"

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

/* Exits with a message that begins with the name of the program. */
void fail(const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

/* Exits if it could not be @done, and says why. */
void must(bool done, const char *what, const char *which)
{
	if (!done)
		fail("cannot %s %s: %s", what, which, strerror(errno));
}

/* The argument of -@opt, a whole number from @min to @max; exits on all else. */
long argument(int opt, long min, long max)
{
	char *end;
	long v;

	errno = 0;
	v = strtol(optarg, &end, 0);
	if (errno || end == optarg || *end || v < min || v > max)
		fail("-%c: '%s' is not a number from %ld to %ld", opt, optarg, min, max);
	return v;
}

/* Reads the command line; exits after -h, and with the usage for what is none of it. */
void parse(int argc, char **argv, const struct command_line *line)
{
	int opt;

	while ((opt = getopt(argc, argv, line->options)) != -1) {
		switch (opt) {
		case 'h':
			fputs(line->usage, stdout);
			exit(0);
		case '?':
			fputs(line->usage, stderr);
			exit(1);
		default:
			line->set(opt);
		}
	}
	if (line->set_word && !line->set_word(argv[optind++])) {
		fputs(line->usage, stderr);
		exit(1);
	}
	if (optind < argc)
		fail("'%s' is not an option", argv[optind]);
}

/* Returns the exit status: 0 if it was stopped by a signal, 2 if it was ejected. */
int run(struct bpf_map *ops, const struct exit_record *record,
	void (*print_stats)(void))
{
	const struct timespec tick = { .tv_nsec = 100 * 1000 * 1000 };
	const volatile int *kind = &record->kind;
	struct bpf_link *link;
	int ticks;

	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	link = bpf_map__attach_struct_ops(ops);
	must(link, "enable", "the scheduler");
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
