// SPDX-License-Identifier: GPL-2.0-only
/*
 * unit VMLINUX found|refused|unnamed - the pure logic against a real kernel image
 *
 * The BTF reader has libbpf as its oracle. The site finder gets the loop's
 * function from the image, whole and with every single bit of it flipped, and
 * hand-made code of the forms that other compilers emit. Both run under ASan and
 * UBSan, so reading outside of what they are given is a failure too.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/btf.h>

#include "../../module/btf.h"
#include "../../module/arch/arch.h"
#include "../../module/flow.h"
#include "../../module/image.h"
#include "forms.h"
#include "spin.h"
#include "gate.h"

#define SECTION ".BTF"

static int failures;

void claim(int holds, const char *what)
{
	printf("%s unit: %s\n", holds ? "ok" : "not ok", what);
	failures += !holds;
}

static void die(const char *what)
{
	fprintf(stderr, "unit: %s\n", what);
	exit(1);
}

/* ------------------------------------------------------ the kernel image -- */

static Elf *image;

static Elf_Scn *section(const char *name)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;
	size_t names;

	elf_getshdrstrndx(image, &names);
	while ((scn = elf_nextscn(image, scn))) {
		gelf_getshdr(scn, &shdr);
		if (!strcmp(elf_strptr(image, names, shdr.sh_name), name))
			return scn;
	}
	return NULL;
}

static Elf_Data *data_of(Elf_Scn *scn)
{
	Elf_Data *data = scn ? elf_getdata(scn, NULL) : NULL;

	if (!data)
		die("no such section");
	return data;
}

/* The symbol @name, or false. */
static int find_symbol(const char *name, GElf_Sym *sym)
{
	Elf_Scn *scn = section(".symtab");
	Elf_Data *data = data_of(scn);
	GElf_Shdr shdr;
	size_t i;

	gelf_getshdr(scn, &shdr);
	for (i = 0; i < shdr.sh_size / shdr.sh_entsize; i++) {
		gelf_getsym(data, i, sym);
		if (GELF_ST_TYPE(sym->st_info) == STT_FUNC &&
		    !strcmp(elf_strptr(image, shdr.sh_link, sym->st_name), name))
			return 1;
	}
	return 0;
}

/* A copy of a function's text, on the heap for ASan to guard. */
static struct lg_code function(const char *name)
{
	struct lg_code code = {};
	Elf_Data *data;
	GElf_Shdr shdr;
	GElf_Sym sym;
	u8 *text;

	if (!find_symbol(name, &sym))
		die("no such function");
	data = data_of(elf_getscn(image, sym.st_shndx));
	gelf_getshdr(elf_getscn(image, sym.st_shndx), &shdr);
	text = malloc(sym.st_size);
	memcpy(text, (char *)data->d_buf + (sym.st_value - shdr.sh_addr),
	       sym.st_size);
	code.text = text;
	code.len = sym.st_size;
	code.address = sym.st_value;
	return code;
}

/* ------------------------------------------------------------------ BTF -- */

/* Does the reader say of every member of @t what libbpf says? */
static int same_members(const struct lg_btf *ours, const struct btf *btf,
			const struct btf_type *t, int *compared)
{
	const char *name = btf__name_by_offset(btf, t->name_off);
	const struct btf_member *m = btf_members(t);
	struct lg_btf_member found;
	int i, ret;

	for (i = 0; i < btf_vlen(t); i++, m++) {
		const char *member = btf__name_by_offset(btf, m->name_off);
		long long size = btf__resolve_size(btf, m->type);

		if (!*member)
			continue;
		ret = lg_btf_member(ours, name, member, &found);
		/* two structs of one name that disagree are refused */
		if (ret == -ENOTUNIQ)
			continue;
		(*compared)++;
		if (btf_member_bitfield_size(t, i)) {
			if (ret != -EINVAL)
				goto differs;
		} else if (ret || size < 0 || found.size != (u32)size ||
			   found.offset * 8 != btf_member_bit_offset(t, i)) {
			goto differs;
		}
		continue;
differs:
		fprintf(stderr, "unit: %s.%s: ret %d\n", name, member, ret);
		return 0;
	}
	return 1;
}

