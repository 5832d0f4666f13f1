// SPDX-License-Identifier: GPL-2.0-only
/*
 * scx_spin - load the scheduler of scx_spin.bpf.c, show its counters, and print
 * the exit reason that the kernel gives
 */
#include <stdio.h>
#include <bpf/btf.h>

#include "scx_loader.h"
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
"  -c CPU       loop only there (default -1: on every CPU)\n"
"  -n COUNT     need COUNT iterations before a task is handed out\n"
"  -w USEC      waste so many microseconds in each dispatch of -l or -n\n"
"  -B           bounce tasks that are pinned elsewhere to a fallback DSQ\n"
"  -b COUNT     dispatch up to COUNT tasks together (default 1, at most 1024)\n"
"  -k COUNT     have each CPU that a user's task leaves kick the next one of a ring of COUNT CPUs\n"
"               (0: of all) and wait for it; 1: only CPU 0 does, for one after the other\n"
"  -d PID       disallow a process from using SCHED_EXT (-1: itself)\n"
"  -D LEN       length of the exit dump in bytes\n"
"  -W MS        the watchdog's timeout in milliseconds (default 5000)\n"
"  -q           do not read why it is over: lockdown may forbid that\n"
"  -p           schedule only tasks with the SCHED_EXT policy\n"
"  -v           print libbpf's debug messages\n"
"  -h           show this help\n";

static bool verbose;
static int print_libbpf(enum libbpf_print_level level, const char *fmt,
			va_list args)
{
	if (level == LIBBPF_DEBUG && !verbose)
		return 0;
	return vfprintf(stderr, fmt, args);
}

static struct scx_spin *skel;

/* Exits where no BPF program can call what -@opt needs, see scx_spin.bpf.c. */
static void needs_kfunc(int opt, const char *name, unsigned int nr_args)
{
	struct btf *btf = btf__load_vmlinux_btf();
	const struct btf_type *t;
	int id;

	must(btf, "read", "the kernel's BTF");
	id = btf__find_by_name_kind(btf, name, BTF_KIND_FUNC);
	t = btf__type_by_id(btf, id < 0 ? 0 : id);
	if (id < 0 || btf_vlen(btf__type_by_id(btf, t->type)) != nr_args)
		fail("-%c: no BPF program can call this kernel's %s()", opt, name);
	btf__free(btf);
}

static void set(int opt)
{
	switch (opt) {
	case 's':
		skel->rodata->slice_ns =
			argument(opt, 1, INT_MAX) * 1000ULL;
		break;
	case 'e':
		needs_kfunc(opt, "scx_bpf_error_bstr", 3);
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
	case 'c':
		skel->rodata->loop_cpu = argument(opt, -1, INT_MAX);
		break;
	case 'n':
		needs_kfunc(opt, "scx_bpf_create_dsq", 2);
		skel->rodata->need_iterations = argument(opt, 1, INT_MAX);
		break;
	case 'w':
		skel->rodata->waste_ns = argument(opt, 1, 1000000) * 1000ULL;
		break;
	case 'B':
		needs_kfunc(opt, "scx_bpf_create_dsq", 2);
		needs_kfunc(opt, "scx_bpf_kick_cpu", 2);
		skel->rodata->bounce = true;
		break;
	case 'b':
		skel->rodata->batch = argument(opt, 1, 1024);
		skel->struct_ops.spin_ops->dispatch_max_batch =
			skel->rodata->batch;
		break;
	case 'k':
		needs_kfunc(opt, "scx_bpf_kick_cpu", 2);
		skel->rodata->nr_cpus = libbpf_num_possible_cpus();
		skel->rodata->kick_ring = argument(opt, 0, INT_MAX);
		if (!skel->rodata->kick_ring ||
		    skel->rodata->kick_ring > skel->rodata->nr_cpus)
			skel->rodata->kick_ring = skel->rodata->nr_cpus;
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
	case 'W':
		/* the kernel takes 30 s at most */
		skel->struct_ops.spin_ops->timeout_ms =
			argument(opt, 1, 30000);
		break;
	case 'q':
		skel->rodata->quiet = true;
		break;
	case 'p':
		skel->struct_ops.spin_ops->flags |=
			SPIN_OPS_SWITCH_PARTIAL;
		break;
	case 'v':
		verbose = true;
		break;
	}
}

static const struct command_line command_line = {
	.usage		= usage,
	.options	= "s:e:t:T:l:c:n:w:Bb:k:d:D:W:qpvh",
	.set		= set,
};

static void print_stats(void)
{
	const struct spin_stats *s = &skel->bss->stats;

	printf("enqueued=%llu dispatched=%llu phantoms=%llu bounced=%llu kicks=%llu stalled=%llu\n",
	       s->enqueued, s->dispatched, s->phantoms, s->bounced, s->kicks, s->stalled);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	int status;

	libbpf_set_print(print_libbpf);
	skel = scx_spin__open();
	must(skel, "open", "the BPF object");
	skel->rodata->slice_ns = 20000 * 1000ULL;
	skel->rodata->batch = 1;
	skel->rodata->loop_cpu = -1;
	parse(argc, argv, &command_line);
	if (!skel->rodata->loop_after)
		skel->struct_ops.spin_ops->select_cpu = NULL;
	must(!scx_spin__load(skel), "load", "the BPF programs");
	status = run(skel->maps.spin_ops, &skel->bss->exit_record, print_stats);
	if (skel->bss->exit_dump[0])
		fprintf(stderr, "%s\n", skel->bss->exit_dump);
	return status;
}
