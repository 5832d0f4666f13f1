// SPDX-License-Identifier: GPL-2.0-only
/*
 * Engine loopsite: a kprobe on the dispatch loop's own load of nr_tasks
 *
 * The load is reached only by an iteration that found no task, so a busy CPU
 * never executes the probe. Its operand is the dispatch context, in whatever
 * register the compiler keeps it, so no symbol is needed to get at it. Load and
 * test are at least five bytes with no jump into them, so kprobes replaces the
 * breakpoint by a jump where it can (CONFIG_OPTPROBES).
 */
#include <linux/kprobes.h>
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/stddef.h>
#include <linux/uaccess.h>

#include "engine.h"
#include "guard.h"
#include "target.h"

#ifndef CONFIG_X86_64
#error "scx_loopguard knows the code of x86-64 kernels only"
#endif

enum {
	INT3	= 0xcc,			/* a kprobe */
	JMP32	= 0xe9,			/* an optimised one */
};

/* Where pt_regs keeps the registers, by their number in an instruction. */
static const u8 reg_offset[16] = {
	offsetof(struct pt_regs, ax), offsetof(struct pt_regs, cx),
	offsetof(struct pt_regs, dx), offsetof(struct pt_regs, bx),
	offsetof(struct pt_regs, sp), offsetof(struct pt_regs, bp),
	offsetof(struct pt_regs, si), offsetof(struct pt_regs, di),
	offsetof(struct pt_regs, r8), offsetof(struct pt_regs, r9),
	offsetof(struct pt_regs, r10), offsetof(struct pt_regs, r11),
	offsetof(struct pt_regs, r12), offsetof(struct pt_regs, r13),
	offsetof(struct pt_regs, r14), offsetof(struct pt_regs, r15),
};

/*
 * The operand of the probed load, made ready for the handler. Written before
 * the probe is armed.
 */
static struct {
	u8 base;		/* offset in pt_regs */
	u8 index;
	u8 scale;		/* 0: no index */
	s32 context;		/* displacement of the dispatch context */
} operand;

static unsigned long reg(struct pt_regs *regs, u8 offset)
{
	return *(unsigned long *)((char *)regs + offset);
}
NOKPROBE_SYMBOL(reg);

/*
 * In the loop: IRQs off, rq lock held. While the probe is a breakpoint this is in the
 * exception's NMI-like context, which changes nothing for what is called.
 */
static int at_loop_site(struct kprobe *kp, struct pt_regs *regs)
{
	unsigned long ctx = reg(regs, operand.base) + operand.context;

	if (operand.scale)
		ctx += reg(regs, operand.index) * operand.scale;
	lg_iteration((void *)ctx);
	return 0;
}
NOKPROBE_SYMBOL(at_loop_site);

static u8 original;		/* the first byte of the load */

static struct kprobe probe = {
	.pre_handler = at_loop_site,
};

/* ------------------------------------------------------------------ arm -- */

static void set_operand(const struct lg_target *t)
{
	const struct lg_operand *mem = &t->site.nr_tasks;

	operand.base = reg_offset[mem->base];
	operand.scale = mem->index == LG_REG_NONE ? 0 : mem->scale;
	if (operand.scale)
		operand.index = reg_offset[mem->index];
	operand.context = mem->disp - (s32)t->nr_tasks_offset;
}

/* Does the loop site hold a kprobe's breakpoint or jump? */
static bool in_place(void)
{
	u8 byte;

	if (kprobe_gone(&probe) || kprobe_disabled(&probe) ||
	    copy_from_kernel_nofault(&byte, probe.addr, sizeof(byte)))
		return false;
	return byte == INT3 || byte == JMP32;
}

static int find(const struct lg_target *target)
{
	return target->site_error;
}

static unsigned long site_address(const struct lg_target *target)
{
	return target->loop.address + target->site.offset;
}

static int arm(const struct lg_target *target)
{
	int ret;

	set_operand(target);
	probe.addr = (kprobe_opcode_t *)site_address(target);
	ret = copy_from_kernel_nofault(&original, probe.addr, sizeof(original));
	if (ret)
		return ret;
	ret = register_kprobe(&probe);
	if (!ret && !in_place()) {
		unregister_kprobe(&probe);
		ret = -EIO;
	}
	return ret;
}

/*
 * The jump of an optimised probe is taken out of the text a little later. Wait for
 * it, or the next load of the module would not know the code again.
 */
static void disarm(void)
{
	int tries;
	u8 byte;

	/* waits until no CPU is in the handler */
	unregister_kprobe(&probe);
	for (tries = 0; tries < 100; tries++) {
		if (copy_from_kernel_nofault(&byte, probe.addr, sizeof(byte)) ||
		    byte == original)
			return;
		msleep(20);
	}
}

static unsigned long nmissed(void)
{
	return READ_ONCE(probe.nmissed);
}

static int where(const struct lg_target *target, char *buf, size_t size)
{
	return scnprintf(buf, size, "%s+%#x", target->loop.name,
			 target->site.offset);
}

const struct lg_engine lg_loopsite = {
	.name = "loopsite",
	.find = find,
	.arm = arm,
	.disarm = disarm,
	.in_place = in_place,
	.nmissed = nmissed,
	.where = where,
};