/* All structs of the scheduler, and one in eight of the others. */
static void compare_members(const struct lg_btf *ours, const struct btf *btf)
{
	int i, structs = 0, compared = 0, same = 1;

	for (i = 1; i < (int)btf__type_cnt(btf) && same; i++) {
		const struct btf_type *t = btf__type_by_id(btf, i);
		const char *name = btf__name_by_offset(btf, t->name_off);

		if (!btf_is_struct(t) || !*name)
			continue;
		if (structs++ % 8 && strncmp(name, "scx_", 4) &&
		    strcmp(name, "rq") && strcmp(name, "sched_ext_ops"))
			continue;
		same = same_members(ours, btf, t, &compared);
	}
	claim(same && compared > 1000,
	      "members of structs lie where libbpf sees them");
}

static void compare_percpu(const struct lg_btf *ours, const struct btf *btf)
{
	int id = btf__find_by_name_kind(btf, ".data..percpu", BTF_KIND_DATASEC);
	const struct btf_type *sec = btf__type_by_id(btf, id);
	const struct btf_var_secinfo *var = btf_var_secinfos(sec);
	int i, same = 1;
	u32 offset;

	for (i = 0; i < btf_vlen(sec); i++, var++) {
		const struct btf_type *t = btf__type_by_id(btf, var->type);
		const char *name = btf__name_by_offset(btf, t->name_off);

		/* a static variable's name may stand twice: the first counts */
		if (btf__find_by_name_kind(btf, name, BTF_KIND_VAR) !=
		    (int)var->type)
			continue;
		if (lg_btf_percpu(ours, name, &offset) || offset != var->offset)
			same = 0;
	}
	claim(same && i > 50, "per-CPU variables lie where libbpf sees them");
	claim(lg_btf_percpu(ours, "no_such_variable", &offset) == -ENOENT,
	      "a per-CPU variable that is not there is not found");
}

static void compare_enumerators(const struct lg_btf *ours, const struct btf *btf)
{
	int i, j, n = 0, same = 1;
	s64 value;

	for (i = 1; i < (int)btf__type_cnt(btf); i++) {
		const struct btf_type *t = btf__type_by_id(btf, i);
		const char *name = btf__name_by_offset(btf, t->name_off);

		if (!btf_is_any_enum(t) || strncmp(name, "scx_", 4))
			continue;
		for (j = 0; j < btf_vlen(t); j++, n++) {
			s64 theirs = btf_is_enum(t) ?
				btf_kflag(t) ? btf_enum(t)[j].val :
					       (s64)(u32)btf_enum(t)[j].val :
				(s64)btf_enum64_value(&btf_enum64(t)[j]);

			name = btf__name_by_offset(btf,
				btf_is_enum(t) ? btf_enum(t)[j].name_off :
						 btf_enum64(t)[j].name_off);
			if (lg_btf_enumerator(ours, name, &value) ||
			    value != theirs)
				same = 0;
		}
	}
	claim(same && n > 20, "enumerators have the value that libbpf sees");
	claim(lg_btf_enumerator(ours, "NO_SUCH_ENUMERATOR", &value) == -ENOENT,
	      "an enumerator that is not there is not found");
}

/* Ask all that target discovery asks; the answers do not matter here. */
static void ask_everything(const void *blob, size_t size)
{
	struct lg_btf_member m;
	struct lg_btf btf;
	s64 value;
	u32 offset;

	if (lg_btf_open(&btf, blob, size))
		return;
	lg_btf_has_struct(&btf, "scx_dsp_ctx");
	lg_btf_member(&btf, "scx_dsp_ctx", "nr_tasks", &m);
	lg_btf_member(&btf, "rq", "scx", &m);
	lg_btf_enumerator(&btf, "SCX_DSP_MAX_LOOPS", &value);
	lg_btf_percpu(&btf, "runqueues", &offset);
}

