// SPDX-License-Identifier: GPL-2.0-only
/*
 * unit-arm64 [IMAGE OUTER] - the pure logic for the code of arm64
 *
 * Code of the forms that compilers emit, made-up ways through a function, and of an IMAGE the
 * functions with the loop: whole, with every single bit of them flipped, and cut off. In there
 * the dispatch context is OUTER bytes from something else. It runs under ASan and UBSan, so
 * reading outside of what it is given is a failure too.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../module/arch/arch.h"
#include "../../module/arch/arm64/insn.h"
#include "../../module/flow.h"
#include "../../module/image.h"
#include "../../tools/check/kernel.h"
#include "arm64-forms.h"
#include "arm64.h"

static int failures;

static void claim(int holds, const char *format, const char *what)
{
	printf("%s unit: arm64: ", holds ? "ok" : "not ok");
	printf(format, what);
	putchar('\n');
	failures += !holds;
}

static unsigned long consume, flush;

static bool is_consume(unsigned long target)
{
	return target == consume;
}

static bool is_flush(unsigned long target)
{
	return target == flush;
}

static s32 outer;	/* the context's distance from what a register may have, or 0 */

static int find_sites(const struct lg_code *code, s32 disp, struct lg_sites *sites)
{
	struct lg_disps disps = { .disp = { disp, outer + disp }, .nr = outer ? 2 : 1 };

	return lg_arch_find_sites(code, is_consume, &disps, sites);
}

/* ---------------------------------------------------------------- forms -- */

static void test_form(const struct form *f)
{
	u32 *text = malloc((f->len + 1) * sizeof(*text));	/* for ASan to guard */
	struct lg_code code = {
		.text = (u8 *)text,
		.len = (f->len + 1) * sizeof(*text),
	};
	u32 nr = !!f->sites[0] + !!f->sites[1], i;
	struct lg_sites sites;
	bool right;
	int ret;

	consume = CONSUME;
	text[0] = 0x94000000 | CONSUME / sizeof(*text);		/* bl consume */
	memcpy(text + 1, f->code, f->len * sizeof(*text));
	ret = find_sites(&code, f->disp ?: NR_TASKS, &sites);
	right = ret == f->result;
	if (!ret && right) {
		right = sites.nr == nr && sites.nr_counts == f->counts &&
			sites.nr_tasks[0].base == f->base &&
			sites.nr_tasks[0].disp == (f->disp ?: NR_TASKS);
		for (i = 0; i < nr && right; i++)
			right = sites.at[i] == f->sites[i];
	}
	if (!right)
		fprintf(stderr, "%s: %d, %u sites, the first at %#x, %u counts\n", f->what, ret,
			sites.nr, sites.at[0], sites.nr_counts);
	claim(right, f->result ? "refused: %s" : "found: %s", f->what);
	free(text);
}

/* A load of 32 bits, decoded in another way than there. */
static bool is_load(u32 w, const struct lg_operand *mem)
{
	s32 disp = w >> 10 & 0xfff;

	if ((w & 0xffc00000) == 0xb9400000)
		disp *= 4;
	else if ((w & 0xffe00c00) == 0xb8400000)
		disp = (s32)(w << 11) >> 23;
	else
		return false;
	return disp == mem->disp && mem->base == (w >> 5 & 0x1f) && mem->base != 31;
}

