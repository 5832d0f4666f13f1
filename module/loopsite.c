// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hook: a kprobe on the dispatch loop's own load of nr_tasks
 *
 * The load is reached only by an iteration that found no task, so a busy CPU
 * never executes the probe. Its operand is the dispatch context, in whatever
 * register the compiler keeps it, so no symbol is needed to get at it. Load and
 * test are at least five bytes with no jump into them, so kprobes replaces the
 * breakpoint by a jump where it can (CONFIG_OPTPROBES).
 *
 * register_kprobe() may succeed and arm nothing: when all kprobes are disarmed
 * by debugfs, or when arming fails in newer kernels. So success is not believed:
 * a canary has to fire first, and the kernel's text has to show the probe.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kprobes.h>
#include <linux/printk.h>
#include <linux/stddef.h>
#include <linux/uaccess.h>

#include "guard.h"
#include "loopsite.h"
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

/* In the loop: IRQs off, rq lock held. */
static int at_loop_site(struct kprobe *kp, struct pt_regs *regs)
{
	unsigned long ctx = reg(regs, operand.base) + operand.context;

	if (operand.scale)
		ctx += reg(regs, operand.index) * operand.scale;
	lg_iteration((void *)ctx);
	return 0;
}
NOKPROBE_SYMBOL(at_loop_site);

static struct kprobe probe = {
	.pre_handler = at_loop_site,
};

/* --------------------------------------------------------------- canary -- */

static unsigned int canary_fired;

/* notrace: ftrace would fire it in place of the breakpoint that is to be tried */
static noinline notrace void canary(void)
{
	barrier();
}

static int at_canary(struct kprobe *kp, struct pt_regs *regs)
{
	canary_fired++;
	return 0;
}
NOKPROBE_SYMBOL(at_canary);

/* Do kprobes fire at all? */
static int try_canary(void)
{
	struct kprobe kp = {
		.addr = (kprobe_opcode_t *)canary,
		.pre_handler = at_canary,
	};
	int ret;

	canary_fired = 0;
	ret = register_kprobe(&kp);
	if (ret)
		return ret;
	canary();
	unregister_kprobe(&kp);
	return canary_fired ? 0 : -EIO;
}

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

/**
 * lg_loopsite_in_place - is the probe in the kernel's text at this moment
 *
 * Somebody may have disarmed all kprobes.
 *
 * Context: any.
 * Return: true if the loop site holds a kprobe's breakpoint or jump.
 */
bool lg_loopsite_in_place(void)
{
	u8 byte;

	if (!probe.addr || kprobe_gone(&probe) || kprobe_disabled(&probe) ||
	    copy_from_kernel_nofault(&byte, probe.addr, sizeof(byte)))
		return false;
	return byte == INT3 || byte == JMP32;
}

/**
 * lg_loopsite_arm - put the hook into the dispatch loop
 * @target: what was found, with a site
 *
 * Prints one line on failure and leaves nothing behind.
 *
 * Context: task, may sleep.
 * Return: 0, -EIO if kprobes do not fire, or what register_kprobe() says.
 */
int lg_loopsite_arm(const struct lg_target *target)
{
	unsigned long addr = target->loop.address + target->site.offset;
	int ret;

	ret = try_canary();
	if (ret) {
		pr_err("not loaded: arming not confirmed: a kprobe on our own function %s (is debugfs kprobes/enabled 0?)\n",
		       ret == -EIO ? "does not fire" : "is refused");
		return ret;
	}

	set_operand(target);
	probe.addr = (kprobe_opcode_t *)addr;
	ret = register_kprobe(&probe);
	if (ret) {
		pr_err("not loaded: the kernel refuses a kprobe at %s+%#x (error %d)\n",
		       target->loop.name, target->site.offset, ret);
		goto err_register;
	}
	if (!lg_loopsite_in_place()) {
		ret = -EIO;
		pr_err("not loaded: arming not confirmed: no kprobe is in the text at %s+%#x\n",
		       target->loop.name, target->site.offset);
		goto err_confirm;
	}
	return 0;

err_confirm:
	unregister_kprobe(&probe);
err_register:
	probe.addr = NULL;
	return ret;
}

/**
 * lg_loopsite_disarm - take the hook out of the dispatch loop
 *
 * Context: task, may sleep.
 */
void lg_loopsite_disarm(void)
{
	/* waits until no CPU is in the handler */
	unregister_kprobe(&probe);
	probe.addr = NULL;
}
