/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LG_USER_KALLSYMS_H
#define LG_USER_KALLSYMS_H

#define KSYM_NAME_LEN 512

#endif