/* What nobody would think of: words of one form in the place of another's, and odd bits. */
static void test_damaged_forms(void)
{
	int i, wrong = 0, found = 0;
	unsigned int seed = 1;
	struct lg_sites sites;
	u32 j, n;

	consume = CONSUME;
	for (i = 0; i < 200000; i++) {
		const struct form *f = &forms[rand_r(&seed) % ARRAY_SIZE(forms)], *g;
		u32 *text = malloc((f->len + 1) * sizeof(*text));
		struct lg_code code = {
			.text = (u8 *)text,
			.len = (f->len + 1) * sizeof(*text),
		};
		s32 disp = f->disp ?: NR_TASKS;

		text[0] = 0x94000000 | CONSUME / sizeof(*text);
		memcpy(text + 1, f->code, f->len * sizeof(*text));
		for (n = rand_r(&seed) % 4; n; n--) {
			g = &forms[rand_r(&seed) % ARRAY_SIZE(forms)];
			j = rand_r(&seed) % f->len;
			if (rand_r(&seed) % 2)
				text[1 + j] = g->code[rand_r(&seed) % g->len];
			else
				text[1 + j] ^= 1u << rand_r(&seed) % 32;
		}
		if (!find_sites(&code, disp, &sites)) {
			found++;
			for (j = 0; j < sites.nr; j++)
				wrong += sites.at[j] % 4 || sites.at[j] >= code.len ||
					 sites.nr_tasks[j].disp != disp ||
					 !is_load(text[sites.at[j] / 4], &sites.nr_tasks[j]);
		}
		free(text);
	}
	claim(!wrong && found > 10000, "%s", "in damaged forms each site is a load of nr_tasks");
}

/* ----------------------------------------------------------------- ways -- */

/*
 * Made-up functions at address 0, a letter an instruction: F and C call what flushes and what
 * consumes, S is a site, b may branch, J jumps, R returns, K calls what does not return, A jumps to
 * an atomic operation's loop elsewhere that comes back behind it, L to one that does not, W warns,
 * X jumps through a table, U is none; ! and P are probes of others.
 */
struct way {
	const char *what, *code;
	int targets[4];		/* of the branches and jumps, in steps; too many: the cold part */
	int calls;		/* the loop's own */
	bool whole;		/* the sites are on every way */
};

static const struct way ways[] = {
	{ "a loop, with a call before it", "CFCSbR", { 1 }, 1, true },
	{ "the same laid out back to front", "JCbRFCSJ", { 1, 4, 2 }, 1, true },
	{ "two copies of it", "bFCSbRFCSbR", { 6, 1, 6 }, 2, true },
	{ "a way that goes by the call and the site", "FbCSbR", { 4, 0 }, -ENOTUNIQ, false },
	{ "two calls and sites in a round", "FCSCSbR", { 0 }, -ENOTUNIQ, false },
	{ "a warning in it", "FCWSbR", { 0 }, 1, true },
	{ "an atomic operation in it", "FCASbR", { 0 }, 1, true },
	{ "one on a way by the site", "FbCSbRAJ", { 6, 0, 0 }, -ENOTUNIQ, false },
	{ "what leads elsewhere, and may come back", "FCLSbR", { 0 }, -EOPNOTSUPP, false },
	{ "a breakpoint of somebody else's in it", "FC!SbR", { 0 }, -EOPNOTSUPP, false },
	{ "a jump of somebody else's in it", "FCPSbR", { 0 }, -EOPNOTSUPP, false },
	{ "a jump through a table in it", "FCXSbR", { 0 }, -EOPNOTSUPP, false },
	{ "what is no instruction", "FCUSbR", { 0 }, -EOPNOTSUPP, false },
	{ "a way back behind a call that does not return", "FbCSbRKJ", { 6, 0, 0 }, 1, true },
	{ "a cold part that comes back to the head", "FbCSbR", { 9, 0 }, -ENOTUNIQ, false },
};

enum {
	FLUSH		= 0x2000,
	STACK_CHK_FAIL	= 0x3000,
	ASIDE		= 0x4000,	/* of the instruction at 0, and so on */
	LOST		= 0x5000,
	PROBE		= 0x6000,
	COLD		= 0x7000,
};

/* With an IMAGE it answers, else all is the kernel's except where a probe would be. */
static bool made_up;

