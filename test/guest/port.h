/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lines to the host that nothing in the guest's kernel can hold back
 *
 * Each port is a QEMU isa-debugcon: a byte written to it is in the host's file
 * when the instruction has finished. No driver, no interrupt, no printk.
 */
#ifndef GUEST_PORT_H
#define GUEST_PORT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <time.h>

enum {
	PORT_RESULTS	= 0xe9,
	PORT_BEATS	= 0x2100,	/* of CPU 0, the others follow */
};

/* Under lockdown no process gets a port. It is not tried, as the kernel logs that. */
static inline int ports_are_closed(void)
{
	FILE *f = fopen("/proc/cmdline", "r");
	char line[4096] = "";

	if (f) {
		if (!fgets(line, sizeof(line), f))
			line[0] = '\0';
		fclose(f);
	}
	return !!strstr(line, "lockdown=");
}

static inline void port_open(unsigned short port)
{
	if (ioperm(port, 1, 1)) {
		perror("ioperm");
		exit(1);
	}
}

static inline void port_write(unsigned short port, const char *s)
{
	outsb(port, s, strlen(s));
}

static inline unsigned long long boottime_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

#endif
