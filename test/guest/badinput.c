// SPDX-License-Identifier: GPL-2.0-only
/*
 * badinput write SEED TRIES FILE number MIN MAX
 * badinput write SEED TRIES FILE bool
 * badinput write SEED TRIES FILE one       (a file that takes 1 and cannot be read)
 * badinput load SEED TRIES MODULE DIRECTORY
 *   - feed a module's parameters what nobody would write on purpose
 *
 * What the kernel is to make of each try is worked out here, by a parser of its own, from
 * the rules of kstrtouint() and, for whole words, kstrtobool(): the value is taken and read
 * back, or refused and the old one stays. A refused write may be one line in the log, with
 * nothing unprintable in it, and a write that is taken none. A load that is refused leaves no
 * DIRECTORY. The same seed makes the same tries.
 *
 * Prints the counts; exit status 1, and a line for each, if some try went otherwise.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	PAGE		= 4096,		/* what the kernel takes of a write */
	LONGEST		= 2 * PAGE,
	MAX_COMPLAINTS	= 10,
};

struct rule {
	bool (*parse)(const char *s, const struct rule *rule, char *shown);
	unsigned long min, max;
};

static uint64_t state;
static unsigned int complaints;
static int kmsg = -1;

static uint64_t rnd(void)
{
	/* xorshift64*, by its published constants */
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dULL;
}

static unsigned long below(unsigned long n)
{
	return (rnd() >> 16) % n;
}

/* --------------------------------------------------- what is to be taken -- */

static bool parse_number(const char *s, const struct rule *rule, char *shown)
{
	unsigned int base = 10, digit, digits = 0;
	unsigned long long value = 0;

	if (*s == '+')
		s++;
	if (s[0] == '0')
		base = 8;
	if (base == 8 && tolower((unsigned char)s[1]) == 'x' &&
	    isxdigit((unsigned char)s[2])) {
		base = 16;
		s += 2;
	}
	for (; isxdigit((unsigned char)*s); s++, digits++) {
		digit = isdigit((unsigned char)*s) ? *s - '0' :
			tolower((unsigned char)*s) - 'a' + 10;
		if (digit >= base)
			break;
		value = value * base + digit;
		if (value > UINT32_MAX)
			return false;
	}
	if (*s == '\n')
		s++;
	if (*s || !digits || value < rule->min || value > rule->max)
		return false;
	sprintf(shown, "%llu", value);
	return true;
}

static bool parse_bool(const char *s, const struct rule *rule, char *shown)
{
	static const char * const words[] = {
		"Yy", "Yyes", "Yt", "Ytrue", "Y1", "Yon",
		"Nn", "Nno", "Nf", "Nfalse", "N0", "Noff",
	};
	size_t i, len;

	(void)rule;
	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		len = strlen(words[i] + 1);
		sprintf(shown, "%c", words[i][0]);
		if (!strncasecmp(s, words[i] + 1, len) &&
		    (!s[len] || !strcmp(s + len, "\n")))
			return true;
	}
	return false;
}

/* ------------------------------------------------------------ bad input -- */

static size_t random_bytes(char *buf, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		buf[i] = rnd() >> 24;
	return len;
}

static size_t some_number(char *buf, const struct rule *rule)
{
	uint64_t n = rnd() >> below(64);
	size_t i, len;

	switch (below(8)) {
	case 0:
		return sprintf(buf, "%lld", (long long)-n);
	case 1:
		return sprintf(buf, "0x%llx", (unsigned long long)n);
	case 2:
		return sprintf(buf, "0%llo", (unsigned long long)n);
	case 3:
		len = 1 + below(100);
		for (i = 0; i < len; i++)
			buf[i] = '0' + below(10);
		return len;
	case 4:
		return sprintf(buf, "%ld", (long)rule->min - 3 + (long)below(6));
	case 5:
		return sprintf(buf, "%lu", rule->max - 3 + below(6));
	case 6:
		return sprintf(buf, "%lu", rule->min +
			       below(rule->max - rule->min + 1));
	default:
		return sprintf(buf, "%llu", (unsigned long long)n);
	}
}

static size_t some_word(char *buf)
{
	static const char * const words[] = {
		"Y", "n", "1", "0", "on", "oFF", "o", "true", "false", "yes",
		"maybe", "", " ", "+", "-", "0x", "+0x20", "+-5", "0b1", "1e3",
		"%s%n%p", "\n", "\n\n", "5\n6", "5\n\n", " 7", "7 ", "7\t",
		"\xc2\xa0\067", "$(reboot)", "../../../etc", "\x1b[2J", "\\", "'",
		"\"", "4294967297", "18446744073709551648", "-18446744073709551584",
	};
	const char *word = words[below(sizeof(words) / sizeof(*words))];

	strcpy(buf, word);
	return strlen(word);
}

