// SPDX-License-Identifier: GPL-2.0-only
/*
 * Read a kernel's image: an ELF file, what is packed into a bzImage or otherwise, or plain memory
 *
 * Nothing in a file is trusted: whatever says where something is may be wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <linux/btf.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel.h"

enum {
	MAX_IMAGE	= 1 << 30,
	MAX_BTF		= 64 * 1024 * 1024,
	MIN_RAW		= 1 << 20,	/* of plain memory; no kernel is smaller */
	MIN_PACKED	= 64,

	/* of the setup header, see Documentation/arch/x86/boot.rst */
	SETUP_SECTS	= 0x1f1,
	SETUP_MAGIC	= 0x202,
	SETUP_VERSION	= 0x206,
	SETUP_PAYLOAD	= 0x248,
	SETUP_LENGTH	= 0x24c,
	SETUP_END	= 0x250,
	SECTOR		= 512,

	/* of arm64's plain memory, see Documentation/arch/arm64/booting.rst */
	ARM64_MAGIC	= 56,

	/* of a program of EFI that unpacks itself, see the kernel's zboot-header.S */
	ZBOOT_MAGIC	= 4,
	ZBOOT_PAYLOAD	= 8,
	ZBOOT_LENGTH	= 12,
	ZBOOT_END	= 64,
	ZBOOT_SIZE_LEN	= 4,

	ZERO_BASED	= 1 << 20,	/* addresses of per-CPU data, in older kernels */
};

/* where they are linked to by default */
#define RAW_BASE_X86	0xffffffff81000000ULL
#define RAW_BASE_ARM64	0xffff800080000000ULL

static const char banner[] = "Linux version ";

/**
 * lg_kernel_fail - say why a kernel cannot be read
 * @k: the kernel
 * @fmt: as of printf
 *
 * Return: -1.
 */
int lg_kernel_fail(struct lg_kernel *k, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(k->error, sizeof(k->error), fmt, args);
	va_end(args);
	return -1;
}

static u32 le32(const u8 *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (u32)p[3] << 24;
}

/* The part of @from up to a character of @ends, cut to what fits and without odd characters. */
static void copy_word(char *to, size_t size, const u8 *from, const u8 *end, const char *ends)
{
	size_t len = 0;

	for (; from < end && *from >= ' ' && *from < 0x7f && !strchr(ends, *from); from++)
		if (len + 1 < size)
			to[len++] = *from;
	to[len] = '\0';
}

/**
 * lg_kernel_banner - find "Linux version RELEASE (BUILDER) (COMPILER, LINKER) VERSION"
 * @k: the kernel whose release and compiler it tells
 * @p: where to look
 * @end: the end of that
 */
void lg_kernel_banner(struct lg_kernel *k, const u8 *p, const u8 *end)
{
	const size_t len = sizeof(banner) - 1;
	const u8 *line_end, *next;

	while ((p = memmem(p, end - p, banner, len))) {
		p += len;
		if (p == end || *p < '0' || *p > '9')
			continue;
		copy_word(k->release, sizeof(k->release), p, end, " ");
		line_end = memchr(p, '\n', end - p) ?: end;
		next = memmem(p, line_end - p, ") (", 3);
		if (next)
			copy_word(k->compiler, sizeof(k->compiler), next + 3, line_end, ",");
		return;
	}
}

static void find_banner(struct lg_kernel *k)
{
	const struct lg_piece *piece;
	u32 i;

	for (i = 0; i < k->nr_pieces && !*k->release; i++) {
		piece = &k->pieces[i];
		lg_kernel_banner(k, piece->data, piece->data + piece->size);
	}
}

static int add_piece(struct lg_kernel *k, u64 address, const u8 *data, u64 size)
{
	if (!size)
		return 0;
	if (k->nr_pieces == LG_MAX_PIECES)
		return lg_kernel_fail(k, "it has more than %d pieces", LG_MAX_PIECES);
	if (address + size < address)
		return lg_kernel_fail(k, "a piece of it is beyond the end of all addresses");
	k->pieces[k->nr_pieces++] = (struct lg_piece){
		.address = address,
		.size = size,
		.data = data,
	};
	return 0;
}

