// SPDX-License-Identifier: GPL-2.0-only
#include "kernel.h"
int lg_unpack(struct lg_kernel *k, const u8 *data, size_t size, u8 **to, size_t *to_size)
{
	return lg_kernel_fail(k, "not yet");
}
