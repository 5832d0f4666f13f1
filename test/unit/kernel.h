/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's names for what user space calls otherwise; included by force. */
#ifndef UNIT_KERNEL_H
#define UNIT_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;
typedef __s64 s64;

#define U32_MAX UINT32_MAX

#endif
