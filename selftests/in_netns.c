// SPDX-License-Identifier: GPL-2.0
/*
 * in_netns NAME PROGRAM [ARGUMENTS...]: runs a program in a network namespace that
 * "ip netns add" has made.
 *
 * "ip netns exec" does that, too, and gives the program a mount namespace where /sys
 * shows the namespace's devices, which takes longer than most programs.
 */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* As a shell says it of a program that it does not find, or can not run. */
enum { CANNOT_RUN = 126, NOT_FOUND = 127 };

static int enter(const char *name)
{
	char path[256];
	int length = snprintf(path, sizeof(path), "/run/netns/%s", name);
	int fd;

	if (length < 0 || (size_t)length >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -1 : setns(fd, CLONE_NEWNET);
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: in_netns NAME PROGRAM [ARGUMENTS...]\n");
		return CANNOT_RUN;
	}
	if (enter(argv[1])) {
		fprintf(stderr, "in_netns: %s: %s\n", argv[1], strerror(errno));
		return CANNOT_RUN;
	}
	execvp(argv[2], argv + 2);
	fprintf(stderr, "in_netns: %s: %s\n", argv[2], strerror(errno));
	return errno == ENOENT ? NOT_FOUND : CANNOT_RUN;
}