static size_t bad_input(char *buf, const struct rule *rule)
{
	size_t len;

	switch (below(12)) {
	case 0:
		return random_bytes(buf, 1);
	case 1:
		return random_bytes(buf, PAGE);
	case 2:
		return random_bytes(buf, PAGE - 1 + below(PAGE));
	case 3:
		return random_bytes(buf, 1 + below(64));
	case 4:
		return some_word(buf);
	case 5:		/* the kernel's string ends at the NUL */
		len = some_number(buf, rule);
		buf[len++] = '\0';
		return len + random_bytes(buf + len, below(64));
	case 6:
		buf[0] = '\0';
		return 1 + some_number(buf + 1, rule);
	case 7:		/* a number that fills the page, or does not fit */
		len = PAGE - 2 + below(4);
		memset(buf, below(2) ? '0' : ' ', len);
		buf[len - 1] = '1' + below(9);
		return len;
	case 8:
		len = some_number(buf, rule);
		return len + some_word(buf + len);
	case 9:
		len = some_number(buf, rule);
		buf[len] = '\n';
		return len + 1;
	default:
		return some_number(buf, rule);
	}
}

/* -------------------------------------------------------------- the log -- */

static void complain(unsigned long try, const char *what, const char *buf,
		     size_t len)
{
	size_t i;

	if (complaints++ >= MAX_COMPLAINTS)
		return;
	printf("try %lu: %s:", try, what);
	for (i = 0; i < len && i < 24; i++)
		printf(" %02x", (unsigned char)buf[i]);
	printf(" (%zu)\n", len);
}

/*
 * In a record of /dev/kmsg what is not ASCII is \xNN, and so are control characters and
 * the backslash. The letters of Latin-1 are printable to the kernel, so %pE leaves them.
 */
static bool is_clean(const char *text)
{
	unsigned int c;

	for (; *text && *text != '\n'; text++)
		if (sscanf(text, "\\x%2x", &c) == 1 && c != '\\' && c < 0xa0)
			return false;
	return true;
}

/* How many lines the module has printed since the last call; -1: a dirty one. */
static int new_lines(void)
{
	char record[8192], *text;
	ssize_t len;
	int n = 0;
	bool dirty = false;

	for (;;) {
		len = read(kmsg, record, sizeof(record) - 1);
		if (len < 0 && errno == EPIPE) {
			/* lines were lost: that many are too many */
			n += 1000;
			continue;
		}
		if (len < 0)
			break;
		record[len] = '\0';
		text = strchr(record, ';');
		if (!text || strncmp(text + 1, "scx_loopguard", 13))
			continue;
		n++;
		dirty |= !is_clean(text) || strcspn(text, "\n") > 300;
	}
	return dirty ? -1 : n;
}

static void open_log(void)
{
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	if (kmsg < 0 || lseek(kmsg, 0, SEEK_END) < 0) {
		perror("/dev/kmsg");
		exit(2);
	}
}

/* ------------------------------------------------------------- run time -- */

/* The value without its newline; empty if it cannot be read. */
static void read_value(const char *file, char *value, size_t size)
{
	int fd = open(file, O_RDONLY);
	ssize_t len = fd < 0 ? -1 : read(fd, value, size - 1);

	value[len > 0 ? len : 0] = '\0';
	value[strcspn(value, "\n")] = '\0';
	if (fd >= 0)
		close(fd);
}

static int write_all(unsigned long tries, const char *file,
		     const struct rule *rule, bool readable)
{
	static char buf[LONGEST + 1], string[PAGE + 1];
	char old[64] = "", now[64] = "", shown[64];
	unsigned long try, taken = 0, refused = 0, empty = 0;
	size_t len, kept;
	int fd, lines, err;
	ssize_t ret;

	open_log();
	for (try = 0; try < tries; try++) {
		len = bad_input(buf, rule);
		kept = len < PAGE ? len : PAGE;
		memcpy(string, buf, kept);
		string[kept] = '\0';

		if (readable)
			read_value(file, old, sizeof(old));
		fd = open(file, O_WRONLY | (below(2) ? O_TRUNC : 0));
		if (fd < 0) {
			perror(file);
			return 2;
		}
		ret = write(fd, buf, len);
		err = errno;
		close(fd);
		if (readable)
			read_value(file, now, sizeof(now));
		lines = new_lines();

		strcpy(shown, old);
		if (!kept) {
			empty++;
			if (ret)
				complain(try, "an empty write is not one", buf, len);
		} else if (rule->parse(string, rule, shown)) {
			taken++;
			if (ret != (ssize_t)kept)
				complain(try, "good and refused", buf, len);
			if (lines)
				complain(try, "good and in the log", buf, len);
		} else {
			refused++;
			strcpy(shown, old);
			if (ret >= 0)
				complain(try, "bad and taken", buf, len);
			if (ret < 0 && err != EINVAL)
				complain(try, "refused by another error", buf, len);
			if (lines != 1)
				complain(try, lines < 0 ? "a dirty line in the log" :
					 "not one line in the log", buf, len);
		}
		if (readable && strcmp(now, shown))
			complain(try, "read back as something else", buf, len);
	}
	printf("%lu tries: %lu taken, %lu refused, %lu empty, %u wrong\n", tries,
	       taken, refused, empty, complaints);
	return complaints || !taken || !refused;
}