int __wrap_lg_image_symbol(unsigned long address, struct lg_symbol *sym)
{
	if (!made_up)
		return __real_lg_image_symbol(address, sym);
	strcpy(sym->name, address == STACK_CHK_FAIL ? "__stack_chk_fail" : "");
	/* what is elsewhere is in the middle of a function */
	sym->address = address == FLUSH || address == CONSUME || address == STACK_CHK_FAIL ?
		       address : address - 16;
	return address == PROBE ? -ENOENT : 0;
}

/* ldxr; add; stxr; cbnz to the first, and back behind where it came from; or a return */
int __wrap_lg_image_read(void *to, unsigned long from, size_t len)
{
	u32 aside[] = { 0x885f7c20, 0x11000400, 0x88027c20, 0x35ffffa2, 0xd65f03c0 };
	u32 back;

	if (!made_up)
		return __real_lg_image_read(to, from, len);
	if (from != LOST) {
		back = from - ASIDE + 4 - (from + 16);
		aside[4] = 0x14000000 | (back >> 2 & 0x3ffffff);
	}
	memset(to, 0, len);
	memcpy(to, aside, min(len, sizeof(aside)));
	return 0;
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

static u32 distance(u32 at, u32 to)
{
	return (to - at) >> 2;
}

static u32 word_of(char letter, u32 at, u32 to)
{
	switch (letter) {
	case 'F':
		return 0x94000000 | (distance(at, FLUSH) & 0x3ffffff);
	case 'C':
		return 0x94000000 | (distance(at, CONSUME) & 0x3ffffff);
	case 'K':
		return 0x94000000 | (distance(at, STACK_CHK_FAIL) & 0x3ffffff);
	case 'S':
		return 0xb9400e60;				/* ldr w0, [x19, #12] */
	case 'b':
		return 0x54000001 | (distance(at, to) & 0x7ffff) << 5;	/* b.ne */
	case 'J':
		return 0x14000000 | (distance(at, to) & 0x3ffffff);
	case 'A':
		return 0x14000000 | (distance(at, ASIDE + at) & 0x3ffffff);
	case 'L':
		return 0x14000000 | (distance(at, LOST) & 0x3ffffff);
	case 'P':
		return 0x14000000 | (distance(at, PROBE) & 0x3ffffff);
	case 'R':
		return 0xd65f03c0;
	case 'W':
		return 0xd4210000;				/* brk #0x800 */
	case '!':
		return 0xd4200080;				/* brk #4 */
	case 'X':
		return 0xd61f0200;				/* br x16 */
	}
	return 0;
}

static void test_way(const struct way *w)
{
	u32 sites[8], calls[8], back = 0;
	int i, n = strlen(w->code), branch = 0, nr_sites = 0, nr, to = 0;
	u32 *text = malloc(n * sizeof(*text));
	struct lg_code code = { .text = (u8 *)text, .len = n * sizeof(*text) };

	for (i = 0; i < n; i++) {
		if (w->code[i] == 'b' || w->code[i] == 'J')
			to = w->targets[branch++];
		if (to > n) {
			code.cold = COLD;
			code.cold_len = 16;
			code.back = &back;
			code.nr_back = 1;
		}
		text[i] = word_of(w->code[i], 4 * i, to > n ? COLD : 4 * to);
		if (w->code[i] == 'S')
			sites[nr_sites++] = 4 * i;
	}
	consume = CONSUME;
	flush = FLUSH;
	nr = loop_calls(&code, calls, 8);
	if (nr != w->calls)
		fprintf(stderr, "%s: %d\n", w->what, nr);
	claim(nr == w->calls, "%s: the calls are told", w->what);
	claim(is_whole(&code, sites, nr_sites) == w->whole, "%s: whether its sites are enough",
	      w->what);
	free(text);
}

/* -------------------------------------------------------------- entries -- */

static const struct {
	const char *what;
	u32 code[3];
	enum lg_entry who;
	u32 body;		/* bytes behind the entry, 0: none */
} entries[] = {
	{ "never traced", { 0xd503201f, 0xd503201f, 0xd503233f }, LG_ENTRY_FREE, 8 },
	{ "free", { 0xaa1e03e9, 0xd503201f, 0xd503233f }, LG_ENTRY_FREE, 8 },
	{ "free, with a bti", { 0xd503245f, 0xaa1e03e9, 0xd503201f }, LG_ENTRY_FREE, 12 },
	{ "traced", { 0xaa1e03e9, 0x97ffff00, 0xd503233f }, LG_ENTRY_SHARED, 8 },
	{ "traced, with a bti", { 0xd503245f, 0xaa1e03e9, 0x97ffff00 }, LG_ENTRY_SHARED, 12 },
	{ "a jump", { 0x14000100, 0xd503201f, 0xd503233f }, LG_ENTRY_REDIRECTED, 0 },
	{ "a jump behind the bti", { 0xd503245f, 0x14000100, 0xd503201f }, LG_ENTRY_REDIRECTED, 0 },
	{ "a breakpoint", { 0xd4200080, 0xd503201f, 0xd503233f }, LG_ENTRY_SHARED, 0 },
	{ "not traceable", { 0xd503233f, 0xa9be7bfd, 0xd503201f }, LG_ENTRY_SHARED, 0 },
};

static void test_entries(void)
{
	struct lg_piece *piece = &lg_kernel->pieces[0];
	struct lg_symbol sym = { .address = 0x10000, .size = 64 };
	enum lg_entry who;
	unsigned long body;
	size_t i;

	lg_kernel->nr_pieces = 1;
	for (i = 0; i < ARRAY_SIZE(entries); i++) {
		*piece = (struct lg_piece){
			.address = sym.address,
			.size = sizeof(entries[i].code),
			.data = (const u8 *)entries[i].code,
		};
		body = lg_arch_body(&sym, &who);
		claim(who == entries[i].who &&
		      body == (entries[i].body ? sym.address + entries[i].body : 0),
		      "an entry that is %s", entries[i].what);
		claim(lg_arch_is_probed((void *)sym.address, 0xd503201f) ==
		      (entries[i].code[0] == 0xd4200080), "a probe there or not: %s",
		      entries[i].what);
	}
	claim(!lg_arch_is_probed((void *)sym.address, entries[i - 1].code[0]),
	      "%s", "what was there before is no probe");
	lg_kernel->nr_pieces = 0;
}

/* ---------------------------------------------------------------- waits -- */

/* As the module finds it. */
static int find_wait(const struct lg_code *code, s32 disp, struct lg_spin *spin)
{
	u8 *map = malloc(code->len);
	int ret = lg_arch_find_spin(code, (s32 []){ disp, disp }, spin);

	if (!ret && (!spin->once || !lg_flow_only_through(code, map, spin->offset, spin->differs,
							  &spin->pause, 1)))
		ret = -ESRCH;
	free(map);
	return ret;
}

static void test_wait(const struct wait *w)
{
	u32 *text = malloc(w->len * sizeof(*text));		/* for ASan to guard */
	struct lg_code code = { .text = (u8 *)text, .len = w->len * sizeof(*text) };
	struct lg_spin spin = {};
	bool right;
	int ret;

	memcpy(text, w->code, code.len);
	ret = find_wait(&code, w->disp ?: SEQ, &spin) ?: (int)spin.offset;
	right = ret == w->wanted;
	if (ret > 0 && right)
		right = spin.seq.base == w->base &&
			spin.seq.disp == (w->by_disp ? w->disp : 0) &&
			spin.loaded.base == w->loaded && spin.with.base == w->with &&
			!spin.with_memory;
	if (!right)
		fprintf(stderr, "%s: %d, seq x%u+%d, loaded x%u, with x%u\n", w->what, ret,
			spin.seq.base, spin.seq.disp, spin.loaded.base, spin.with.base);
	claim(right, w->wanted < 0 ? "a wait, refused: %s" : "a wait, found: %s", w->what);
	free(text);
}

/* One word of @w is another one, which may be the right one: is it found there, or refused? */
static void damage_wait(const struct wait *w, u32 at, u32 word, int *wrong, int *lost)
{
	u32 *text = malloc(w->len * sizeof(*text));
	struct lg_code code = { .text = (u8 *)text, .len = w->len * sizeof(*text) };
	struct lg_spin spin;

	memcpy(text, w->code, code.len);
	text[at] = word;
	if (find_wait(&code, w->disp ?: SEQ, &spin))
		(*lost)++;
	else
		*wrong += (int)spin.offset != w->wanted;
	free(text);
}

static void test_damaged_wait(const struct wait *w)
{
	int wrong = 0, lost = 0, bit;
	u32 at, len, j;
	size_t i;

	for (at = 0; at < w->len; at++) {
		for (bit = 0; bit < 32; bit++)
			damage_wait(w, at, w->code[at] ^ 1u << bit, &wrong, &lost);
		for (i = 0; i < ARRAY_SIZE(waits); i++)
			for (j = 0; j < waits[i].len; j++)
				damage_wait(w, at, waits[i].code[j], &wrong, &lost);
	}
	claim(!wrong && lost, "a wait with any one word damaged is found there or refused: %s",
	      w->what);
	for (wrong = 0, len = 0; len < w->len; len++) {
		struct wait cut = *w;

		cut.len = len;
		for (at = 0; at < len; at++)
			damage_wait(&cut, at, w->code[at], &wrong, &lost);
	}
	claim(!wrong, "a wait cut off anywhere is found there or refused: %s", w->what);
}

static void test_waits(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(waits); i++) {
		test_wait(&waits[i]);
		if (waits[i].wanted > 0)
			test_damaged_wait(&waits[i]);
	}
}

