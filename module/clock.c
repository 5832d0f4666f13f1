// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long an invocation takes
 */
#include <linux/clocksource.h>
#include <linux/export.h>
#include <linux/time64.h>

#include "arch/arch.h"
#include "clock.h"

enum {
	LONGEST_S = 600,	/* the ns of a longer invocation would overflow */
};

struct scx_loopguard_clock scx_loopguard_clock;
EXPORT_SYMBOL_GPL(scx_loopguard_clock);

/**
 * lg_clock_init - choose the counter to be read
 *
 * Context: task, before anything is timed.
 */
void lg_clock_init(void)
{
	u32 khz = lg_arch_counter_khz();

	if (khz)
		clocks_calc_mult_shift(&scx_loopguard_clock.mult,
				       &scx_loopguard_clock.shift, khz, NSEC_PER_MSEC,
				       /* in what both rates are per: ms */
				       LONGEST_S * MSEC_PER_SEC);
}
