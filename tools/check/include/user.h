/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's names for what user space calls otherwise; included by force. */
#ifndef LG_USER_H
#define LG_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <linux/errno.h>
#include <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;
typedef __s64 s64;

#define U32_MAX		UINT32_MAX

#define READ_ONCE(x)	(x)
#define noinline
#define __percpu
#define __force

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define min(a, b)	((a) < (b) ? (a) : (b))
#define max(a, b)	((a) > (b) ? (a) : (b))
#define min_t(t, a, b)	min((t)(a), (t)(b))

#define scnprintf(buf, size, ...) ({					\
	size_t size_ = (size);						\
	int n_ = snprintf(buf, size_, __VA_ARGS__);			\
									\
	n_ < (int)size_ ? n_ : size_ ? (int)size_ - 1 : 0;		\
})

#endif