/* -------------------------------------------------------------- the way out -- */

/* As the module asks, of @len words; -EINVAL: it is no gate. */
static int find_gate(const u32 *words, u32 len)
{
	u32 *text = malloc(len * sizeof(*text));
	struct lg_code code = { .text = (u8 *)text, .len = len * sizeof(*text) };
	u8 *map = malloc(code.len);
	struct lg_gate gate;
	u32 start;
	int ret;

	memcpy(text, words, code.len);
	ret = lg_arch_find_gate(&code, HAS_OP, HAS_OP_BIT, &gate);
	if (!ret && (lg_flow_calls(&code, is_flush, &start, 1) != 1 ||
		     !lg_flow_only_through(&code, map, gate.at, gate.clear, &start, 1)))
		ret = -EINVAL;
	free(map);
	free(text);
	return ret ?: (int)gate.at;
}

static void test_gate(const struct gate *g)
{
	int ret, wrong = 0, lost = 0, bit;
	u32 at, words[8];

	flush = FLUSH;
	ret = find_gate(g->code, g->len);
	if (ret != g->wanted)
		fprintf(stderr, "%s: %d\n", g->what, ret);
	claim(ret == g->wanted, "the way out: %s", g->what);
	if (g->wanted < 0)
		return;
	for (at = 0; at < g->len; at++) {
		for (bit = 0; bit < 32; bit++) {
			memcpy(words, g->code, sizeof(words));
			words[at] ^= 1u << bit;
			ret = find_gate(words, g->len);
			lost += ret < 0;
			wrong += ret >= 0 && ret != g->wanted;
		}
	}
	claim(!wrong && lost, "the way out with any one bit flipped is found there or refused: %s",
	      g->what);
}

