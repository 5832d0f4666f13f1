// SPDX-License-Identifier: GPL-2.0-only
/*
 * deaf COMMAND... - run a command with SIGHUP blocked, as daemons do that read their signals
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	sigset_t set;

	if (argc < 2) {
		fprintf(stderr, "usage: deaf COMMAND...\n");
		return 1;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 1;
}
