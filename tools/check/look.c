// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the module would do on the kernel that image.c answers for
 *
 * This is compiled once for each processor, with the module's sources that know its code. Of each
 * such set only LG_LOOK is seen by the others, see ../Makefile.
 */
#include <string.h>

#include "../../module/plan.h"
#include "../../module/settings.h"
#include "../../module/target.h"
#include "kernel.h"

/* Where an engine would put its probes, whether it is the one that is taken or not. */
static void print_places(const struct lg_engine *engine, const struct lg_target *target)
{
	const struct lg_loop *loop;
	const char *comma = "";
	const u32 *offsets;
	u32 i, j, nr;

	printf(", \"%s\": ", engine->name);
	if (lg_plan_can(engine, target)) {
		printf("null");
		return;
	}
	putchar('[');
	for (i = 0; i < target->loops.nr; i++) {
		loop = &target->loops.loop[i];
		nr = engine->places(loop, &offsets);
		for (j = 0; j < nr; j++, comma = ", ") {
			printf("%s{\"function\": ", comma);
			lg_print_string(loop->function.name);
			printf(", \"offset\": %u", offsets[j]);
			if (engine == &lg_loopsite)
				printf(", \"bounded\": %s",
				       loop->bounded ? "true" : "false");
			putchar('}');
		}
	}
	putchar(']');
}

static const struct lg_engine *best_engine(const struct lg_target *target)
{
	int i;

	for (i = 0; i < LG_NR_ENGINES; i++)
		if (!lg_plan_can(lg_engines[i], target))
			return lg_engines[i];
	return NULL;
}

/* Would waits for kicked CPUs be guarded? */
static const char *kick_wait(const struct lg_target *target)
{
	if (!lg_plan_no_waits(target))
		return "guarded";
	return lg_plan_waits_are_native(target) ? "native" : "uncovered";
}

static void print_found(const struct lg_target *target)
{
	const struct lg_engine *engine = best_engine(target);
	const char *state = lg_plan_is_native(target, true) ? "native" : "armed";
	char where[LG_WHERE_LEN], layout[LG_LAYOUT_LEN];
	int i;

	lg_plan_where(engine, target, where, sizeof(where));
	lg_plan_layout(&target->layout, layout, sizeof(layout));
	if (!lg_json) {
		printf("state=%s engine=%s target=%s layout=%s native_limit=%u ",
		       state, engine->name, where, layout, target->native_limit);
		printf("kick_wait=%s restart=%s\n", kick_wait(target), lg_plan_restart(target));
		return;
	}
	lg_print_field("state", state);
	lg_print_field("engine", engine->name);
	lg_print_field("target", where);
	lg_print_field("layout", layout);
	printf(", \"native_limit\": %u", target->native_limit);
	lg_print_field("restart", lg_plan_restart(target));
	for (i = 0; i < LG_NR_ENGINES; i++)
		print_places(lg_engines[i], target);
}

/* The loop cannot be guarded. The module is loaded all the same if the waits can. */
static void print_refusal(const struct lg_target *target)
{
	const char *reason = lg_refusal();
	bool loads = !lg_plan_no_waits(target);

	if (lg_json) {
		lg_print_field("state", loads ? "disabled" : "refused");
		lg_print_field("reason", reason);
	} else if (loads) {
		printf("state=disabled kick_wait=guarded: %s\n", reason);
	} else {
		printf("refused: %s\n", reason);
	}
}

/**
 * LG_LOOK - print what the module would do
 *
 * Return: LG_PROTECTED or LG_REFUSED.
 */
int LG_LOOK(void)
{
	static struct lg_target target;	/* large */
	int ret;

	memset(&target, 0, sizeof(target));
	ret = lg_target_find(&target);
	if (ret)
		print_refusal(&target);
	else
		print_found(&target);
	if (lg_json && target.waits.function.size) {
		lg_print_field("kick_wait", kick_wait(&target));
		if (lg_plan_no_waits(&target))
			lg_print_field("kick_wait_reason", lg_plan_no_waits(&target));
	}
	return ret ? LG_REFUSED : LG_PROTECTED;
}
