/* SPDX-License-Identifier: GPL-2.0-only */
/* Why the kernel unloaded a scheduler: written by its ops.exit(), shown by its loader. */
#ifndef SCX_EXIT_H
#define SCX_EXIT_H

enum {
	EXIT_REASON_LEN	= 128,
	EXIT_MSG_LEN	= 1024,
};

struct exit_record {
	int kind;		/* enum scx_exit_kind; 0: still running */
	char reason[EXIT_REASON_LEN];
	char msg[EXIT_MSG_LEN];
};

#ifdef __bpf__
static __always_inline void record_exit(struct exit_record *exit,
					const struct scx_exit_info *ei)
{
	bpf_probe_read_kernel_str(exit->reason, sizeof(exit->reason), ei->reason);
	bpf_probe_read_kernel_str(exit->msg, sizeof(exit->msg), ei->msg);
	/* last, as the loader waits for it; atomic so that it stays last */
	__sync_fetch_and_add(&exit->kind, ei->kind);
}
#endif

#endif