/* Truncated and damaged blobs: no answer is wrong but a read outside. */
static void damage(const void *blob, size_t size)
{
	unsigned int seed = 1;
	char *copy;
	size_t len;
	int i, j;

	for (len = 0; len < 64; len++) {
		copy = malloc(len ?: 1);
		memcpy(copy, blob, len);
		ask_everything(copy, len);
		free(copy);
	}
	for (i = 0; i < 30; i++) {
		len = i % 3 ? size : (size_t)rand_r(&seed) % size;
		copy = malloc(len);
		memcpy(copy, blob, len);
		for (j = 0; j < 100; j++)
			copy[rand_r(&seed) % (j < 4 ? 24 : len)] = rand_r(&seed);
		/* keep the header's magic, or nothing behind it is read */
		memcpy(copy, blob, 8);
		ask_everything(copy, len);
		free(copy);
	}
	claim(1, "truncated and damaged BTF is read within its bounds");
}

/*
 * A struct that claims two members where the blob ends after the first. The types
 * come last and the blob is on the heap, so ASan guards their end.
 */
static void test_short_record(void)
{
	struct {
		struct btf_header h;
		char strings[8];
		struct btf_type type;
		struct btf_member first;
	} *blob = calloc(1, sizeof(*blob));
	struct lg_btf_member m;
	struct lg_btf btf;

	blob->h.magic = BTF_MAGIC;
	blob->h.version = BTF_VERSION;
	blob->h.hdr_len = sizeof(blob->h);
	blob->h.str_len = sizeof(blob->strings);
	blob->h.type_off = sizeof(blob->strings);
	blob->h.type_len = sizeof(blob->type) + sizeof(blob->first);
	memcpy(blob->strings, "\0s\0m", 5);
	blob->type.name_off = 1;
	blob->type.info = BTF_KIND_STRUCT << 24 | 2;
	claim(!lg_btf_open(&btf, blob, sizeof(*blob)) &&
	      lg_btf_member(&btf, "s", "m", &m) == -EINVAL,
	      "a record that is longer than its section is malformed");
	free(blob);
}

/* A struct behind a record of a kind that only the header tells of, or nobody. */
static void test_unknown_kind(void)
{
	struct {
		struct btf_header h;
		u32 kinds_off, kinds_len;
		char strings[8];
		struct lg_btf_kind kinds[31];
		struct btf_type unknown;
		char trailer[4 + 2 * 12];
		struct btf_type number;
		u32 encoding;
		struct btf_type type;
		struct btf_member first;
	} *blob = calloc(1, sizeof(*blob));
	size_t hdr_len = offsetof(typeof(*blob), strings);
	struct lg_btf_member m = {};
	struct lg_btf btf;

	blob->h.magic = BTF_MAGIC;
	blob->h.version = BTF_VERSION;
	blob->h.hdr_len = hdr_len;
	blob->h.str_len = sizeof(blob->strings);
	blob->h.type_off = offsetof(typeof(*blob), unknown) - hdr_len;
	blob->h.type_len = sizeof(*blob) - offsetof(typeof(*blob), unknown);
	blob->kinds_off = sizeof(blob->strings);
	blob->kinds_len = sizeof(blob->kinds);
	blob->kinds[30] = (struct lg_btf_kind){ 4, 12, 0 };
	memcpy(blob->strings, "\0s\0m", 5);
	blob->unknown.info = 30 << 24 | 2;
	blob->number.info = BTF_KIND_INT << 24;
	blob->number.size = 4;
	blob->type.name_off = 1;
	blob->type.info = BTF_KIND_STRUCT << 24 | 1;
	blob->type.size = 8;
	blob->first.name_off = 3;
	blob->first.type = 2;
	blob->first.offset = 32;
	claim(!lg_btf_open(&btf, blob, sizeof(*blob)) &&
	      !lg_btf_member(&btf, "s", "m", &m) && m.offset == 4 && m.size == 4,
	      "a record of a kind that the header tells of is skipped");
	blob->kinds_len = 30 * sizeof(*blob->kinds);
	claim(!lg_btf_open(&btf, blob, sizeof(*blob)) &&
	      lg_btf_member(&btf, "s", "m", &m) == -EINVAL,
	      "one of a kind that nobody tells of is malformed");
	blob->kinds_len = 1 << 20;
	claim(!lg_btf_open(&btf, blob, sizeof(*blob)) &&
	      lg_btf_member(&btf, "s", "m", &m) == -EINVAL,
	      "kinds that are not all in the blob are none");
	free(blob);
}

