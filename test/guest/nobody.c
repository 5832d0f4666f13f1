// SPDX-License-Identifier: GPL-2.0-only
/* nobody COMMAND... - run a command as a user who may nothing */
#define _GNU_SOURCE
#include <grp.h>
#include <stdio.h>
#include <unistd.h>

enum {
	NOBODY = 65534,
};

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: nobody COMMAND...\n");
		return 2;
	}
	/* the capabilities go with the user */
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY)) {
		perror("nobody");
		return 2;
	}
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 2;
}