/* ---------------------------------------------------------------- images -- */

static const char * const loops[] = {
	"balance_one", "balance_scx", "do_pick_task_scx", "scx_bpf_sub_dispatch",
};

static const char * const consumes[] = { "consume_dispatch_q", "scx_consume_dispatch_q" };
static const char * const flushes[] = { "flush_dispatch_buf", "scx_flush_dispatch_buf" };

static unsigned long first_of(const char * const *names)
{
	return lg_image_data(names[0]) ?: lg_image_data(names[1]);
}

/* What the module asks before it hooks the sites. */
static int find_all(const struct lg_code *code, s32 disp, struct lg_sites *sites)
{
	return find_sites(code, disp, sites) ?:
	       is_whole(code, sites->at, sites->nr) ? 0 : -ENOTUNIQ;
}

/* Of a function that may be damaged: are those found that are in the whole one too? */
static bool is_lost(const struct lg_code *code, s32 disp, const struct lg_sites *sites, int *wrong)
{
	struct lg_sites other;
	u32 i, j, same = 0;

	if (find_all(code, disp, &other))
		return true;
	for (i = 0; i < other.nr; i++)
		for (j = 0; j < sites->nr; j++)
			same += other.at[i] == sites->at[j];
	*wrong += same != sites->nr || other.nr != sites->nr;
	return false;
}

