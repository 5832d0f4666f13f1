// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzer for what scx-loopguard-check reads of a kernel's image: tools/check/{open,kallsyms}.c.
 *
 * An image with a kallsyms of a few hundred symbols is made here, as the kernel's
 * scripts/kallsyms.c would. The input says in which of its forms, and then where the image is
 * damaged or cut off. An undamaged image has to be read as it was made.
 */
#include <elf.h>
#include <errno.h>

#include "../../module/btf.h"
#include "../../module/image.h"
#include "../../tools/check/kernel.h"
#include "fuzz.h"

enum {
	MAX_IMAGE	= 65536,
	BASE_AT		= 0x1000,	/* of the first symbol that is not per CPU */
	STEP		= 16,		/* from one symbol to the next */
	SETUP_LEN	= 1024,
	ZBOOT_LEN	= 64,
	PERCPU		= 3,		/* symbols, where they are told from others */
	MAX_SYMBOLS	= 711,
	ASKED		= 16,		/* of an image's symbols, about */
};

#define BASE 0xffffffff81000000ULL

struct input {
	u8 way;		/* in which offsets are given; 4: aligned to 8 bytes */
	u8 form;	/* ELF, as it is, in a bzImage, in a program of EFI */
	u16 nr;		/* of symbols */
	u16 cut;	/* bytes off the end */
	u16 lead;	/* bytes before it all */
};

struct damage {
	u16 at;
	u8 what;
};

struct made {
	u8 data[MAX_IMAGE];
	u32 len;
	u32 align;
};

static void put(struct made *m, const void *data, u32 len)
{
	require(m->len + len <= MAX_IMAGE);
	memcpy(m->data + m->len, data, len);
	m->len += len;
}

static void put_u32(struct made *m, u32 v)
{
	put(m, &v, sizeof(v));
}

static void pad(struct made *m)
{
	static const u8 zero;

	while (m->len % m->align)
		put(m, &zero, 1);
}

static u64 address_of(const struct input *in, u32 i)
{
	if (in->way % 3 == 0 && i < PERCPU)
		return i * STEP;
	return BASE + BASE_AT + i * STEP;
}

/* "scx_bpf_kick_cpu", and then "tsN" by letters, of one token each. Made once, for speed. */
static void put_name(struct made *m, u32 i)
{
	static char names[MAX_SYMBOLS][32];
	char *name = names[i];

	if (i == PERCPU && !*name)
		*name = snprintf(name + 1, sizeof(names[i]) - 1, "Tscx_bpf_kick_cpu");
	else if (!*name)
		*name = snprintf(name + 1, sizeof(names[i]) - 1, "ts%u", i);
	put(m, name, 1 + *name);
}

static void put_names(struct made *m, u32 nr)
{
	u32 markers[16], begin, i;

	put_u32(m, nr);
	pad(m);
	begin = m->len;
	for (i = 0; i < nr; i++) {
		if (!(i % 256))
			markers[i / 256] = m->len - begin;
		put_name(m, i);
	}
	pad(m);
	put(m, markers, (nr + 255) / 256 * sizeof(u32));
	pad(m);
}

/* Each byte stands for itself. */
static void put_tokens(struct made *m)
{
	static char tokens[256 * 3];
	static u16 index[256];
	static u32 len;
	int i;

	for (i = 0; i < 256 && index[255] == 0; i++) {
		index[i] = len;
		len += 1 + sprintf(tokens + len, i > ' ' && i < 127 ? "%c" : "%02x", i);
	}
	put(m, tokens, len);
	pad(m);
	put(m, index, sizeof(index));
	pad(m);
}

static void put_offsets(struct made *m, const struct input *in, u32 nr)
{
	u64 base = BASE + BASE_AT, address;
	u32 i;

	for (i = 0; i < nr; i++) {
		address = address_of(in, i);
		switch (in->way % 3) {
		case 0:
			put_u32(m, address < BASE ? address : base - 1 - address);
			break;
		case 1:
			put_u32(m, address - base);
			break;
		default:
			put_u32(m, address - (BASE + m->len));
		}
	}
	pad(m);
	if (in->way % 3 < 2)
		put(m, &base, sizeof(base));
}

static void put_elf_header(struct made *m)
{
	Elf64_Ehdr eh = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
		.e_phoff = sizeof(eh), .e_ehsize = sizeof(eh),
		.e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 1,
		.e_shentsize = sizeof(Elf64_Shdr),
	};
	Elf64_Phdr ph = { .p_type = PT_LOAD, .p_vaddr = BASE };

	put(m, &eh, sizeof(eh));
	put(m, &ph, sizeof(ph));
}

