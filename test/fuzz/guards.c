// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzer for module/arch/x86/spin.c and gate.c. The input is struct input and a function's text.
 *
 * What is found has to be what it claims to be, the same wherever the function runs, and the same
 * or nothing where its end is missing.
 */
#include <errno.h>

#include "../../module/arch/arch.h"
#include "../../module/flow.h"
#include "fuzz.h"

enum { RSP = 4 };

struct input {
	s32 disps[2];	/* of the sequence */
	s32 has_op;	/* displacement of the word */
	u32 bit;	/* in it */
};

struct answer {
	int spin_ret, gate_ret;
	struct lg_spin spin;
	struct lg_gate gate;
};

/* The opcode of a 64-bit instruction without other prefixes, decoded in another way than there. */
static u8 opcode(const u8 *text, u32 len, u32 at)
{
	require(at < len && len - at > 2);
	require((text[at] & 0xf8) == 0x48);
	return text[at + 1];
}

static void check_spin(const u8 *text, u32 len, const struct input *in, const struct lg_spin *spin)
{
	u8 op = opcode(text, len, spin->offset);

	require(len - spin->pause > 2);
	require(text[spin->pause] == 0xf3 && text[spin->pause + 1] == 0x90);
	require(op == 0x39 || op == 0x3b);
	require(spin->with_memory == ((text[spin->offset + 2] & 0xc0) != 0xc0));
	require(spin->seq.disp == in->disps[0] || spin->seq.disp == in->disps[1]);
	require(spin->seq.base != RSP && spin->seq.base != spin->loaded.base);
	require(spin->seq.index != spin->loaded.base && spin->loaded.index == X86_NO_REG);
	require(spin->with.base != spin->loaded.base && spin->with.index != spin->loaded.base);
}

static void check_gate(const u8 *text, u32 len, const struct input *in, const struct lg_gate *gate)
{
	u8 op = opcode(text, len, gate->at);

	require(op == 0x8b || op == 0xf7);
	require(in->bit < 7 && gate->clear < len);
}

static struct answer find(const u8 *text, u32 len, const struct input *in, unsigned long address)
{
	/* on the heap for ASan to guard its end */
	struct lg_code code = { .text = copy_of(text, len), .len = len, .address = address };
	struct answer a;

	memset(&a, 0xa5, sizeof(a));
	a.spin_ret = lg_arch_find_spin(&code, in->disps, &a.spin);
	require(!a.spin_ret || a.spin_ret == -ENOENT || a.spin_ret == -ESRCH ||
		a.spin_ret == -ENOTUNIQ);
	if (!a.spin_ret)
		check_spin(code.text, len, in, &a.spin);
	a.gate_ret = lg_arch_find_gate(&code, in->has_op, in->bit, &a.gate);
	require(!a.gate_ret || a.gate_ret == -ESRCH || a.gate_ret == -ENOTUNIQ);
	if (!a.gate_ret)
		check_gate(code.text, len, in, &a.gate);
	free((void *)code.text);
	return a;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct answer whole, moved, part;
	u32 h = hash(data, size);
	struct input in;

	if (!take(&in, sizeof(in), &data, &size))
		return 0;

	whole = find(data, size, &in, 0);
	moved = find(data, size, &in, 0xffffffff81000000);
	require(whole.spin_ret == moved.spin_ret && whole.gate_ret == moved.gate_ret);
	part = find(data, h % (size + 1), &in, 0);
	if (!whole.spin_ret) {
		require(!memcmp(&whole.spin, &moved.spin, sizeof(whole.spin)));
		require(part.spin_ret || !memcmp(&whole.spin, &part.spin, sizeof(whole.spin)));
	}
	if (!whole.gate_ret) {
		require(!memcmp(&whole.gate, &moved.gate, sizeof(whole.gate)));
		require(part.gate_ret || !memcmp(&whole.gate, &part.gate, sizeof(whole.gate)));
	}
	if (!whole.spin_ret || !whole.gate_ret)
		count_answered();
	return 0;
}
