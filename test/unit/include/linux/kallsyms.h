/* SPDX-License-Identifier: GPL-2.0-only */
/* What the module's own headers want of the kernel's. */
#ifndef UNIT_KALLSYMS_H
#define UNIT_KALLSYMS_H

#define KSYM_NAME_LEN 512

#endif