static void make(struct made *m, const struct input *in, u32 nr)
{
	static const char text[] = "Linux version 6.12.1 (who@where) (gcc 12, ld) #1\n";
	static const u8 btf[] = {
		0x9f, 0xeb, 1, 0, 24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0,
	};
	Elf64_Phdr *ph = (void *)(m->data + sizeof(Elf64_Ehdr));
	u32 len;

	m->len = 0;
	m->align = in->way & 4 ? 8 : 4;
	put_elf_header(m);
	put(m, text, sizeof(text));
	while (m->len < 128 + in->lead % 64)
		put(m, "", 1);
	pad(m);
	put_names(m, nr);
	put_tokens(m);
	put_offsets(m, in, nr);
	pad(m);
	put(m, btf, sizeof(btf));
	/* the symbols are somewhere */
	len = BASE_AT + (nr + 1) * STEP;
	if (m->len < len) {
		memset(m->data + m->len, 0, len - m->len);
		m->len = len;
	}
	ph->p_filesz = m->len;
}

/* Stands for all programs: they see to their own input. */
int lg_unpack(struct lg_kernel *k, const u8 *data, size_t size, u8 **to, size_t *to_size)
{
	(void)k;
	*to = copy_of(data, size);
	*to_size = size;
	return 0;
}

static void put_setup(u8 *to, u32 len)
{
	memset(to, 0, SETUP_LEN);
	to[0x1f1] = 1;
	memcpy(to + 0x202, "HdrS\x0f\x02", 6);
	memcpy(to + 0x24c, &len, sizeof(len));
}

static void put_zboot(u8 *to, u32 len)
{
	static const u32 at = ZBOOT_LEN;

	memset(to, 0, ZBOOT_LEN);
	memcpy(to, "MZ\0\0zimg", 8);
	memcpy(to + 8, &at, sizeof(at));
	memcpy(to + 12, &len, sizeof(len));
}

/* What is before the image in a file of that form, and behind it. */
static u32 head_of(u32 form)
{
	return form == 2 ? SETUP_LEN : form == 3 ? ZBOOT_LEN : 0;
}

static u32 tail_of(u32 form)
{
	return form == 3 ? 4 : 0;
}

/* Is every symbol where it was put? */
static void check_symbols(const struct lg_kernel *k, const struct input *in, u32 nr)
{
	const struct lg_name *name;
	char wanted[32];
	u32 i;

	require(k->nr_names == nr);
	for (i = 0; i < nr; i += 7) {
		snprintf(wanted, sizeof(wanted), "s%u", i);
		name = lg_names_find(k, wanted);
		require(i == PERCPU || (name && name->address == address_of(in, i)));
	}
	require(!strcmp(k->release, "6.12.1"));
	require(!strcmp(k->compiler, "gcc 12"));
	require(k->btf);
}

/* Whatever was read can be asked for. */
static void ask(struct lg_kernel *k)
{
	struct lg_symbol sym;
	struct lg_blob blob;
	struct lg_btf btf;
	u8 bytes[64];
	u32 i;

	lg_kernel = k;
	for (i = 0; i < k->nr_names; i += 1 + k->nr_names / ASKED) {
		u64 address = k->names[i].address;

		if (!lg_image_symbol(address + i % STEP, &sym))
			require(sym.address <= address + i % STEP);
		lg_image_read(bytes, address, i % sizeof(bytes));
		lg_image_function(k->pool + k->names[i].name, &sym);
	}
	if (!lg_image_btf(&blob) && !lg_btf_open(&btf, blob.data, blob.size))
		lg_btf_has_struct(&btf, "scx_dsp_ctx");
	lg_image_btf_put(&blob);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct made m;
	static struct lg_kernel k;
	struct input in;
	struct damage d;
	bool damaged = false;
	u32 nr, len, form;
	u8 *image;

	if (!take(&in, sizeof(in), &data, &size))
		return 0;
	nr = PERCPU + 8 + in.nr % (MAX_SYMBOLS - PERCPU - 8);
	make(&m, &in, nr);
	while (take(&d, sizeof(d), &data, &size)) {
		damaged |= m.data[d.at % m.len] != d.what;
		m.data[d.at % m.len] = d.what;
	}
	/* small cuts are the ones that matter most */
	len = m.len - in.cut % m.len;
	form = in.form % 4;
	size = head_of(form) + len + tail_of(form);
	image = calloc(1, size);
	if (form == 2)
		put_setup(image, len);
	else if (form == 3)
		put_zboot(image, len);
	memcpy(image + head_of(form), m.data, len);

	memset(&k, 0, sizeof(k));
	k.fd = -1;
	k.owned = image;
	k.owned_size = size;
	if (form == 1) {
		/* as memory alone */
		k.pieces[k.nr_pieces++] = (struct lg_piece){ BASE, len, image, 0 };
		if (lg_kallsyms_read(&k) > 0) {
			count_answered();
			ask(&k);
		}
	} else if (!lg_kernel_load(&k, image, k.owned_size)) {
		count_answered();
		if (!damaged && len == m.len)
			check_symbols(&k, &in, nr);
		ask(&k);
	} else {
		require(damaged || len != m.len);
		require(*k.error);
	}
	lg_kernel_close(&k);
	return 0;
}
