/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading from sysfs, wherever and whether it is mounted
 */
#ifndef LG_SYSFS_H
#define LG_SYSFS_H

#include <linux/fs.h>

int lg_sysfs_start(void);
void lg_sysfs_stop(void);
struct file *lg_sysfs_open(const char *path, int flags);

#endif
