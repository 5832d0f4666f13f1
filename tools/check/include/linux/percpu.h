/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LG_USER_PERCPU_H
#define LG_USER_PERCPU_H

#define per_cpu_ptr(p, cpu)	((void)(cpu), (p))

#endif