static int keep_btf(struct lg_kernel *k, const u8 *data, u64 size)
{
	if (!size || size > MAX_BTF)
		return 0;
	/* aligned, as the reader wants it */
	k->btf = malloc(size);
	if (!k->btf)
		return lg_kernel_fail(k, "no memory for its BTF");
	memcpy(k->btf, data, size);
	k->btf_size = size;
	return 0;
}

/* Of the BTF that begins at @p, 0: it is none. */
static u64 btf_len(const u8 *p, u64 left)
{
	struct btf_header h;
	u64 len;

	if (left < sizeof(h))
		return 0;
	memcpy(&h, p, sizeof(h));
	if (h.type_off != 0 || h.str_off < h.type_len)
		return 0;
	len = (u64)h.hdr_len + h.str_off + h.str_len;
	return len <= left ? len : 0;
}

/* The largest, should there be some of BPF programs too. */
static int find_btf(struct lg_kernel *k)
{
	static const u8 head[] = { 0x9f, 0xeb, BTF_VERSION, 0 };
	const struct lg_piece *piece;
	const u8 *p, *end, *best = NULL;
	u64 size, best_size = 0;
	u32 i;

	for (i = 0; i < k->nr_pieces; i++) {
		piece = &k->pieces[i];
		p = piece->data;
		end = p + piece->size;
		for (; (p = memmem(p, end - p, head, sizeof(head))); p++) {
			size = btf_len(p, end - p);
			if (size > best_size) {
				best = p;
				best_size = size;
			}
		}
	}
	return keep_btf(k, best, best_size);
}

/* ------------------------------------------------------------------ ELF -- */

static bool is_inside(u64 offset, u64 len, size_t size)
{
	return offset <= size && len <= size - offset;
}

static int read_segments(struct lg_kernel *k, Elf *elf, const u8 *data, size_t size)
{
	size_t i, nr;
	GElf_Phdr ph;

	if (elf_getphdrnum(elf, &nr))
		return lg_kernel_fail(k, "a damaged ELF file: %s", elf_errmsg(-1));
	for (i = 0; i < nr; i++) {
		if (!gelf_getphdr(elf, i, &ph))
			return lg_kernel_fail(k, "a damaged ELF file: %s", elf_errmsg(-1));
		if (ph.p_type != PT_LOAD || ph.p_vaddr < ZERO_BASED)
			continue;
		if (!is_inside(ph.p_offset, ph.p_filesz, size))
			return lg_kernel_fail(k, "truncated: it ends within a segment");
		if (add_piece(k, ph.p_vaddr, data + ph.p_offset, ph.p_filesz))
			return -1;
	}
	return 0;
}

/* Would the kernel have it in kallsyms? See scripts/mksysmap there. */
static bool is_of_use(const GElf_Sym *sym, const char *name)
{
	static const char * const not[] = {
		"$", ".L", "__crc_", "__kstrtab_", "__kstrtabns_", "__kcfi_typeid_",
	};
	size_t i;

	if (!*name || sym->st_shndx == SHN_UNDEF || sym->st_shndx == SHN_ABS ||
	    GELF_ST_TYPE(sym->st_info) > STT_FUNC)
		return false;
	for (i = 0; i < ARRAY_SIZE(not); i++)
		if (!strncmp(name, not[i], strlen(not[i])))
			return false;
	return true;
}

/* The one that the kernel would name an address by: not weak, few underscores, the first. */
static u32 order_of(const GElf_Sym *sym, const char *name, u32 i)
{
	u32 weak = GELF_ST_BIND(sym->st_info) == STB_WEAK;
	u32 underscores = min(strspn(name, "_"), 15);

	return weak << 31 | underscores << 27 | i;
}

static int read_symtab(struct lg_kernel *k, Elf *elf, Elf_Scn *scn, const GElf_Shdr *sh)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	const char *name;
	GElf_Sym sym;
	u32 i;

	for (i = 0; data && i < 1 << 27 && gelf_getsym(data, i, &sym); i++) {
		name = elf_strptr(elf, sh->sh_link, sym.st_name);
		if (name && is_of_use(&sym, name) &&
		    lg_names_add(k, sym.st_value, name, strlen(name), order_of(&sym, name, i)))
			return -1;
	}
	lg_names_sort(k);
	return 0;
}

