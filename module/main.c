// SPDX-License-Identifier: GPL-2.0-only
/*
 * scx_loopguard - bound the sched_ext dispatch loop of a running kernel
 *
 * A BPF scheduler whose ops.dispatch() keeps dispatching tasks that cannot run
 * here traps the CPU in the dispatch loop with IRQs off. Upstream ends the loop
 * after 32 iterations and kicks the CPU (commit 0922f54fdd15); this module does
 * the same to a kernel that does not.
 *
 * target.c finds the loop, loopsite.c hooks it, guard.c counts and decides,
 * params.c shows what happens. Here they are started and stopped.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/module.h>
#include <linux/printk.h>

#include "guard.h"
#include "loopsite.h"
#include "params.h"
#include "target.h"

static struct lg_target target;

/* The one line that says what was found, and every setting in force. */
static void announce(void)
{
	pr_info("%s loaded: state=%s, loopsite at %s+%#x, native_limit=%u limit=%u enforce=%c\n",
		LG_VERSION, lg_state(), target.loop.name, target.site.offset,
		target.native_limit, lg_limit, lg_enforce ? 'Y' : 'N');
}

static int __init loopguard_init(void)
{
	int ret;

	ret = lg_target_find(&target);
	if (ret)
		return ret;

	lg_guard_init(&target);
	ret = lg_loopsite_arm(&target);
	if (ret)
		goto err_arm;
	lg_params_start(&target);
	announce();
	return 0;

err_arm:
	lg_guard_exit();
	return ret;
}

static void __exit loopguard_exit(void)
{
	lg_guard_drain();
	lg_params_stop();
	lg_loopsite_disarm();
	lg_guard_exit();
	pr_info("unloaded\n");
}

module_init(loopguard_init);
module_exit(loopguard_exit);

MODULE_DESCRIPTION("Bound the sched_ext dispatch loop of a running kernel");
MODULE_AUTHOR("The scx_loopguard authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(LG_VERSION);
