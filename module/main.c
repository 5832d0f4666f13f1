// SPDX-License-Identifier: GPL-2.0-only
/*
 * scx_loopguard - bound the sched_ext dispatch loop of a running kernel
 *
 * A BPF scheduler whose ops.dispatch() keeps dispatching tasks that cannot run
 * here traps the CPU in the dispatch loop with IRQs off. Upstream ends the loop
 * after 32 iterations and kicks the CPU (commit 0922f54fdd15); this module does
 * the same to a kernel that does not.
 *
 * target.c finds the loop, an engine (loopsite.c, kretprobe.c) hooks it, guard.c
 * counts and decides, health.c watches the hook, params.c shows what happens. Here
 * they are started and stopped.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/module.h>
#include <linux/printk.h>

#include "canary.h"
#include "eject.h"
#include "engine.h"
#include "guard.h"
#include "health.h"
#include "livepatches.h"
#include "params.h"
#include "sysfs.h"
#include "target.h"
#include "wrapper.h"

static struct lg_target target;
static const struct lg_engine *engine;

/* Best first. */
static const struct lg_engine * const engines[] = {
	&lg_loopsite, &lg_kretprobe,
};

/* The one line that says what was found, and every setting in force. */
static void announce(void)
{
	char where[LG_WHERE_LEN];

	engine->where(&target, where, sizeof(where));
	pr_info("%s loaded: state=%s, %s at %s, native_limit=%u limit=%u enforce=%c budget_us=%u eject_ms=%u\n",
		LG_VERSION, lg_state(), engine->name, where,
		target.native_limit, READ_ONCE(lg_limit),
		READ_ONCE(lg_enforce) ? 'Y' : 'N', READ_ONCE(lg_budget_us),
		READ_ONCE(lg_eject_ms));
}

static int try_engine(const struct lg_engine *e)
{
	int ret;

	ret = e->find(&target);
	if (ret)
		return ret;
	ret = lg_canary_start(e->entry);
	if (ret)
		return ret;
	ret = e->arm(&target);
	if (ret)
		lg_canary_stop();
	else
		engine = e;
	return ret;
}

static int refuse(int err, const struct lg_engine *e)
{
	char where[LG_WHERE_LEN];

	switch (err) {
	case -EIO:
		pr_err("not loaded: arming not confirmed: kprobes do not fire (is debugfs kprobes/enabled or sysctl kernel.ftrace_enabled 0?)\n");
		return err;
	case -ENODATA:
		pr_err("not loaded: engine %s: scx_dsp_ctx is not in kallsyms (no CONFIG_KALLSYMS_ALL)\n",
		       e->name);
		return err;
	case -ESRCH:
	case -ENOTUNIQ:
	case -E2BIG:
	case -EOPNOTSUPP:
		pr_err("not loaded: engine %s cannot be used on this kernel (or somebody else's kprobe is in the way)\n",
		       e->name);
		return -EOPNOTSUPP;
	default:
		e->where(&target, where, sizeof(where));
		pr_err("not loaded: the kernel refuses a kprobe at %s (error %d)\n",
		       where, err);
		return err;
	}
}

/* Arm the best engine that can be, or the one that was asked for. */
static int arm(void)
{
	const struct lg_engine *e, *failed = NULL;
	int i, ret, err = 0;

	for (i = 0; i < ARRAY_SIZE(engines); i++) {
		e = engines[i];
		if (!lg_engine_wanted(e->name))
			continue;
		ret = try_engine(e);
		if (!ret)
			return 0;
		/* the first one that might have worked tells why it did not */
		if (!failed || failed->find(&target)) {
			failed = e;
			err = ret;
		}
	}
	return refuse(err, failed);
}

static void disarm(void)
{
	engine->disarm();
	lg_canary_stop();
}

static int __init loopguard_init(void)
{
	int ret;

	ret = lg_sysfs_start();
	if (ret)
		return ret;
	ret = lg_target_find(&target);
	if (ret)
		goto err_sysfs;
	ret = lg_guard_init(&target);
	if (ret)
		goto err_sysfs;
	ret = lg_livepatches_start();
	if (ret)
		goto err_guard;
	ret = arm();
	if (ret)
		goto err_livepatches;
	lg_health_start(&target, engine);
	lg_wrapper_start(&target);
	lg_params_start(&target, engine);
	announce();
	return 0;

err_livepatches:
	lg_livepatches_stop();
err_guard:
	lg_guard_exit();
err_sysfs:
	lg_sysfs_stop();
	return ret;
}

static void __exit loopguard_exit(void)
{
	lg_guard_drain();
	lg_params_stop();
	lg_health_stop();
	/* these wait for who just looks at livepatches, and a BPF scheduler may have come since */
	lg_guard_drain();
	disarm();
	lg_guard_exit();
	lg_livepatches_stop();
	lg_sysfs_stop();
	pr_info("unloaded\n");
}

module_init(loopguard_init);
module_exit(loopguard_exit);

MODULE_DESCRIPTION("Bound the sched_ext dispatch loop of a running kernel");
MODULE_AUTHOR("The scx_loopguard authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(LG_VERSION);