static int read_sections(struct lg_kernel *k, Elf *elf, const u8 *data, size_t size)
{
	Elf_Scn *scn = NULL;
	const char *name;
	size_t names;
	GElf_Shdr sh;

	if (elf_getshdrstrndx(elf, &names))
		return 0;
	while ((scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &sh))
			continue;
		name = elf_strptr(elf, names, sh.sh_name);
		if (sh.sh_type == SHT_SYMTAB && !k->nr_names &&
		    is_inside(sh.sh_offset, sh.sh_size, size)) {
			if (read_symtab(k, elf, scn, &sh))
				return -1;
		} else if (name && !strcmp(name, ".BTF") && sh.sh_type != SHT_NOBITS && !k->btf) {
			if (!is_inside(sh.sh_offset, sh.sh_size, size))
				return lg_kernel_fail(k, "truncated: it ends within its BTF");
			if (keep_btf(k, data + sh.sh_offset, sh.sh_size))
				return -1;
		}
	}
	return 0;
}

static int load_elf(struct lg_kernel *k, u8 *data, size_t size)
{
	GElf_Ehdr eh;
	int ret = -1;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_memory((char *)data, size);
	if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &eh))
		lg_kernel_fail(k, "a damaged ELF file: %s", elf_errmsg(-1));
	else if ((eh.e_machine != EM_X86_64 && eh.e_machine != EM_AARCH64) ||
		 gelf_getclass(elf) != ELFCLASS64)
		lg_kernel_fail(k, "not for x86-64 or arm64 (ELF machine %u)", eh.e_machine);
	else
		ret = read_segments(k, elf, data, size) ?: read_sections(k, elf, data, size);
	if (!ret)
		k->machine = eh.e_machine;
	elf_end(elf);
	return ret;
}

/* ---------------------------------------------------------------- other -- */

static bool is_bzimage(const u8 *data, size_t size)
{
	return size >= SETUP_END && !memcmp(data + SETUP_MAGIC, "HdrS", 4);
}

/* A program of EFI with a compressed arm64 Image in it */
static bool is_zboot(const u8 *data, size_t size)
{
	return size >= ZBOOT_END && !memcmp(data, "MZ", 2) &&
	       !memcmp(data + ZBOOT_MAGIC, "zimg", 4);
}

static bool is_gzip(const u8 *data, size_t size)
{
	return size >= MIN_PACKED && data[0] == 0x1f && data[1] == 0x8b;
}

static bool is_arm64_memory(const u8 *data, size_t size)
{
	return size >= MIN_RAW && !memcmp(data + ARM64_MAGIC, "ARMd", 4);
}

/* Go on with what the payload of @data becomes. */
static int load_payload(struct lg_kernel *k, const u8 *data, size_t size)
{
	size_t unpacked_size;
	u8 *unpacked;

	if (lg_unpack(k, data, size, &unpacked, &unpacked_size))
		return -1;
	free(k->owned);
	k->owned = unpacked;
	k->owned_size = unpacked_size;
	if (is_bzimage(unpacked, unpacked_size) || is_zboot(unpacked, unpacked_size) ||
	    is_gzip(unpacked, unpacked_size))
		return lg_kernel_fail(k, "a compressed image within a compressed image");
	return lg_kernel_load(k, unpacked, unpacked_size);
}

static int load_bzimage(struct lg_kernel *k, const u8 *data, size_t size)
{
	u32 sects = data[SETUP_SECTS] ?: 4, at = le32(data + SETUP_PAYLOAD);
	u32 len = le32(data + SETUP_LENGTH);
	u64 payload = (u64)(sects + 1) * SECTOR + at;

	if ((data[SETUP_VERSION] | data[SETUP_VERSION + 1] << 8) < 0x208)
		return lg_kernel_fail(k, "a bzImage that does not say where its payload is");
	if (len < 8 || !is_inside(payload, len, size))
		return lg_kernel_fail(k, "truncated: the payload of the bzImage is not all there");
	return load_payload(k, data + payload, len);
}