static void test_btf(void)
{
	Elf_Data *data = data_of(section(SECTION));
	struct lg_btf_member m;
	struct lg_btf ours;
	struct btf *btf;

	btf = btf__new(data->d_buf, data->d_size);
	if (!btf)
		die("libbpf cannot read the BTF");
	claim(!lg_btf_open(&ours, data->d_buf, data->d_size), "BTF is opened");
	compare_members(&ours, btf);
	compare_percpu(&ours, btf);
	compare_enumerators(&ours, btf);
	claim(lg_btf_member(&ours, "rq", "no_such_member", &m) == -ENOENT,
	      "a member that is not there is not found");
	claim(lg_btf_member(&ours, "no_such_struct", "rq", &m) == -ENOENT,
	      "a struct that is not there is not found");
	claim(lg_btf_has_struct(&ours, "rq") &&
	      !lg_btf_has_struct(&ours, "no_such_struct"),
	      "a struct is told from none");
	damage(data->d_buf, data->d_size);
	btf__free(btf);
}

/* ----------------------------------------------------------------- site -- */

static unsigned long consume;

static bool is_consume(unsigned long target)
{
	return target == consume;
}

static int find_sites(const struct lg_code *code, int offset, struct lg_sites *sites)
{
	struct lg_disps disps = { .disp = { offset }, .nr = 1 };

	return lg_arch_find_sites(code, is_consume, &disps, sites);
}

/* Offset of a member as libbpf sees it, -1 if there is none. */
static int offset_of(const char *strct, const char *member, long long *size)
{
	Elf_Data *data = data_of(section(SECTION));
	struct btf *btf = btf__new(data->d_buf, data->d_size);
	int id = btf__find_by_name_kind(btf, strct, BTF_KIND_STRUCT);
	const struct btf_type *t = btf__type_by_id(btf, id);
	int i, offset = -1;

	for (i = 0; id > 0 && i < btf_vlen(t); i++) {
		const struct btf_member *m = btf_members(t) + i;

		if (strcmp(btf__name_by_offset(btf, m->name_off), member))
			continue;
		offset = btf_member_bit_offset(t, i) / 8;
		*size = btf__resolve_size(btf, m->type);
	}
	btf__free(btf);
	return offset;
}

/* Displacement of nr_tasks from the register that the loop has, -1 if there is none. */
static int nr_tasks_of_kernel(void)
{
	long long size;
	int offset = offset_of("scx_dsp_ctx", "nr_tasks", &size);
	int outer = offset_of("scx_sched_pcpu", "dsp_ctx", &(long long){ 0 });

	if (offset < 0 || size != sizeof(u32))
		return -1;
	return outer < 0 ? offset : outer + offset;
}

/* Functions that may hold the loop, after inlining, and what they call in it. */
static const char * const loops[] = {
	"balance_one", "balance_scx", "do_pick_task_scx", "dispatch_one",
	"scx_bpf_sub_dispatch",
};

static const char * const consumes[] = {
	"consume_dispatch_q", "scx_consume_dispatch_q",
};

static bool set_consume(void)
{
	GElf_Sym sym;
	size_t i;

	for (i = 0; i < sizeof(consumes) / sizeof(*consumes); i++)
		if (find_symbol(consumes[i], &sym)) {
			consume = sym.st_value;
			return true;
		}
	return false;
}

static bool calls_consume(const struct lg_code *code)
{
	u32 calls[8];

	return lg_flow_calls(code, is_consume, calls, 8);
}

