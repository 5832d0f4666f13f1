// SPDX-License-Identifier: GPL-2.0-only
/*
 * What to do about what was found: by which engine, at which places, whether the kernel's
 * own bound is enough, and whether there are waits to be guarded
 */
#include <linux/errno.h>
#include <linux/kernel.h>

#include "plan.h"
#include "settings.h"
#include "target.h"

static int site_error(const struct lg_loops *loops)
{
	return loops->site_error;
}

static u32 site_places(const struct lg_loop *loop, const u32 **offsets)
{
	*offsets = loop->sites.at;
	return loop->sites.nr;
}

const struct lg_engine lg_loopsite = {
	.name = "loopsite",
	.error = site_error,
	.places = site_places,
};

static int calls_error(const struct lg_loops *loops)
{
	return loops->calls_error;
}

static u32 call_places(const struct lg_loop *loop, const u32 **offsets)
{
	*offsets = loop->calls;
	return loop->nr_calls;
}

const struct lg_engine lg_callsite = {
	.name = "callsite",
	.error = calls_error,
	.places = call_places,
};

const struct lg_engine * const lg_engines[LG_NR_ENGINES] = {
	&lg_loopsite, &lg_callsite,
};

/**
 * lg_plan_can - has the kernel what an engine needs
 * @engine: the engine
 * @target: what was found
 *
 * Context: any.
 * Return: 0 or -errno.
 */
int lg_plan_can(const struct lg_engine *engine, const struct lg_target *target)
{
	return engine->error(&target->loops);
}

/**
 * lg_plan_where - what an engine probes
 * @engine: the engine
 * @target: what was found
 * @buf: set to symbol+offset of each place, with commas
 * @size: its size
 *
 * Context: any.
 * Return: the length of that.
 */
int lg_plan_where(const struct lg_engine *engine, const struct lg_target *target,
		  char *buf, size_t size)
{
	const struct lg_loop *loop;
	const u32 *offsets;
	u32 i, j, nr;
	int len = 0;

	for (i = 0; i < target->loops.nr; i++) {
		loop = &target->loops.loop[i];
		nr = engine->places(loop, &offsets);
		for (j = 0; j < nr; j++)
			len += scnprintf(buf + len, size - len, "%s%s+%#x", len ? "," : "",
					 loop->function.name, offsets[j]);
	}
	return len;
}

/**
 * lg_plan_layout - where the dispatch context is, in a word
 * @layout: the layout
 * @buf: set to that
 * @size: its size
 *
 * Context: any.
 * Return: the length of that.
 */
int lg_plan_layout(const struct lg_layout *layout, char *buf, size_t size)
{
	static const char * const names[] = {
		[LG_CONTEXT_VARIABLE]	= "variable",
		[LG_CONTEXT_POINTER]	= "pointer",
		[LG_CONTEXT_OF_SCHED]	= "sched",
	};

	return scnprintf(buf, size, "%s+%u", names[layout->context.kind],
			 layout->outer_offset + layout->nr_tasks_offset);
}

/**
 * lg_plan_restart - what is there to be done about picks that begin anew for ever
 * @target: what was found
 *
 * Context: any.
 * Return: "impossible": there is no core scheduling, so they do not. "native": the kernel does not
 * pick anew. "guarded": they can be ended. "uncovered": they cannot.
 */
const char *lg_plan_restart(const struct lg_target *target)
{
	const struct lg_repick *r = &target->layout.repick;

	if (!r->core)
		return "impossible";
	if (!r->anew)
		return "native";
	return r->known && target->loops.nr && !target->loops.loop[0].gate_error ?
	       "guarded" : "uncovered";
}

/**
 * lg_plan_is_native - does the kernel's own bound do all that is asked for
 * @target: what was found
 * @hooked: is the hook there, which sees what the bound does
 *
 * Context: any.
 * Return: true if so, with the settings in force.
 */
bool lg_plan_is_native(const struct lg_target *target, bool hooked)
{
	if (!target->native_limit)
		return false;
	return !READ_ONCE(lg_enforce) ||
	       (READ_ONCE(lg_limit) >= target->native_limit && !READ_ONCE(lg_budget_us) &&
		(hooked || !READ_ONCE(lg_eject_ms)));
}

/**
 * lg_plan_waits_are_native - does the kernel wait for kicked CPUs with IRQs on
 * @target: what was found
 *
 * Context: any.
 * Return: true if so, or if it has one CPU only, so that there is nobody to wait for.
 */
bool lg_plan_waits_are_native(const struct lg_target *target)
{
	const struct lg_layout *layout = &target->layout;

	return target->waits.error == -ENOENT && (layout->kick.deferred || !layout->cpu_offset);
}

/**
 * lg_plan_no_waits - why waits for kicked CPUs are not guarded
 * @target: what was found
 *
 * Context: any.
 * Return: the reason, NULL if they can be.
 */
const char *lg_plan_no_waits(const struct lg_target *target)
{
	switch (target->waits.error) {
	case 0:
		return NULL;
	case -ENODATA:
		return "the kernel has no " LG_WAIT_FUNCTION "()";
	case -ENOENT:
		return lg_plan_waits_are_native(target) ? "the kernel waits with IRQs on" :
		       "nothing in " LG_WAIT_FUNCTION "() waits";
	case -ENOMEM:
		return "no memory to look at " LG_WAIT_FUNCTION "()";
	default:
		return "the loop in " LG_WAIT_FUNCTION "() is none that is known";
	}
}