static int load_zboot(struct lg_kernel *k, const u8 *data, size_t size)
{
	u32 payload = le32(data + ZBOOT_PAYLOAD);
	u64 len = le32(data + ZBOOT_LENGTH);

	/* how large it has to become is behind it, unless it is in it */
	if (is_inside(payload, len, size) && !is_gzip(data + payload, len))
		len += ZBOOT_SIZE_LEN;
	if (len < MIN_PACKED || !is_inside(payload, len, size))
		return lg_kernel_fail(k, "truncated: the EFI image lacks a part of its payload");
	return load_payload(k, data + payload, len);
}

/* Plain memory begins with the kernel's text, wherever that was linked to. */
static void place_raw(struct lg_kernel *k)
{
	const struct lg_name *text = lg_names_find(k, "_text");

	if (text && text->address + k->pieces[0].size > text->address)
		k->pieces[0].address = text->address;
}

/**
 * lg_kernel_load - read an image that is in memory
 * @k: the kernel
 * @data: the image
 * @size: its size
 *
 * Return: 0, or -1 with @k->error.
 */
int lg_kernel_load(struct lg_kernel *k, u8 *data, size_t size)
{
	u64 base = RAW_BASE_X86;

	if (is_bzimage(data, size))
		return load_bzimage(k, data, size);
	if (is_zboot(data, size))
		return load_zboot(k, data, size);
	if (is_gzip(data, size))
		return load_payload(k, data, size);
	k->machine = EM_X86_64;
	if (is_arm64_memory(data, size)) {
		k->machine = EM_AARCH64;
		base = RAW_BASE_ARM64;
	}
	if (size >= SELFMAG && !memcmp(data, ELFMAG, SELFMAG)) {
		if (load_elf(k, data, size))
			return -1;
	} else if (size < MIN_RAW || add_piece(k, base, data, size)) {
		return lg_kernel_fail(k, "not a kernel image");
	}
	find_banner(k);
	if (lg_kallsyms_read(k) < 0)
		return -1;
	if (k->nr_pieces && k->pieces[0].data == data && memcmp(data, ELFMAG, SELFMAG))
		place_raw(k);
	/* an object file that is only linked may do */
	if (!*k->release && !lg_names_find(k, "scx_bpf_kick_cpu"))
		return lg_kernel_fail(k, "not a kernel image");
	if (!k->nr_names)
		return lg_kernel_fail(k, "it has no symbols (CONFIG_KALLSYMS)");
	return k->btf ? 0 : find_btf(k);
}

static int read_file(struct lg_kernel *k, const char *path)
{
	struct stat st;
	ssize_t n = 1;
	size_t len = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st)) {
		if (fd >= 0)
			close(fd);
		return lg_kernel_fail(k, "%s", strerror(errno));
	}
	if (!S_ISREG(st.st_mode) || !st.st_size || st.st_size > MAX_IMAGE) {
		close(fd);
		return lg_kernel_fail(k, "not a kernel image");
	}
	k->owned = malloc(st.st_size);
	while (k->owned && len < (size_t)st.st_size && n > 0) {
		n = read(fd, k->owned + len, st.st_size - len);
		len += n > 0 ? n : 0;
	}
	close(fd);
	if (!k->owned || n < 0)
		return lg_kernel_fail(k, "%s", strerror(errno));
	k->owned_size = len;
	return 0;
}

/**
 * lg_kernel_open - read a kernel's image
 * @k: filled in; to be closed in any case
 * @path: the file
 *
 * Return: 0, or -1 with @k->error.
 */
int lg_kernel_open(struct lg_kernel *k, const char *path)
{
	return read_file(k, path) ?: lg_kernel_load(k, k->owned, k->owned_size);
}

/**
 * lg_kernel_close - it is not looked at any more
 * @k: the kernel
 */
void lg_kernel_close(struct lg_kernel *k)
{
	lg_names_drop(k);
	free(k->btf);
	free(k->owned);
	if (k->fd >= 0)
		close(k->fd);
}