/* Some part of what the site is found by is missing or is another one. */
static void test_no_site(const struct lg_code *code, int offset, bool unnamed)
{
	struct lg_sites sites;

	claim(offset < 0 || find_sites(code, offset, &sites),
	      "this kernel has no loop site");
	/* of a field that has only another name the code is the same */
	claim(unnamed || find_sites(code, NR_TASKS, &sites),
	      "nor one where others have it");
}

/* For code that leaves a function: all else is the kernel's, except where a probe would be. */
enum { PROBE = 0x70000000, STACK_CHK_FAIL = 0x3000 };

int lg_image_symbol(unsigned long address, struct lg_symbol *sym)
{
	strcpy(sym->name, address == STACK_CHK_FAIL ? "__stack_chk_fail" : "");
	return address == PROBE ? -ENOENT : 0;
}

static unsigned long flush;

static bool is_flush(unsigned long target)
{
	return target == flush;
}

static bool set_flush(void)
{
	static const char * const names[] = { "flush_dispatch_buf", "scx_flush_dispatch_buf" };
	GElf_Sym sym;
	size_t i;

	for (i = 0; i < 2; i++)
		if (find_symbol(names[i], &sym)) {
			flush = sym.st_value;
			return true;
		}
	return false;
}

/* Is the site on every way through the loop, as the module asks? */
static bool is_whole(const struct lg_code *code, const u32 *sites, int nr_sites)
{
	u8 *map = malloc(code->len);
	u32 starts[4];
	int nr = lg_flow_calls(code, is_flush, starts, 4);
	bool whole = nr > 0 && lg_flow_once_a_round(code, map, starts, nr, sites, nr_sites);

	free(map);
	return whole;
}

/* What the module asks before it hooks the sites. */
static int find_all(const struct lg_code *code, int offset, struct lg_sites *sites)
{
	return find_sites(code, offset, sites) ?:
	       is_whole(code, sites->at, sites->nr) ? 0 : -ENOTUNIQ;
}

/*
 * A jump of which a bit is flipped may lead behind the REX prefix of the very load, which
 * is a load then too, with another register. That is no instruction boundary, so
 * register_kprobe() refuses it.
 */
static bool is_misplaced(const struct lg_code *code, u32 at, const struct lg_sites *sites)
{
	u32 i;

	for (i = 0; i < sites->nr; i++)
		if (at == sites->at[i] ||
		    (at == sites->at[i] + 1 && (code->text[at - 1] & 0xf0) == 0x40))
			return false;
	return true;
}

/* Of a function that may be damaged: is what is found there in the whole one too? */
static int find_damaged(const struct lg_code *code, int offset, const struct lg_sites *sites,
			int *wrong)
{
	struct lg_sites other;
	u32 i;

	if (find_all(code, offset, &other))
		return 1;
	*wrong += other.nr < sites->nr;
	for (i = 0; i < other.nr; i++)
		*wrong += is_misplaced(code, other.at[i], sites);
	return 0;
}

static void test_site(const char *loop, const struct lg_code *code, int offset)
{
	struct lg_sites sites = {}, other;
	int bit, wrong = 0, lost = 0;
	u8 *text = (u8 *)code->text;
	u32 i;

	claim(set_flush() && !find_all(code, offset, &sites),
	      "the loop's sites in this kernel are found, and are on all ways");
	/* for test/checks/unit, which asks objdump */
	for (i = 0; i < sites.nr; i++)
		printf("site %s %#x %#x\n", loop, sites.at[i], offset);

	claim(find_sites(code, offset + 4, &other) == -ESRCH,
	      "with the displacement of another field none is found");
	consume++;
	claim(find_sites(code, offset, &other) == -ESRCH,
	      "without a call of the consume function none is found, but something is left");
	consume--;

	for (bit = 0; bit < (int)code->len * 8; bit++) {
		text[bit / 8] ^= 1 << bit % 8;
		lost += find_damaged(code, offset, &sites, &wrong);
		text[bit / 8] ^= 1 << bit % 8;
	}
	claim(!wrong && lost, "with any one bit flipped all are found or refused, never misplaced");

	wrong = 0;
	for (bit = code->len; bit >= 0; bit--) {
		struct lg_code cut = {
			.text = malloc(bit ?: 1), .len = bit, .address = code->address,
		};

		memcpy((void *)cut.text, code->text, bit);
		find_damaged(&cut, offset, &sites, &wrong);
		free((void *)cut.text);
	}
	claim(!wrong, "cut off anywhere they are found or refused, never misplaced");
}

