// SPDX-License-Identifier: GPL-2.0-only
/*
 * scx_nest - load the scheduler of scx_nest.bpf.c, as the root or below one, and
 * print its counters and the exit reason that the kernel gives
 *
 * Exit status: 0 if it was stopped by a signal, 1 for a usage or load error, 2 if
 * the kernel ejected it.
 */
#include <sys/stat.h>

#define NAME "scx_nest"
#include "scx_loader.h"
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

static struct scx_nest *skel;

/* Move this process to the cgroup; returns its ID. */
static u64 join(const char *cgroup)
{
	char path[PATH_MAX];
	struct stat st;
	FILE *f;

	if (stat(cgroup, &st))
		die("find", cgroup);
	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	f = fopen(path, "w");
	if (!f || fprintf(f, "%d\n", getpid()) < 0 || fclose(f))
		die("join", cgroup);
	return st.st_ino;
}

static void parse(int argc, char **argv)
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
			skel->rodata->loop_after = argument(opt, 1, INT_MAX);
			break;
		case 'n':
			skel->rodata->iterations = argument(opt, 1, INT_MAX);
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			fputs(usage, stderr);
			exit(1);
		}
	}
	no_more_arguments(argc, argv);
}

static void print_stats(void)
{
	const struct nest_stats *s = &skel->bss->stats;

	printf("dispatches=%llu phantoms=%llu nested=%llu\n",
	       s->dispatches, s->phantoms, s->nested);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	skel = scx_nest__open();
	if (!skel)
		die("open", "the BPF object");
	parse(argc, argv);
	if (scx_nest__load(skel))
		die("load", "the BPF programs");
	return run(skel->maps.nest_ops, &skel->bss->exit_record, print_stats);
}
