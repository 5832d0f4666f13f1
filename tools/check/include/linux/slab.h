/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LG_USER_SLAB_H
#define LG_USER_SLAB_H

#include <stdlib.h>

#define kvmalloc(size, flags)	malloc(size)
#define kvfree(p)		free((void *)(p))

#endif
