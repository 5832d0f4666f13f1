// SPDX-License-Identifier: GPL-2.0-only
/*
 * beat - a SCHED_FIFO heartbeat on every CPU
 *
 * Tasks under a looping BPF scheduler rightly starve until it is ejected; a
 * real-time task must not. Ten times a second each CPU's thread writes the time in
 * ns to the host, through a port of its own so that none waits for another. A CPU
 * that is trapped in the dispatch loop falls silent.
 *
 * Where no port is to be had it writes to /tmp/beats.CPU, for the guest to look at.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "port.h"

enum {
	PERIOD_NS	= 100 * 1000 * 1000,
	PRIORITY	= 50,
};

static void *beat(void *arg)
{
	const struct timespec period = { .tv_nsec = PERIOD_NS };
	struct sched_param sp = { .sched_priority = PRIORITY };
	long cpu = (long)arg;
	cpu_set_t set;
	FILE *file = NULL;
	char line[32];

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) ||
	    sched_setscheduler(0, SCHED_FIFO, &sp)) {
		perror("beat");
		exit(1);
	}
	if (ports_are_closed()) {
		snprintf(line, sizeof(line), "/tmp/beats.%ld", cpu);
		file = fopen(line, "w");
		if (!file)
			exit(1);
	} else {
		port_open(PORT_BEATS + cpu);
	}
	for (;;) {
		/* a CPU that has been off has lost its thread */
		if (sched_getcpu() != cpu)
			sched_setaffinity(0, sizeof(set), &set);
		snprintf(line, sizeof(line), "%llu\n", boottime_ns());
		if (file) {
			fputs(line, file);
			fflush(file);
		} else {
			port_write(PORT_BEATS + cpu, line);
		}
		nanosleep(&period, NULL);
	}
	return NULL;
}

int main(void)
{
	long cpu, cpus = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t thread;

	mlockall(MCL_CURRENT | MCL_FUTURE);
	for (cpu = 1; cpu < cpus; cpu++)
		if (pthread_create(&thread, NULL, beat, (void *)cpu))
			exit(1);
	beat(NULL);
	return 0;
}
