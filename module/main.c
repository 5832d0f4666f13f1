// SPDX-License-Identifier: GPL-2.0-only
/*
 * scx_loopguard - bound the sched_ext dispatch loop of a running kernel
 *
 * A BPF scheduler whose ops.dispatch() keeps dispatching tasks that cannot run
 * here traps the CPU in the dispatch loop with IRQs off. Upstream ends the loop
 * after 32 iterations and kicks the CPU (commit 0922f54fdd15); this module does
 * the same to a kernel that does not.
 *
 * target.c finds the loop, hook.c puts probes into it, policy.c counts and decides, kick.c
 * does what has to wait for the end of the loop, health.c watches the hook, wait.c guards waits for
 * kicked CPUs, params.c shows what happens. Here they are started and stopped.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/module.h>
#include <linux/printk.h>

#include "attach.h"
#include "canary.h"
#include "clock.h"
#include "foreign.h"
#include "health.h"
#include "hook.h"
#include "kick.h"
#include "params.h"
#include "pin.h"
#include "plan.h"
#include "policy.h"
#include "repick.h"
#include "settings.h"
#include "sysfs.h"
#include "target.h"
#include "wait.h"

static struct lg_target target;
static const struct lg_engine *engine;

/* The one line that says what was found, and every setting in force. */
static void announce(void)
{
	char where[LG_WHERE_LEN] = "none";

	if (engine)
		lg_plan_where(engine, &target, where, sizeof(where));
	pr_info("%s loaded: state=%s, %s at %s, native_limit=%u limit=%u enforce=%c budget_us=%u eject_ms=%u, kick_wait=%s kick_wait_ms=%u restart=%s\n",
		LG_VERSION, lg_state(), engine ? engine->name : "no hook", where,
		target.native_limit, READ_ONCE(lg_limit),
		READ_ONCE(lg_enforce) ? 'Y' : 'N', READ_ONCE(lg_budget_us),
		READ_ONCE(lg_eject_ms), lg_wait_state(), READ_ONCE(lg_kick_wait_ms),
		lg_repick_state());
}

static const char kprobes_are_off[] =
	"arming not confirmed: kprobes do not fire (is debugfs kprobes/enabled 0?)";

/* Why the engine @e cannot hook the loop, for lg_refuse(). */
static int refuse(int err, const struct lg_engine *e)
{
	static char why[LG_WHERE_LEN + 64];
	char where[LG_WHERE_LEN];

	switch (err) {
	case -ENODATA:
		snprintf(why, sizeof(why),
			 "engine %s: scx_dsp_ctx is not in kallsyms (no CONFIG_KALLSYMS_ALL)",
			 e->name);
		break;
	case -ESRCH:
	case -ENOTUNIQ:
	case -E2BIG:
	case -EOPNOTSUPP:
		snprintf(why, sizeof(why),
			 "engine %s cannot be used on this kernel (or somebody else's kprobe is in the way)",
			 e->name);
		err = -EOPNOTSUPP;
		break;
	case -EIO:
		return lg_refuse(err, kprobes_are_off);
	default:
		lg_plan_where(e, &target, where, sizeof(where));
		snprintf(why, sizeof(why), "the kernel refuses a kprobe at %s (error %d)",
			 where, err);
	}
	return lg_refuse(err, why);
}

/* Arm the best engine that can be, or the one that was asked for. */
static int arm(void)
{
	const struct lg_engine *e, *failed = NULL;
	int i, ret, err = 0;

	for (i = 0; i < LG_NR_ENGINES; i++) {
		e = lg_engines[i];
		if (!lg_engine_wanted(e))
			continue;
		ret = lg_plan_can(e, &target) ?: lg_hook_arm(e, &target);
		if (!ret) {
			engine = e;
			return 0;
		}
		/* the first one that might have worked tells why it did not */
		if (!failed || lg_plan_can(failed, &target)) {
			failed = e;
			err = ret;
		}
	}
	return refuse(err, failed);
}

static int start_canary(void)
{
	int ret = lg_canary_start();

	if (ret == -EIO)
		pr_err("not loaded: %s\n", kprobes_are_off);
	else if (ret)
		pr_err("not loaded: the kernel refuses a kprobe on the module's own code (error %d)\n",
		       ret);
	return ret;
}

static bool engine_is_asked_for(void)
{
	int i;

	for (i = 0; i < LG_NR_ENGINES; i++)
		if (!lg_engine_wanted(lg_engines[i]))
			return true;
	return false;
}

/*
 * The loop and the waits are guarded each for itself, and one of them will do. But an engine that
 * was asked for has to be had. @err: that of finding the loop.
 */
static int start_guards(int err)
{
	bool waits;

	if (!err)
		err = arm();
	waits = lg_wait_start(&target);
	if (!err)
		return 0;
	if (waits && !engine_is_asked_for()) {
		pr_warn("the dispatch loop is not guarded: %s\n", lg_refusal());
		return 0;
	}
	pr_err("not loaded: %s\n", lg_refusal());
	lg_wait_stop();
	return err;
}

static int __init loopguard_init(void)
{
	int ret, loop_error;

	ret = lg_sysfs_start();
	if (ret)
		return ret;
	loop_error = lg_target_find(&target);
	if (loop_error && lg_plan_no_waits(&target)) {
		pr_err("not loaded: %s\n", lg_refusal());
		ret = loop_error;
		goto err_sysfs;
	}
	lg_clock_init();
	lg_policy_start(&target);
	ret = lg_kick_start();
	if (ret)
		goto err_sysfs;
	ret = lg_foreign_start();
	if (ret)
		goto err_kick;
	ret = start_canary();
	if (ret)
		goto err_foreign;
	ret = start_guards(loop_error);
	if (ret)
		goto err_canary;
	if (engine) {
		lg_health_start(&target);
		lg_attach_start(&target);
	}
	lg_repick_start(&target, engine);
	lg_params_start(&target, engine);
	announce();
	return 0;

err_canary:
	lg_canary_stop();
err_foreign:
	lg_foreign_stop();
err_kick:
	lg_kick_stop();
	lg_pin_stop();	/* a first hook may have ended a loop already */
err_sysfs:
	lg_sysfs_stop();
	return ret;
}

static void __exit loopguard_exit(void)
{
	lg_params_stop();
	lg_repick_stop();
	lg_health_stop();
	lg_hook_disarm();
	lg_canary_stop();
	lg_kick_stop();
	lg_wait_stop();
	lg_pin_stop();
	lg_foreign_stop();
	lg_sysfs_stop();
	pr_info("unloaded\n");
}

module_init(loopguard_init);
module_exit(loopguard_exit);

MODULE_DESCRIPTION("Bound the sched_ext dispatch loop of a running kernel");
MODULE_AUTHOR("The scx_loopguard authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(LG_VERSION);
