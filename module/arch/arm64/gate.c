// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding where the code asks whether there is an ops.dispatch at all
 */
#include <linux/errno.h>

#include "../arch.h"

/**
 * lg_arch_find_gate - find where a bit of a word is tested
 * @code: the text of the function
 * @disp: the displacement of the word
 * @bit: the bit's number in it
 * @gate: set on success only
 *
 * No form of that is known of this processor's code.
 *
 * Context: any.
 * Return: -ESRCH.
 */
int lg_arch_find_gate(const struct lg_code *code, s32 disp, u32 bit, struct lg_gate *gate)
{
	return -ESRCH;
}
