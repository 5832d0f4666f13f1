/* SPDX-License-Identifier: GPL-2.0-only */
/* An image has no CPUs, and so no per-CPU data of any. */
#ifndef LG_USER_CPUMASK_H
#define LG_USER_CPUMASK_H

#define for_each_possible_cpu(cpu)	for ((cpu) = 0; (cpu) < 0; (cpu)++)

#endif