/* What the module does to find the loop's own calls: their number, or what is wrong. */
static int loop_calls(const struct lg_code *code, u32 *calls, int max)
{
	u32 starts[4];
	u8 *map = malloc(code->len);
	int nr, nr_starts;

	nr_starts = lg_flow_calls(code, is_flush, starts, 4);
	nr = lg_flow_calls(code, is_consume, calls, max);
	if (nr_starts <= 0 || nr <= 0)
		nr = -ESRCH;
	else
		nr = lg_flow_in_rounds(code, map, starts, nr_starts, calls, nr);
	if (nr > 0 && !lg_flow_once_a_round(code, map, starts, nr_starts, calls, nr))
		nr = -ENOTUNIQ;
	free(map);
	return nr;
}

static void test_calls(const char *loop, const struct lg_code *code)
{
	u32 calls[8], other[8];
	int bit, nr, n, wrong = 0, lost = 0, i, j;
	u8 *text = (u8 *)code->text;

	if (!set_flush())
		return;
	nr = loop_calls(code, calls, 8);
	claim(nr > 0, "of the consume calls some are the loop's own");
	/* for test/checks/unit, which asks objdump */
	for (i = 0; i < nr; i++)
		printf("call %s %#x\n", loop, calls[i]);

	for (bit = 0; bit < (int)code->len * 8; bit++) {
		text[bit / 8] ^= 1 << bit % 8;
		n = loop_calls(code, other, 8);
		lost += n < 0;
		for (j = 0, i = 0; i < n && j < nr; i++)
			j += other[i] == calls[j];
		wrong += n > 0 && j < nr;
		text[bit / 8] ^= 1 << bit % 8;
	}
	/* a jump of which a bit is flipped may have the call before the loop be in it as well */
	claim(lost && !wrong, "with any one bit flipped these calls are found or refused");
}

/*
 * Made-up functions at address 0, a letter an instruction: F and C call what flushes and what
 * consumes, S is a site, b may branch, J jumps, R returns, K calls what does not return, V is of
 * BMI, X is not known; ! and P are probes of others.
 */
struct ways {
	const char *what, *code;
	int targets[4];		/* of the branches and jumps, in steps; too many: beyond it */
	int calls;		/* the loop's own, as loop_calls() */
	bool whole;		/* the sites are on every way */
};

static const struct ways ways[] = {
	{ "a loop, with a call before it", "CFCSbR", { 1 }, 1, true },
	{ "the same laid out back to front", "JCbRFCSJ", { 1, 4, 2 }, 1, true },
	{ "two copies of it", "bFCSbRFCSbR", { 6, 1, 6 }, 2, true },
	{ "a way that goes by the call and the site", "FbCSbR", { 4, 0 }, -ENOTUNIQ, false },
	{ "a copy without a site", "bFCSbRFCbR", { 6, 1, 6 }, 2, false },
	{ "two calls and sites in a round", "FCSCSbR", { 0 }, -ENOTUNIQ, false },
	{ "a breakpoint of somebody else's in it", "bFCSbRFC!SbR", { 6, 1, 6 },
	  -EOPNOTSUPP, false },
	{ "a jump of somebody else's in it", "bFCSbRFCPSbR", { 6, 1, 6 }, -EOPNOTSUPP, false },
	{ "a way back behind a call that does not return", "FbCSbRKJ", { 6, 0, 0 }, 1, true },
	{ "an instruction of BMI", "FCVSbR", { 0 }, 1, true },
	{ "a cold part that comes back behind the site", "FbCSbR", { 9, 0 }, 1, true },
	{ "the same to the head", "FbCSbR", { 10, 0 }, -ENOTUNIQ, false },
	{ "an instruction that is not known", "FCSXbR", { 0 }, -EOPNOTSUPP, false },
};