/* ---------------------------------------------------------------- load -- */

static const struct {
	const char *name;
	struct rule rule;
} options[] = {
	{ "limit", { parse_number, 1, 4096 } },
	{ "budget_us", { parse_number, 0, 1000000 } },
	{ "eject_ms", { parse_number, 0, 30000 } },
	{ "enforce", { parse_bool, 0, 1 } },
};

/* Does the kernel take the string for one value? */
static bool is_one_value(const char *s)
{
	return !strpbrk(s, " \t\n\v\f\r\"\xa0");
}

static void out_of_range(unsigned long try, const char *dir, const char *string)
{
	char file[256], value[64], shown[64];
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(*options); i++) {
		snprintf(file, sizeof(file), "%s/parameters/%s", dir,
			 options[i].name);
		read_value(file, value, sizeof(value));
		if (!options[i].rule.parse(value, &options[i].rule, shown))
			complain(try, file, string, strlen(string));
	}
}

static int load_all(unsigned long tries, const char *module, const char *dir)
{
	static char string[LONGEST + 64];
	unsigned long try, loaded = 0, refused = 0, i;
	char file[256], shown[64], value[64];
	const struct rule *rule;
	size_t len;
	int fd, ret;
	char *v;

	for (try = 0; try < tries; try++) {
		i = below(sizeof(options) / sizeof(*options));
		rule = &options[i].rule;
		len = sprintf(string, "%s=", options[i].name);
		v = string + len;
		v[bad_input(v, rule)] = '\0';

		fd = open(module, O_RDONLY | O_CLOEXEC);
		ret = syscall(SYS_finit_module, fd, string, 0);
		close(fd);
		if (ret && !access(dir, F_OK))
			complain(try, "refused and there", string, strlen(string));
		if (is_one_value(v) && !ret != rule->parse(v, rule, shown))
			complain(try, ret ? "good and refused" : "bad and loaded",
				 string, strlen(string));
		if (ret) {
			refused++;
			continue;
		}
		loaded++;
		out_of_range(try, dir, string);
		snprintf(file, sizeof(file), "%s/parameters/%s", dir,
			 options[i].name);
		read_value(file, value, sizeof(value));
		if (is_one_value(v) && strcmp(value, shown))
			complain(try, "shown as something else", string,
				 strlen(string));
		if (syscall(SYS_delete_module, strrchr(dir, '/') + 1, 0))
			complain(try, "cannot be unloaded", string, strlen(string));
		if (!access(dir, F_OK))
			complain(try, "unloaded and there", string, strlen(string));
	}
	printf("%lu tries: %lu loaded, %lu refused, %u wrong\n", tries, loaded,
	       refused, complaints);
	return complaints || !loaded || !refused;
}

int main(int argc, char **argv)
{
	struct rule rule = { parse_number, 1, 1 };
	unsigned long tries;

	if (argc < 6) {
		fprintf(stderr, "usage: badinput write|load SEED TRIES FILE KIND...\n");
		return 2;
	}
	/* neighbouring seeds are to have nothing in common; 0 is none */
	state = (strtoull(argv[2], NULL, 0) + 1) * 0x9e3779b97f4a7c15ULL;
	tries = strtoul(argv[3], NULL, 0);
	if (!strcmp(argv[1], "load"))
		return load_all(tries, argv[4], argv[5]);
	if (!strcmp(argv[5], "number") && argc == 8) {
		rule.min = strtoul(argv[6], NULL, 0);
		rule.max = strtoul(argv[7], NULL, 0);
	} else if (!strcmp(argv[5], "bool")) {
		rule = (struct rule){ parse_bool, 0, 1 };
	}
	return write_all(tries, argv[4], &rule, strcmp(argv[5], "one"));
}
