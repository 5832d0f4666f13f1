// SPDX-License-Identifier: GPL-2.0-only
/*
 * unmarked - call what has no ENDBR, for the tests
 *
 * A CPU that enforces indirect branch tracking does not let it happen. Without at=ADDRESS it
 * is a function of this module, behind its ENDBR.
 */
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>

static unsigned long at;
module_param(at, ulong, 0444);

static noinline void nothing(void)
{
	barrier();
}

static int __init unmarked_init(void)
{
	unsigned long target = (unsigned long)nothing;

	/* objtool is not to see it coming */
	OPTIMIZER_HIDE_VAR(target);
	target = at ?: target + 4;
	((void (*)(void))target)();
	pr_info("unmarked: nobody minds\n");
	return -EPERM;
}
module_init(unmarked_init);

MODULE_DESCRIPTION("Call what has no ENDBR");
MODULE_LICENSE("GPL");
