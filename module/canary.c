// SPDX-License-Identifier: GPL-2.0-only
/*
 * The canary: a kprobe on a function of our own, to see whether kprobes fire
 *
 * register_kprobe() may succeed and arm nothing: when all kprobes are disarmed
 * by debugfs, or when arming fails in newer kernels. And what is armed may be
 * disarmed later without a word. So nothing is believed of the hook in the
 * scheduler unless its like fires here.
 */
#include <linux/irqflags.h>
#include <linux/kprobes.h>
#include <linux/mutex.h>
#include <linux/string.h>

#include "canary.h"

/* notrace: ftrace would fire it in place of the breakpoint that is to be tried */
static noinline notrace void canary(void)
{
	barrier();
}

static bool started;
static unsigned int fired;
static DEFINE_MUTEX(lock);	/* one attempt at a time */

static int at_canary(struct kprobe *kp, struct pt_regs *regs)
{
	fired++;
	return 0;
}
NOKPROBE_SYMBOL(at_canary);

static struct kprobe probe = {
	.pre_handler = at_canary,
};

/**
 * lg_canary_fires - do kprobes fire at this moment
 *
 * Context: task, may sleep.
 * Return: true if the canary's does.
 */
bool lg_canary_fires(void)
{
	unsigned int before;
	unsigned long flags;
	bool fires = false;

	mutex_lock(&lock);
	if (started) {
		before = READ_ONCE(fired);
		/* no interrupt is to find this CPU busy with a probe: it would miss others */
		local_irq_save(flags);
		canary();
		local_irq_restore(flags);
		fires = READ_ONCE(fired) != before;
	}
	mutex_unlock(&lock);
	return fires;
}

/**
 * lg_canary_start - install the canary and see it fire
 *
 * Context: task, may sleep. Leaves nothing behind on failure.
 * Return: 0, -EIO if kprobes do not fire, or what register_kprobe() says.
 */
int lg_canary_start(void)
{
	int ret;

	probe.addr = (kprobe_opcode_t *)canary;
	ret = register_kprobe(&probe);
	if (ret)
		return ret;
	started = true;
	if (!lg_canary_fires()) {
		lg_canary_stop();
		return -EIO;
	}
	return 0;
}

/**
 * lg_canary_stop - remove the canary
 *
 * Context: task, may sleep.
 */
void lg_canary_stop(void)
{
	mutex_lock(&lock);
	started = false;
	mutex_unlock(&lock);
	unregister_kprobe(&probe);
	memset(&probe, 0, sizeof(probe));
	probe.pre_handler = at_canary;
}
