// SPDX-License-Identifier: GPL-2.0-only
/*
 * scx-loopguard-check - what would scx_loopguard do on that kernel?
 *
 * The module's own sources look at the image, with image.c in place of the module's.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "../../module/settings.h"
#include "kernel.h"

/* What the module is loaded with, unless it is told otherwise. */
unsigned int lg_limit = LG_LIMIT_DEFAULT;
unsigned int lg_budget_us;
unsigned int lg_eject_ms;
bool lg_enforce = true;

/* ------------------------------------------------------------------ JSON -- */

bool lg_json;

/**
 * lg_print_string - print a string of JSON
 * @s: the string
 */
void lg_print_string(const char *s)
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

/**
 * lg_print_field - print a field of an object that is not its first
 * @name: its name
 * @value: the string that it has
 */
void lg_print_field(const char *name, const char *value)
{
	printf(", \"%s\": ", name);
	lg_print_string(value);
}

/* ----------------------------------------------------------------- check -- */

static int look(const struct lg_kernel *k)
{
	return k->machine == EM_AARCH64 ? lg_look_arm64() : lg_look_x86();
}

static int report(struct lg_kernel *k, const char *name, bool unreadable)
{
	int ret = LG_UNREADABLE;

	if (lg_json) {
		printf("{\"image\": ");
		lg_print_string(name);
		if (unreadable) {
			lg_print_field("error", k->error);
		} else {
			lg_print_field("release", k->release);
			lg_print_field("compiler", k->compiler);
			ret = look(k);
		}
		putchar('}');
	} else if (!unreadable) {
		printf("%s: %s ", name, k->release);
		ret = look(k);
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
"Image, for x86-64 or arm64. Without an IMAGE it is the running kernel, as root and while the module is\n"
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
	int ret = LG_PROTECTED, one, option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			lg_json = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs("Try: scx-loopguard-check --help\n", stderr);
			return LG_UNREADABLE;
		}
	}
	if (lg_json)
		putchar('[');
	do {
		one = check(argv[optind]);
		ret = max(ret, one);
		if (lg_json)
			printf(optind + 1 < argc ? ",\n" : "]\n");
		fflush(stdout);
	} while (++optind < argc);
	return ret;
}
