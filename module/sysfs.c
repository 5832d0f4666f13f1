// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading from sysfs, wherever and whether it is mounted
 *
 * A kernel thread is rooted in an empty file system since 7.x, and a process may be in a
 * container with another idea of /sys, so the module has a mount of its own.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/mount.h>
#include <linux/printk.h>

#include "sysfs.h"

static struct vfsmount *root;

/**
 * lg_sysfs_start - get ready to open files
 *
 * Prints one line on failure.
 *
 * Context: task, may sleep.
 * Return: 0 or -errno.
 */
int lg_sysfs_start(void)
{
	struct file_system_type *type = get_fs_type("sysfs");

	/* it is never a module, so there is no reference to be put */
	root = type ? kern_mount(type) : ERR_PTR(-ENODEV);
	if (!IS_ERR(root))
		return 0;
	pr_err("not loaded: sysfs cannot be mounted (error %ld)\n",
	       PTR_ERR(root));
	return PTR_ERR(root);
}

/**
 * lg_sysfs_stop - no more files are opened
 *
 * Context: task, may sleep.
 */
void lg_sysfs_stop(void)
{
	kern_unmount(root);
}

/**
 * lg_sysfs_open - open a file or directory of sysfs
 * @path: its path below /sys, without a slash at its beginning
 * @flags: as for open()
 *
 * Context: task, may sleep.
 * Return: the file, to be closed by filp_close(), or an ERR_PTR().
 */
struct file *lg_sysfs_open(const char *path, int flags)
{
	return file_open_root_mnt(root, path, flags, 0);
}
