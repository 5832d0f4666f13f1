// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the module asks BTF for and the loop's unit has not got: per-CPU variables of core.c.
 * Only their places count.
 */
#define PER_CPU __attribute__((section(".data..percpu"), aligned(64)))

PER_CPU char runqueues[4096] = { 1 };
PER_CPU char kernel_cpustat[80] = { 1 };
