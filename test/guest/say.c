// SPDX-License-Identifier: GPL-2.0-only
/* say WORD... - one line of result to the host, after the guest's time in ns. */
#include "port.h"

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

	port_open(PORT_RESULTS);
	port_write(PORT_RESULTS, line);
	return 0;
}
