// SPDX-License-Identifier: GPL-2.0-only
/*
 * scx-loopguard-check - what would scx_loopguard do on that kernel?
 *
 * The module's own sources look at the image, with image.c in place of the module's.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "../../module/plan.h"
#include "../../module/settings.h"
#include "../../module/target.h"
#include "kernel.h"

enum {
	PROTECTED,
	REFUSED,
	UNREADABLE,
};

/* What the module is loaded with, unless it is told otherwise. */
unsigned int lg_limit = LG_LIMIT_DEFAULT;
unsigned int lg_budget_us;
unsigned int lg_eject_ms;
bool lg_enforce = true;

/* ------------------------------------------------------------------ JSON -- */

static bool json;

static void print_string(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if ((unsigned char)*s < ' ')
			printf("\\u%04x", *s);
		else
			putchar(*s);
	}
	putchar('"');
}

static void print_field(const char *name, const char *value)
{
	printf(", \"%s\": ", name);
	print_string(value);
}

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
			print_string(loop->function.name);
			printf(", \"offset\": %u", offsets[j]);
			if (engine == &lg_loopsite)
				printf(", \"bounded\": %s",
				       loop->bounded ? "true" : "false");
			putchar('}');
		}
	}
	putchar(']');
}

/* ----------------------------------------------------------------- check -- */

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
	if (!json) {
		printf("state=%s engine=%s target=%s layout=%s native_limit=%u ",
		       state, engine->name, where, layout, target->native_limit);
		printf("kick_wait=%s restart=%s\n", kick_wait(target), lg_plan_restart(target));
		return;
	}
	print_field("state", state);
	print_field("engine", engine->name);
	print_field("target", where);
	print_field("layout", layout);
	printf(", \"native_limit\": %u", target->native_limit);
	print_field("restart", lg_plan_restart(target));
	for (i = 0; i < LG_NR_ENGINES; i++)
		print_places(lg_engines[i], target);
}

/* The loop cannot be guarded. The module is loaded all the same if the waits can. */
static void print_refusal(const struct lg_target *target)
{
	const char *reason = lg_refusal();
	bool loads = !lg_plan_no_waits(target);

	if (json) {
		print_field("state", loads ? "disabled" : "refused");
		print_field("reason", reason);
	} else if (loads) {
		printf("state=disabled kick_wait=guarded: %s\n", reason);
	} else {
		printf("refused: %s\n", reason);
	}
}

static int look(void)
{
	static struct lg_target target;	/* large */
	int ret;

	memset(&target, 0, sizeof(target));
	ret = lg_target_find(&target);
	if (ret)
		print_refusal(&target);
	else
		print_found(&target);
	if (json && target.waits.function.size) {
		print_field("kick_wait", kick_wait(&target));
		if (lg_plan_no_waits(&target))
			print_field("kick_wait_reason", lg_plan_no_waits(&target));
	}
	return ret ? REFUSED : PROTECTED;
}

static int report(struct lg_kernel *k, const char *name, bool unreadable)
{
	int ret = UNREADABLE;

	if (json) {
		printf("{\"image\": ");
		print_string(name);
		if (unreadable) {
			print_field("error", k->error);
		} else {
			print_field("release", k->release);
			print_field("compiler", k->compiler);
			ret = look();
		}
		putchar('}');
	} else if (!unreadable) {
		printf("%s: %s ", name, k->release);
		ret = look();
	}
	/* in JSON too, as whoever runs it may look at the exit status only */
	if (unreadable)
		fprintf(stderr, "scx-loopguard-check: %s: %s\n", name, k->error);
	return ret;
}

/* @path NULL: the running kernel */
static int check(const char *path)
{
	static struct lg_kernel kernel;	/* large */
	struct lg_kernel *k = &kernel;
	bool unreadable;
	int ret;

	memset(k, 0, sizeof(*k));
	k->fd = -1;
	lg_kernel = k;
	unreadable = path ? lg_kernel_open(k, path) : lg_kernel_running(k);
	if (!*k->release)
		snprintf(k->release, sizeof(k->release), "unknown");
	ret = report(k, path ?: "running kernel", unreadable);
	lg_kernel_close(k);
	return ret;
}

static const char usage[] =
"scx-loopguard-check - what would scx_loopguard do on that kernel?\n"
"\n"
"Usage: scx-loopguard-check [--json] [IMAGE...]\n"
"\n"
"IMAGE is a vmlinuz, however it is compressed, a vmlinux with or without symbols, or a raw\n"
"Image, for x86-64. Without an IMAGE it is the running kernel, as root and while the module is\n"
"not loaded. Nothing is changed. It prints a line for each:\n"
"\n"
"  IMAGE: RELEASE state=STATE engine=ENGINE target=PLACES layout=LAYOUT native_limit=N kick_wait=GUARD restart=WORD\n"
"  IMAGE: RELEASE state=disabled kick_wait=guarded: REASON\n"
"  IMAGE: RELEASE refused: REASON\n"
"\n"
"The words are those that the module has in its parameters, or prints when it refuses to load,\n"
"with default settings. A REASON is why the dispatch loop cannot be guarded. A vmlinuz is\n"
"decompressed by gzip, xz, zstd, lz4, lzop or bzip2.\n"
"\n"
"  --json  print an array of objects instead, with the places of each engine\n"
"  --help  show this help\n"
"\n"
"Exit status:\n"
"  0  the module would protect all of them, or they do so themselves\n"
"  1  it would not protect the dispatch loop of some\n"
"  2  some could not be read, or usage error\n";

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	int ret = PROTECTED, one, option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			json = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs("Try: scx-loopguard-check --help\n", stderr);
			return UNREADABLE;
		}
	}
	if (json)
		putchar('[');
	do {
		one = check(argv[optind]);
		ret = max(ret, one);
		if (json)
			printf(optind + 1 < argc ? ",\n" : "]\n");
		fflush(stdout);
	} while (++optind < argc);
	return ret;
}
