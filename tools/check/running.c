// SPDX-License-Identifier: GPL-2.0-only
/*
 * The running kernel: its symbols, its memory and its BTF, as it shows them to root
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kernel.h"

#define MODULE	"/sys/module/scx_loopguard"
#define SYMBOLS	"/proc/kallsyms"
#define MEMORY	"/proc/kcore"
#define BTF	"/sys/kernel/btf/vmlinux"

static int cannot(struct lg_kernel *k, const char *file)
{
	return lg_kernel_fail(k, "%s: %s", file, strerror(errno));
}

static void read_version(struct lg_kernel *k)
{
	struct utsname name;
	char line[1024];
	FILE *f;

	k->machine = EM_X86_64;
	if (!uname(&name)) {
		snprintf(k->release, sizeof(k->release), "%s", name.release);
		if (!strcmp(name.machine, "aarch64"))
			k->machine = EM_AARCH64;
	}
	f = fopen("/proc/version", "re");
	if (!f)
		return;
	if (fgets(line, sizeof(line), f))
		lg_kernel_banner(k, (u8 *)line, (u8 *)line + strlen(line));
	fclose(f);
}

/* Its own symbols come first; those of modules have their name behind a tab. */
static int read_symbols(struct lg_kernel *k)
{
	char line[1024], name[512], type;
	u64 address, all = 0;
	u32 order = 0;
	int ret = 0;
	FILE *f = fopen(SYMBOLS, "re");

	if (!f)
		return cannot(k, SYMBOLS);
	while (!ret && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%" SCNx64 " %c %511s", (uint64_t *)&address, &type, name) != 3 ||
		    strchr(line, '['))
			continue;
		all |= address;
		ret = lg_names_add(k, address, name, strlen(name), order++);
	}
	fclose(f);
	if (!ret && !all)
		ret = lg_kernel_fail(k, SYMBOLS " hides addresses: run this as root");
	lg_names_sort(k);
	return ret;
}

static int read_memory_map(struct lg_kernel *k)
{
	Elf64_Ehdr eh;
	Elf64_Phdr ph;
	int i;

	k->fd = open(MEMORY, O_RDONLY | O_CLOEXEC);
	if (k->fd < 0 && errno == ENOENT)
		return lg_kernel_fail(k, "without " MEMORY " (CONFIG_PROC_KCORE) name an image");
	if (k->fd < 0 || pread(k->fd, &eh, sizeof(eh), 0) != sizeof(eh))
		return cannot(k, MEMORY);
	for (i = 0; i < eh.e_phnum && k->nr_pieces < LG_MAX_PIECES; i++) {
		if (pread(k->fd, &ph, sizeof(ph), eh.e_phoff + i * sizeof(ph)) != sizeof(ph))
			return cannot(k, MEMORY);
		/* of the kernel itself */
		if (ph.p_type != PT_LOAD || ph.p_vaddr < lg_kernel_lowest(k))
			continue;
		k->pieces[k->nr_pieces++] = (struct lg_piece){
			.address = ph.p_vaddr,
			.size = ph.p_memsz,
			.in_file = ph.p_offset,
		};
	}
	return 0;
}

static int read_btf(struct lg_kernel *k)
{
	int fd = open(BTF, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t n = 1;

	/* without it there is the module's own word for that */
	if (fd < 0)
		return 0;
	if (!fstat(fd, &st))
		k->btf = malloc(st.st_size);
	while (k->btf && k->btf_size < (size_t)st.st_size && n > 0) {
		n = read(fd, (u8 *)k->btf + k->btf_size, st.st_size - k->btf_size);
		k->btf_size += n > 0 ? n : 0;
	}
	close(fd);
	return k->btf && n > 0 ? 0 : lg_kernel_fail(k, BTF " cannot be read");
}

/**
 * lg_kernel_running - read the running kernel
 * @k: filled in; to be closed in any case
 *
 * Return: 0, or -1 with @k->error.
 */
int lg_kernel_running(struct lg_kernel *k)
{
	read_version(k);
	/* its own probes are in the code that would be looked at */
	if (!access(MODULE, F_OK))
		return lg_kernel_fail(k, "scx_loopguard is loaded: see " MODULE "/parameters");
	return read_symbols(k) ?: read_memory_map(k) ?: read_btf(k);
}
