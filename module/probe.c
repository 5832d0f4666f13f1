// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking a kprobe away for good
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kprobes.h>
#include <linux/printk.h>

#include "probe.h"

/**
 * lg_probe_disable - have it taken out of the kernel's table in any case
 * @probe: about to be unregistered
 *
 * unregister_kprobe() tells nobody if it cannot disarm a probe, as happens to one on a function's
 * entry if ftrace gives up for good right then. It leaves it in the table, and
 * with the module what the table points to is gone: whoever looks through it, as
 * kprobes/enabled does, finds whatever is there. One that is disabled already only has to
 * be taken out. What stays armed in ftrace finds no probe and does nothing.
 *
 * Context: task, may sleep.
 */
void lg_probe_disable(struct kprobe *probe)
{
	int ret = disable_kprobe(probe);

	if (!ret)
		return;
	probe->flags |= KPROBE_FLAG_DISABLED;
	/* 7.3 has taken out by itself what it could not arm */
	if (ret != -EINVAL)
		pr_warn("the kernel could not disarm a kprobe (error %d)\n",
			ret);
}
