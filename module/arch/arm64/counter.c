// SPDX-License-Identifier: GPL-2.0-only
/*
 * The counter that get_cycles() reads
 */
#include <linux/timex.h>
#include <linux/units.h>

#include "../arch.h"

/**
 * lg_arch_counter_khz - the rate of what get_cycles() reads
 *
 * That is the generic timer's counter, whose rate does not change.
 *
 * Context: any.
 * Return: kHz; 0 if it is not known: the firmware has not set the register.
 */
u32 lg_arch_counter_khz(void)
{
	return arch_timer_get_cntfrq() / HZ_PER_KHZ;
}