enum { FLUSH = 0x2000, CALLED = 0x1000, COLD = 40 };

static void test_way(const struct ways *w)
{
	static const u8 len[] = { ['F'] = 5, ['C'] = 5, ['S'] = 3, ['b'] = 2, ['J'] = 2, ['R'] = 1,
				  ['K'] = 5, ['X'] = 2, ['!'] = 1, ['P'] = 5, ['V'] = 5 };
	u32 at[17] = {}, sites[8], calls[8];
	int i, n = strlen(w->code), branch = 0, nr_sites = 0, nr, to;
	u32 back = 0;
	char what[128];
	struct lg_code code;
	u8 *text;

	for (i = 0; i < n; i++)
		at[i + 1] = at[i] + len[(u8)w->code[i]];
	code = (struct lg_code){ .text = text = calloc(1, at[n]), .len = at[n] };
	for (i = 0; i < n; i++) {
		u8 *p = text + at[i];
		s32 rel = (w->code[i] == 'F' ? FLUSH : w->code[i] == 'C' ? CALLED :
			   STACK_CHK_FAIL) - (s32)at[i + 1];

		switch (w->code[i]) {
		case 'F': case 'C': case 'K':
			p[0] = 0xe8;
			memcpy(p + 1, &rel, 4);
			break;
		case 'S':
			memcpy(p, (u8[]){ 0x8b, 0x45, 0x0c }, 3);	/* mov 0xc(%rbp),%eax */
			sites[nr_sites++] = at[i];
			break;
		case 'b': case 'J':
			p[0] = w->code[i] == 'b' ? 0x75 : 0xeb;
			to = w->targets[branch++];
			/* 1 or 2 beyond the end: the cold part, and where that comes back to */
			p[1] = (to > n ? at[n] + COLD : at[to]) - at[i + 1];
			if (to > n) {
				back = to == n + 3 ? at[n - 1] : 0;
				code.cold = at[n] + COLD;
				code.cold_len = 16;
				code.back = &back;
				code.nr_back = 1;
			}
			break;
		case '!':
			p[0] = 0xcc;
			break;
		case 'P':
			p[0] = 0xe9;
			memcpy(p + 1, &(s32){ PROBE - (s32)at[i + 1] }, 4);
			break;
		case 'V':
			memcpy(p, (u8[]){ 0xc4, 0xe2, 0xc9, 0xf7, 0xff }, 5);	/* shlx */
			break;
		case 'R':
			p[0] = 0xc3;
			break;
		case 'X':
			memcpy(p, (u8[]){ 0x62, 0xf1 }, 2);		/* of AVX-512 */
			break;
		}
	}
	consume = CALLED;
	flush = FLUSH;
	nr = loop_calls(&code, calls, 8);
	snprintf(what, sizeof(what), "%s: the calls are told", w->what);
	if (nr != w->calls)
		fprintf(stderr, "unit: %s: %d\n", w->what, nr);
	claim(nr == w->calls, what);
	snprintf(what, sizeof(what), "%s: whether its sites are enough", w->what);
	claim(is_whole(&code, sites, nr_sites) == w->whole, what);
	free(text);
}

/*
 * steps: the lengths of all instructions of .text, against the addresses that objdump has
 * printed, on standard input. There objdump gives up in the middle of what it does not know.
 */
static void test_steps(void)
{
	Elf_Scn *scn = section(".text");
	Elf_Data *data = data_of(scn);
	struct lg_step step;
	struct lg_code code;
	GElf_Shdr shdr;
	unsigned long at, next = 0, n = 0, differ = 0;

	gelf_getshdr(scn, &shdr);
	code = (struct lg_code){
		.text = data->d_buf, .len = data->d_size, .address = shdr.sh_addr,
	};
	while (scanf("%lx%*[^\n]", &at) == 1) {
		differ += next && next != at;
		n++;
		next = 0;
		step.len = 0;
		if (at - code.address < code.len)
			lg_arch_step(&code, at - code.address, &step);
		if (step.len)
			next = at + step.len;
		else
			differ++;
	}
	printf("# %lu instructions, %lu differ\n", n, differ);
	claim(n > 100000 && differ < n / 50000, "instructions are as long as objdump sees them");
}

