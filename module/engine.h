/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An engine: one way to be called in each iteration that found no task
 *
 * Only one is armed at a time. All functions are called in task context and may
 * sleep, except where it says otherwise.
 */
#ifndef LG_ENGINE_H
#define LG_ENGINE_H

#include <linux/types.h>

struct lg_target;

/**
 * struct lg_engine - what an engine can do
 * @name: as in the parameter engine
 * @entry: it hooks the entry of a function, which kprobes leaves to ftrace
 * @find: -errno if the target does not have what this engine needs, silently
 * @arm: put the hook in; on failure nothing is left behind
 * @disarm: take it out, and wait until no CPU is in it
 * @in_place: is the hook in the kernel's text? Any context
 * @nmissed: how often the kernel missed to call it. Any context
 * @where: write what is probed, symbol+offset
 */
struct lg_engine {
	const char *name;
	bool entry;
	int (*find)(const struct lg_target *target);
	int (*arm)(const struct lg_target *target);
	void (*disarm)(void);
	bool (*in_place)(void);
	unsigned long (*nmissed)(void);
	int (*where)(const struct lg_target *target, char *buf, size_t size);
};

extern const struct lg_engine lg_loopsite;
extern const struct lg_engine lg_kretprobe;

#endif
