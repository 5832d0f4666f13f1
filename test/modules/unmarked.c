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

/* Linux 7.3 by clang cannot sort the BTF of a module that has no type of its own. */
struct place {
	unsigned long at;
};

static struct place place;
module_param_named(at, place.at, ulong, 0444);

static noinline void nothing(const struct place *p)
{
	barrier();
}

static int __init unmarked_init(void)
{
	unsigned long target = (unsigned long)nothing;

	/* objtool is not to see it coming */
	OPTIMIZER_HIDE_VAR(target);
	target = place.at ?: target + 4;
	((void (*)(const struct place *))target)(&place);
	pr_info("unmarked: nobody minds\n");
	return -EPERM;
}
module_init(unmarked_init);

MODULE_DESCRIPTION("Call what has no ENDBR");
MODULE_LICENSE("GPL");