/* Every function of the kernel that has the loop. */
static void test_sites_of_kernel(bool found, bool unnamed)
{
	int offset = nr_tasks_of_kernel(), tested = 0;
	struct lg_code code;
	GElf_Sym sym;
	size_t i;

	set_consume();
	for (i = 0; i < sizeof(loops) / sizeof(*loops); i++) {
		if (!find_symbol(loops[i], &sym))
			continue;
		code = function(loops[i]);
		/* it may have been inlined into its caller, or the other way round */
		if (found && !calls_consume(&code)) {
			free((void *)code.text);
			continue;
		}
		tested++;
		if (found) {
			test_site(loops[i], &code, offset);
			test_calls(loops[i], &code);
		}
		if (!found)
			test_no_site(&code, offset, unnamed);
		free((void *)code.text);
	}
	claim(tested, "the kernel has a function that may hold the loop");
}

static void test_form(const struct form *f)
{
	u8 *text = calloc(1, CALL_LEN + f->len);
	struct lg_code code = { .text = text, .len = CALL_LEN + f->len };
	u32 nr = !!f->sites[0] + !!f->sites[1], i;
	struct lg_sites sites;
	char what[128];
	bool right;
	int ret;

	consume = CONSUME;
	text[0] = 0xe8;					/* call consume */
	memcpy(text + 1, &(u32){ CONSUME - CALL_LEN }, sizeof(u32));
	memcpy(text + CALL_LEN, f->code, f->len);
	ret = find_sites(&code, f->disp ?: NR_TASKS, &sites);
	right = ret == f->result;
	if (!ret && right) {
		right = sites.nr == nr && sites.nr_counts == f->counts &&
			(!f->base || (sites.nr_tasks[0].base == f->base &&
				      sites.nr_tasks[0].index == f->index));
		for (i = 0; i < nr; i++)
			right &= sites.at[i] == f->sites[i];
	}
	snprintf(what, sizeof(what), "%s: %s", f->result ? "refused" : "found",
		 f->what);
	if (!right)
		fprintf(stderr, "unit: %s: %d, %u sites, %u counts\n", f->what, ret, sites.nr,
			sites.nr_counts);
	claim(right, what);
	free(text);
}

static void test_spin_of_kernel(void)
{
	struct lg_code code = function("kick_cpus_irq_workfn");
	long long size;
	int seq = offset_of("scx_rq", "pnt_seq", &size);
	Elf_Data *data = data_of(section(SECTION));
	struct lg_btf btf;
	u32 runqueues;

	/* per-CPU variables begin at 0 where it waits */
	if (lg_btf_open(&btf, data->d_buf, data->d_size) ||
	    lg_btf_percpu(&btf, "runqueues", &runqueues))
		die("no runqueues");
	/* with one CPU there is nobody to wait for */
	if (seq < 0 || offset_of("rq", "cpu", &size) < 0)
		test_no_spin(&code);
	else
		test_spin(&code, offset_of("rq", "scx", &size) + seq, runqueues);
	free((void *)code.text);
}

int main(int argc, char **argv)
{
	size_t i;
	int fd;

	if (argc != 3)
		die("usage: unit VMLINUX found|refused|unnamed|steps");
	elf_version(EV_CURRENT);
	fd = open(argv[1], O_RDONLY);
	image = elf_begin(fd, ELF_C_READ, NULL);
	if (!image)
		die("no ELF file");

	if (!strcmp(argv[2], "steps")) {
		test_steps();
		return !!failures;
	}
	test_btf();
	test_short_record();
	test_unknown_kind();
	test_sites_of_kernel(!strcmp(argv[2], "found"),
			     !strcmp(argv[2], "unnamed"));
	for (i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		test_form(&forms[i]);
	test_spin_forms();
	test_spin_of_kernel();
	for (i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		test_way(&ways[i]);
	test_gates(claim);
	return !!failures;
}
