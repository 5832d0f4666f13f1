// SPDX-License-Identifier: GPL-2.0-only
/*
 * The counter that get_cycles() reads
 */
#include <linux/timex.h>

#include "../arch.h"

/**
 * lg_arch_counter_khz - the rate of what get_cycles() reads
 *
 * Context: any.
 * Return: kHz; 0 if it is not known or not steady.
 */
u32 lg_arch_counter_khz(void)
{
	return check_tsc_unstable() ? 0 : tsc_khz;
}
