// SPDX-License-Identifier: GPL-2.0-only
/*
 * scx_nest - load the scheduler of scx_nest.bpf.c, as the root or below one, and
 * print its counters and the exit reason that the kernel gives
 */
#include <stdio.h>
#include <sys/stat.h>

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

	must(!stat(cgroup, &st), "find", cgroup);
	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	f = fopen(path, "w");
	must(f && fprintf(f, "%d\n", getpid()) >= 0 && !fclose(f), "join", cgroup);
	return st.st_ino;
}

static void set(int opt)
{
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
	}
}

static const struct command_line command_line = {
	.usage		= usage,
	.options	= "c:l:n:h",
	.set		= set,
};

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
	must(skel, "open", "the BPF object");
	skel->rodata->phantom_pid = KTHREADD;
	parse(argc, argv, &command_line);
	must(!scx_nest__load(skel), "load", "the BPF programs");
	return run(skel->maps.nest_ops, &skel->bss->exit_record, print_stats);
}
