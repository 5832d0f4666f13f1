/* SPDX-License-Identifier: GPL-2.0-only */
/* What the module would print of a kernel that it refuses is kept. */
#ifndef LG_USER_PRINTK_H
#define LG_USER_PRINTK_H

__attribute__((format(printf, 1, 2))) void lg_user_print(const char *fmt, ...);

#define pr_err(fmt, ...) lg_user_print(fmt, ##__VA_ARGS__)

#endif
