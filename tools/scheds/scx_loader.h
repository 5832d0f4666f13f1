/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What loads a scheduler: read its options, enable it, show its counters each second
 * until a signal comes or the kernel ejects it, print the reason that the kernel gives.
 */
#ifndef SCX_LOADER_H
#define SCX_LOADER_H

#include <limits.h>
#include <stdbool.h>
#include <unistd.h>
#include <linux/types.h>
#include <bpf/libbpf.h>

#include "scx_exit.h"

/* a skeleton uses vmlinux.h's names */
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;

/* What a scheduler's command line may have. */
struct command_line {
	const char *usage;
	const char *options;			/* getopt()'s letters, with h */
	void (*set)(int opt);			/* for each, except h */
	bool (*set_word)(const char *word);	/* NULL: there is none beside options */
};

__attribute__((noreturn, format(printf, 1, 2))) void fail(const char *fmt, ...);
void must(bool done, const char *what, const char *which);
long argument(int opt, long min, long max);
void parse(int argc, char **argv, const struct command_line *line);
int run(struct bpf_map *ops, const struct exit_record *record,
	void (*print_stats)(void));

#endif
