/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the linker puts before the functions that image.c answers with, and these themselves
 */
#ifndef UNIT_ARM64_H
#define UNIT_ARM64_H

#include "../../module/image.h"

int __wrap_lg_image_symbol(unsigned long address, struct lg_symbol *sym);
int __real_lg_image_symbol(unsigned long address, struct lg_symbol *sym);
int __wrap_lg_image_read(void *to, unsigned long from, size_t len);
int __real_lg_image_read(void *to, unsigned long from, size_t len);

#endif
