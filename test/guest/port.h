/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lines to the host that nothing in the guest's kernel can hold back
 *
 * Each port is a QEMU isa-debugcon: a byte written to it is in the host's file
 * when the instruction has finished. No driver, no interrupt, no printk. On arm64 QEMU is asked
 * by an instruction too to write to such a file (semihosting).
 */
#ifndef GUEST_PORT_H
#define GUEST_PORT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef __x86_64__
#include <sys/io.h>
#endif

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

#ifdef __x86_64__
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
#elif defined(__aarch64__)
enum {
	HOST_OPEN	= 1,
	HOST_PRINT	= 4,
	HOST_WRITE	= 5,
	TO_WRITE	= 4,
};

static __thread long host_file;		/* one for each heartbeat */

static inline long host_call(long what, const volatile void *arguments)
{
	register long x0 asm("x0") = what;
	register const volatile void *x1 asm("x1") = arguments;

	asm volatile("hlt #0xf000" : "+r" (x0) : "r" (x1) : "memory");
	return x0;
}

/* QEMU finds only what is in memory already, so all is on the stack. */
static inline void port_open(unsigned short port)
{
	char name[16];
	long arguments[] = { (long)name, TO_WRITE, 0 };

	if (port == PORT_RESULTS)
		return;
	arguments[2] = snprintf(name, sizeof(name), "beats.%d", port - PORT_BEATS);
	host_file = host_call(HOST_OPEN, arguments);
}

static inline void port_write(unsigned short port, const char *s)
{
	char text[4096];
	long arguments[] = { host_file, (long)strcpy(text, s), strlen(s) };

	if (port == PORT_RESULTS)
		host_call(HOST_PRINT, text);
	else
		host_call(HOST_WRITE, arguments);
}
#endif

static inline unsigned long long boottime_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

#endif
