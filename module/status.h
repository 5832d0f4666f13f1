/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Module parameters that show the status and cannot be set
 *
 * For files with a pr_fmt(), as each module has its own.
 */
#ifndef LG_STATUS_H
#define LG_STATUS_H

#include <linux/errno.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>

/* Define the read-only parameter @name whose getter is get_@name(). */
#define STATUS(name, desc)						\
	static const struct kernel_param_ops name##_ops = {		\
		.set = set_read_only,					\
		.get = get_##name,					\
	};								\
	module_param_cb(name, &name##_ops, NULL, 0444);			\
	MODULE_PARM_DESC(name, desc " (read-only)")

/*
 * Passing one at load is a mistake that has to be seen; without .set it would be a
 * call of NULL.
 */
static int set_read_only(const char *val, const struct kernel_param *kp)
{
	pr_err("%s is read-only: it shows the status and cannot be set\n",
	       kp->name);
	return -EPERM;
}

#endif
