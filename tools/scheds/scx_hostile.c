// SPDX-License-Identifier: GPL-2.0-only
/*
 * scx_hostile - load the scheduler of scx_hostile.bpf.c, print its counters and the
 * exit reason that the kernel gives
 */
#include <stdio.h>
#include <string.h>

#include "scx_loader.h"
#include "scx_hostile.h"
#include "scx_hostile.skel.h"

static const char usage[] =
"scx_hostile - a sched_ext scheduler whose dispatch loop goes wrong in one way\n"
"\n"
"Usage: scx_hostile [OPTION]... KIND\n"
"\n"
"It behaves for a second; from then on ops.dispatch() dispatches in vain for ever\n"
"  unlock  on every CPU, and each iteration drops the rq lock\n"
"  move    on every CPU only drops the rq lock, which has the kernel pick anew if core\n"
"          scheduling is in use\n"
"  held    on one CPU, -c, whose rq lock it so keeps\n"
"  dying   on every CPU, tasks that have been seen to exit\n"
"  all     on every CPU\n"
"  idle    where the CPU was idle\n"
"  rt      where the CPU ran a real-time or deadline task\n"
"or, with KIND\n"
"  brink   so often before it finds a task: -n times, one more, up to -m, and anew\n"
"\n"
"  -c CPU    for held (default 0)\n"
"  -n COUNT  for brink (default 31)\n"
"  -m COUNT  for brink (default 33)\n"
"  -b MSEC   behave for so long before it begins (default 1000)\n"
"  -t MSEC   behave again after so long (default 0: never)\n"
"  -s USEC   slice of a task (default 20000)\n"
"  -h        show this help\n";

static const char * const kinds[] = {
	[HOSTILE_UNLOCK]	= "unlock",
	[HOSTILE_MOVE]		= "move",
	[HOSTILE_BRINK]		= "brink",
	[HOSTILE_HELD]		= "held",
	[HOSTILE_DYING]		= "dying",
	[HOSTILE_ALL]		= "all",
	[HOSTILE_IDLE]		= "idle",
	[HOSTILE_RT]		= "rt",
};

static struct scx_hostile *skel;

static void set(int opt)
{
	switch (opt) {
	case 'c':
		skel->rodata->held_cpu = argument(opt, 0, INT_MAX);
		break;
	case 'n':
		skel->rodata->least = argument(opt, 1, INT_MAX);
		break;
	case 'm':
		skel->rodata->most = argument(opt, 1, INT_MAX);
		break;
	case 'b':
		skel->rodata->first_ns = argument(opt, 0, INT_MAX) * 1000000ULL;
		break;
	case 't':
		skel->rodata->for_ns = argument(opt, 0, INT_MAX) * 1000000ULL;
		break;
	case 's':
		skel->rodata->slice_ns = argument(opt, 1, INT_MAX) * 1000ULL;
		break;
	}
}

static bool set_kind(const char *name)
{
	unsigned int i;

	for (i = 0; name && i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(name, kinds[i]))
			continue;
		skel->rodata->kind = i;
		return true;
	}
	return false;
}

static const struct command_line command_line = {
	.usage		= usage,
	.options	= "c:n:m:b:t:s:h",
	.set		= set,
	.set_word	= set_kind,
};

static void print_stats(void)
{
	const struct hostile_stats *s = &skel->bss->stats;

	printf("vain=%llu found=%llu unlocked=%llu dying=%llu\n",
	       s->vain, s->found, s->unlocked, s->dying);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	bool dying;

	skel = scx_hostile__open();
	must(skel, "open", "the BPF object");
	skel->rodata->least = 31;
	skel->rodata->most = 33;
	skel->rodata->slice_ns = 20000 * 1000ULL;
	skel->rodata->first_ns = 1000 * 1000000ULL;
	parse(argc, argv, &command_line);
	dying = skel->rodata->kind == HOSTILE_DYING;
	bpf_program__set_autoload(skel->progs.hostile_sees_exit, dying);
	must(!scx_hostile__load(skel), "load", "the BPF programs");
	must(!dying || bpf_program__attach(skel->progs.hostile_sees_exit),
	     "attach to", "the exit of tasks");
	return run(skel->maps.hostile_ops, &skel->bss->exit_record, print_stats);
}
