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

#include "eject.h"
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

/* A loop's site, and what the handler needs of it; written before it is armed. */
static struct site {
	struct kprobe probe;
	struct kprobe bound;	/* where a native one ends the loop; addr NULL: nowhere */
	u8 original;		/* the first byte of the load */
	/* the operand of the load: registers as offsets in pt_regs */
	u8 base;
	u8 index;
	u8 scale;		/* 0: no index */
	s32 disp;
} sites[LG_MAX_LOOPS];

static const struct lg_target *target;

static __always_inline unsigned long reg(struct pt_regs *regs, u8 offset)
{
	return *(unsigned long *)((char *)regs + offset);
}

static __always_inline const struct site *site_of(struct kprobe *kp)
{
	return container_of(kp, struct site, probe);
}

/*
 * In the loop: IRQs off, rq lock held. While the probe is a breakpoint this is in the
 * exception's NMI-like context, which changes nothing for what is called.
 */
static int at_loop_site(struct kprobe *kp, struct pt_regs *regs)
{
	const struct site *site = site_of(kp);

	lg_iteration((u32 *)(reg(regs, site->base) + site->disp), regs->sp);
	return 0;
}
NOKPROBE_SYMBOL(at_loop_site);

/* The same where the load has an index. */
static int at_indexed_site(struct kprobe *kp, struct pt_regs *regs)
{
	const struct site *site = site_of(kp);

	lg_iteration((u32 *)(reg(regs, site->base) + site->disp +
			     reg(regs, site->index) * site->scale), regs->sp);
	return 0;
}
NOKPROBE_SYMBOL(at_indexed_site);

/* The same, when the kernel is about to end the loop itself. */
static int at_bound(struct kprobe *kp, struct pt_regs *regs)
{
	lg_bound_reached(regs->sp);
	return 0;
}
NOKPROBE_SYMBOL(at_bound);

/* ------------------------------------------------------------------ arm -- */

static void set_operand(struct site *site, const struct lg_operand *mem)
{
	site->base = reg_offset[mem->base];
	site->scale = mem->index == LG_REG_NONE ? 0 : mem->scale;
	if (site->scale)
		site->index = reg_offset[mem->index];
	site->disp = mem->disp;
}

/* Does the loop site hold a kprobe's breakpoint or jump? */
static bool is_in_place(struct kprobe *probe)
{
	u8 byte;

	if (kprobe_gone(probe) || kprobe_disabled(probe) ||
	    copy_from_kernel_nofault(&byte, probe->addr, sizeof(byte)))
		return false;
	return byte == INT3 || byte == JMP32;
}

static bool in_place(void)
{
	u32 i;

	for (i = 0; i < target->nr_loops; i++) {
		if (!is_in_place(&sites[i].probe))
			return false;
		/* what the native bound ends is not seen at the site, and counts for ejection */
		if (target->native_limit && READ_ONCE(lg_eject_ms) &&
		    !(sites[i].bound.addr && is_in_place(&sites[i].bound)))
			return false;
	}
	return true;
}

static int find(const struct lg_target *t)
{
	return t->site_error;
}

static int arm_site(struct site *site, const struct lg_loop *loop)
{
	struct kprobe *probe = &site->probe;
	int ret;

	set_operand(site, &loop->site.nr_tasks);
	probe->pre_handler = site->scale ? at_indexed_site : at_loop_site;
	probe->addr = (kprobe_opcode_t *)(loop->function.address +
					  loop->site.offset);
	ret = copy_from_kernel_nofault(&site->original, probe->addr,
				       sizeof(site->original));
	if (ret)
		return ret;
	ret = register_kprobe(probe);
	if (!ret && !is_in_place(probe)) {
		unregister_kprobe(probe);
		ret = -EIO;
	}
	return ret;
}

/*
 * Only to count with, and to eject by that count, see in_place(): a kernel in which this fails is
 * bounded all the same.
 */
static void arm_bound(struct kprobe *probe, const struct lg_loop *loop)
{
	probe->addr = NULL;
	if (!target->native_limit)
		return;
	if (loop->site.bound) {
		probe->pre_handler = at_bound;
		probe->addr = (kprobe_opcode_t *)(loop->function.address +
						  loop->site.bound);
		if (!register_kprobe(probe)) {
			if (is_in_place(probe))
				return;
			unregister_kprobe(probe);
		}
		probe->addr = NULL;
	}
	pr_warn("the kernel's own bound in %s cannot be watched: what it ends is not counted\n",
		loop->function.name);
}

/*
 * The jump of an optimised probe is taken out of the text a little later. Wait for
 * it, or the next load of the module would not know the code again.
 */
static void disarm_site(struct site *site)
{
	int tries;
	u8 byte;

	/* waits until no CPU is in the handler */
	unregister_kprobe(&site->probe);
	for (tries = 0; tries < 100; tries++) {
		if (copy_from_kernel_nofault(&byte, site->probe.addr,
					     sizeof(byte)) ||
		    byte == site->original)
			return;
		msleep(20);
	}
}

static void disarm(void)
{
	u32 i;

	for (i = 0; i < target->nr_loops; i++) {
		if (sites[i].bound.addr)
			unregister_kprobe(&sites[i].bound);
		disarm_site(&sites[i]);
	}
}

static int arm(const struct lg_target *t)
{
	u32 i;
	int ret;

	target = t;
	for (i = 0; i < t->nr_loops; i++) {
		ret = arm_site(&sites[i], &t->loops[i]);
		if (ret)
			goto err;
	}
	/* the sites are what counts, so only now */
	for (i = 0; i < t->nr_loops; i++)
		arm_bound(&sites[i].bound, &t->loops[i]);
	return 0;

err:
	while (i--)
		disarm_site(&sites[i]);
	return ret;
}

static unsigned long nmissed(void)
{
	unsigned long n = 0;
	u32 i;

	for (i = 0; i < target->nr_loops; i++)
		n += READ_ONCE(sites[i].probe.nmissed);
	return n;
}

static int where(const struct lg_target *t, char *buf, size_t size)
{
	int len = 0;
	u32 i;

	for (i = 0; i < t->nr_loops; i++)
		len += scnprintf(buf + len, size - len, "%s%s+%#x", i ? "," : "",
				 t->loops[i].function.name,
				 t->loops[i].site.offset);
	return len;
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
