// SPDX-License-Identifier: GPL-2.0-only
/* say WORD... - one line of result to the host, after the guest's time in ns. */
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "port.h"

/* The second serial line, which then leads to the same file (cases/kernels/locked.sh). */
static void serial_write(const char *s)
{
	int fd = open("/dev/ttyS1", O_WRONLY | O_NOCTTY);
	struct termios raw;

	if (fd < 0 || tcgetattr(fd, &raw)) {
		perror("say: ttyS1");
		exit(1);
	}
	cfmakeraw(&raw);
	if (tcsetattr(fd, TCSANOW, &raw) ||
	    write(fd, s, strlen(s)) != (ssize_t)strlen(s) || tcdrain(fd)) {
		perror("say: ttyS1");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	char line[4096];
	int i, len;

	len = snprintf(line, sizeof(line), "%llu", boottime_ns());
	for (i = 1; i < argc && len < (int)sizeof(line) - 2; i++)
		len += snprintf(line + len, sizeof(line) - len - 2, " %s",
				argv[i]);
	if (len > (int)sizeof(line) - 3)
		len = sizeof(line) - 3;
	strcpy(line + len, "\n");

	if (ports_are_closed()) {
		serial_write(line);
		return 0;
	}
	port_open(PORT_RESULTS);
	port_write(PORT_RESULTS, line);
	return 0;
}
