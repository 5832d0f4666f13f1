/* SPDX-License-Identifier: GPL-2.0-only */
/* Where modules are, without the randomisation of 5 levels or of memory. */
#ifndef LG_USER_PGTABLE_H
#define LG_USER_PGTABLE_H

#define MODULES_VADDR	0xffffffffc0000000UL
#define MODULES_END	0xffffffffff000000UL

#endif