static void test_function(const char *name, const struct lg_code *code, s32 disp)
{
	int bit, wrong = 0, lost = 0;
	struct lg_sites sites, other;
	u8 *text = (u8 *)code->text;
	u32 len;

	claim(!find_all(code, disp, &sites) && sites.nr_counts,
	      "%s: its sites are found, with the bound, and are on all ways", name);
	claim(find_sites(code, disp + 4, &other) == -ESRCH,
	      "%s: with the displacement of another field none is found", name);
	for (bit = 0; bit < (int)code->len * 8; bit++) {
		text[bit / 8] ^= 1 << bit % 8;
		lost += is_lost(code, disp, &sites, &wrong);
		text[bit / 8] ^= 1 << bit % 8;
	}
	claim(!wrong && lost, "%s: with any one bit flipped all are found or refused", name);
	for (wrong = 0, len = 0; len < code->len; len++) {
		struct lg_code cut = *code;

		cut.text = memcpy(malloc(len ?: 1), text, len);
		cut.len = len;
		is_lost(&cut, disp, &sites, &wrong);
		free((void *)cut.text);
	}
	claim(!wrong, "%s: cut off anywhere they are found or refused", name);
}

static void test_image(const char *path)
{
	struct lg_symbol sym;
	struct lg_code code;
	int tested = 0;
	size_t i;

	if (lg_kernel_open(lg_kernel, path)) {
		fprintf(stderr, "%s: %s\n", path, lg_kernel->error);
		exit(1);
	}
	consume = first_of(consumes);
	flush = first_of(flushes);
	for (i = 0; i < ARRAY_SIZE(loops); i++) {
		u32 calls[8];

		if (lg_image_function(loops[i], &sym))
			continue;
		code = (struct lg_code){
			.text = malloc(sym.size), .len = sym.size, .address = sym.address,
		};
		lg_image_read((void *)code.text, sym.address, sym.size);
		if (lg_flow_calls(&code, is_consume, calls, 8) > 0) {
			test_function(loops[i], &code, NR_TASKS);
			claim(loop_calls(&code, calls, 8) > 0,
			      "%s: of the consume calls some are the loop's own", loops[i]);
			tested++;
		}
		free((void *)code.text);
	}
	claim(tested, "%s has a function with the loop", path);
	lg_kernel_close(lg_kernel);
}

int main(int argc, char **argv)
{
	static struct lg_kernel kernel = { .fd = -1 };	/* large */
	size_t i;

	lg_kernel = &kernel;
	made_up = true;
	for (i = 0; i < ARRAY_SIZE(forms); i++)
		test_form(&forms[i]);
	test_damaged_forms();
	for (i = 0; i < ARRAY_SIZE(ways); i++)
		test_way(&ways[i]);
	test_waits();
	for (i = 0; i < ARRAY_SIZE(gates); i++)
		test_gate(&gates[i]);
	made_up = false;
	test_entries();
	if (argc > 2) {
		outer = atoi(argv[2]);
		test_image(argv[1]);
	}
	return !!failures;
}
