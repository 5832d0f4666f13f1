// SPDX-License-Identifier: GPL-2.0-only
/*
 * Decompress what is in a bzImage, by the program that everybody has for it
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel.h"

enum {
	MAX_UNPACKED	= 1 << 30,
	SIZE_LEN	= 4,		/* at the end: how large it has to become */
};

/* As in the kernel's lib/decompress.c, and zstd. */
static const struct packer {
	const char *magic;
	size_t len;
	char *argv[4];
	bool has_size;		/* of its own, gzip's last bytes */
} packers[] = {
	{ "\x1f\x8b", 2, { "gzip", "-dc" }, true },
	{ "\x28\xb5\x2f\xfd", 4, { "zstd", "-dcq" } },
	{ "\xfd\x37zXZ", 5, { "xz", "-dc" } },
	{ "\x5d\0\0", 3, { "xz", "-dc", "--format=lzma" } },
	{ "\x02\x21\x4c\x18", 4, { "lz4", "-dcq" } },
	{ "\x89LZO", 4, { "lzop", "-dc" } },
	{ "BZh", 3, { "bzip2", "-dc" } },
};

static const struct packer *packer_of(const u8 *data, size_t size)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(packers); i++)
		if (size > packers[i].len && !memcmp(data, packers[i].magic, packers[i].len))
			return &packers[i];
	return NULL;
}

/* A file in memory with that in it, to be read from its start; -1: there can be none. */
static int file_of(const u8 *data, size_t size)
{
	int fd = memfd_create("scx-loopguard-check", MFD_CLOEXEC);
	ssize_t n;

	while (fd >= 0 && size) {
		n = write(fd, data, size);
		if (n <= 0) {
			close(fd);
			return -1;
		}
		data += n;
		size -= n;
	}
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	return fd;
}

/* Its standard input is @in; returns what its standard output can be read from, or -1. */
static int start(const struct packer *packer, int in, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	int out[2], ret;

	if (pipe2(out, O_CLOEXEC))
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	ret = posix_spawnp(pid, packer->argv[0], &actions, NULL, packer->argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(out[1]);
	if (!ret)
		return out[0];
	close(out[0]);
	errno = ret;
	return -1;
}

/* All that comes, up to @size bytes; the number of bytes. */
static size_t drain(int fd, u8 *to, size_t size)
{
	size_t len = 0;
	ssize_t n = 1;

	while (len < size && n > 0) {
		n = read(fd, to + len, size - len);
		len += n > 0 ? n : 0;
	}
	return len;
}

static int run(struct lg_kernel *k, const struct packer *packer, int in, u8 *to, size_t size)
{
	int out, status;
	size_t len;
	pid_t pid;
	u8 more;

	out = start(packer, in, &pid);
	if (out < 0)
		return lg_kernel_fail(k, "it is compressed, and %s cannot be run: %s",
				      packer->argv[0], strerror(errno));
	len = drain(out, to, size);
	len += drain(out, &more, 1);
	close(out);
	if (waitpid(pid, &status, 0) != pid || status || len != size)
		return lg_kernel_fail(k, "damaged: %s does not make %zu bytes of it",
				      packer->argv[0], size);
	return 0;
}

/**
 * lg_unpack - decompress the payload of a bzImage
 * @k: the kernel
 * @data: the payload
 * @size: its size
 * @to: set to what it becomes, to be freed
 * @to_size: set to the size of that
 *
 * Return: 0, or -1 with @k->error.
 */
int lg_unpack(struct lg_kernel *k, const u8 *data, size_t size, u8 **to, size_t *to_size)
{
	const struct packer *packer = packer_of(data, size);
	int in, ret;
	u32 wanted;

	if (!packer)
		return lg_kernel_fail(k, "compressed by what is not known (%02x %02x %02x %02x)",
				      data[0], data[1], data[2], data[3]);
	memcpy(&wanted, data + size - SIZE_LEN, sizeof(wanted));
	if (!wanted || wanted > MAX_UNPACKED)
		return lg_kernel_fail(k, "damaged: it would have %u bytes", wanted);
	in = file_of(data, packer->has_size ? size : size - SIZE_LEN);
	*to = malloc(wanted);
	*to_size = wanted;
	if (in < 0 || !*to)
		ret = lg_kernel_fail(k, "no memory to decompress it");
	else
		ret = run(k, packer, in, *to, wanted);
	if (in >= 0)
		close(in);
	if (ret)
		free(*to);
	return ret;
}
