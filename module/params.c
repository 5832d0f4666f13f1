// SPDX-License-Identifier: GPL-2.0-only
/*
 * Status and tuning: /sys/module/scx_loopguard/parameters/
 *
 * One value a file. The status is computed when it is read, from what is true at
 * that moment. Files exist before the module's init runs and until after its
 * exit, and all .set functions may run before init.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kstrtox.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/stringify.h>
#include <linux/sysfs.h>
#include <linux/sysrq.h>

#include "attach.h"
#include "counts.h"
#include "eject.h"
#include "health.h"
#include "hook.h"
#include "params.h"
#include "plan.h"
#include "policy.h"
#include "repick.h"
#include "settings.h"
#include "status.h"
#include "target.h"
#include "wait.h"

unsigned int lg_limit = LG_LIMIT_DEFAULT;
unsigned int lg_budget_us;
unsigned int lg_eject_ms;
unsigned int lg_kick_wait_ms = LG_KICK_WAIT_MS_DEFAULT;
bool lg_enforce = true;

/* NULL before init is through and from exit on. */
static const struct lg_target *target;
static const struct lg_engine *engine;	/* valid while the one above is; NULL: no hook */

/**
 * lg_params_start - let the status speak of a target
 * @found: what the module is on; has to outlive lg_params_stop()
 * @armed_by: how the loop is hooked, NULL: it is not
 *
 * Context: task.
 */
void lg_params_start(const struct lg_target *found,
		     const struct lg_engine *armed_by)
{
	engine = armed_by;
	/* whoever sees the target is to see the engine too, see armed() */
	smp_store_release(&target, found);
}

static const struct lg_target *started(void)
{
	/* pairs with lg_params_start() */
	return smp_load_acquire(&target);
}

/* What has its loop guarded, NULL: nothing. Where it is not, @engine is valid. */
static const struct lg_target *armed(void)
{
	const struct lg_target *found = started();

	return found && engine ? found : NULL;
}

/**
 * lg_params_stop - the module no longer protects anything
 *
 * Waits for who is just reading one of the files, as nobody else does: they are taken away
 * only after the module's exit is through.
 *
 * Context: task, may sleep. Parameters stay readable.
 */
void lg_params_stop(void)
{
	/* under which all of .get and .set are called */
	kernel_param_lock(THIS_MODULE);
	WRITE_ONCE(target, NULL);
	kernel_param_unlock(THIS_MODULE);
}

/**
 * lg_state - is the kernel protected, and by whom
 *
 * Context: task, may sleep.
 * Return: "armed": by this module. "native": by the kernel's own bound, which
 * is at least as tight as ours, and there is no budget. "observing": iterations are
 * counted, nothing is changed. "lost": the hook is not where the loop is, but may
 * come back. "disabled": there is no hook, or none that can be trusted.
 */
const char *lg_state(void)
{
	const struct lg_target *t = armed();
	enum lg_health health;

	if (!t)
		return "disabled";

	health = lg_health();
	/* what is wrong about the hook makes the bound seen beside it doubtful too */
	if (lg_distrust())
		return "disabled";
	if (health != LG_REPLACED && lg_plan_is_native(t, health == LG_HOOKED))
		return "native";
	if (health != LG_HOOKED)
		return "lost";
	return READ_ONCE(lg_enforce) ? "armed" : "observing";
}

/* --------------------------------------------------------------- tuning -- */

/* How much of a bad value to quote: one line, not too long. */
static int quoted_len(const char *val)
{
	return min_t(size_t, strcspn(val, "\n"), 32);
}

static int parse_number(const char *val, const struct kernel_param *kp,
			unsigned int min, unsigned int max,
			unsigned int *number)
{
	if (kstrtouint(val, 0, number) || *number < min || *number > max) {
		pr_err("%s: '%*pE' is not a number from %u to %u\n", kp->name,
		       quoted_len(val), val, min, max);
		return -EINVAL;
	}
	return 0;
}

/* A number that may be written, and what it may be. */
struct number {
	unsigned int *value;
	unsigned int min;
	unsigned int max;
};

static int set_number(const char *val, const struct kernel_param *kp)
{
	const struct number *n = kp->arg;
	unsigned int number;
	int ret;

	ret = parse_number(val, kp, n->min, n->max, &number);
	if (!ret)
		WRITE_ONCE(*n->value, number);
	return ret;
}

static int get_number(char *buf, const struct kernel_param *kp)
{
	const struct number *n = kp->arg;

	return sysfs_emit(buf, "%u\n", READ_ONCE(*n->value));
}

static const struct kernel_param_ops number_ops = {
	.set = set_number,
	.get = get_number,
};

static struct number limit_number = { &lg_limit, LG_LIMIT_MIN, LG_LIMIT_MAX };
module_param_cb(limit, &number_ops, &limit_number, 0644);
MODULE_PARM_DESC(limit, "iterations after which an invocation of the dispatch loop is ended, "
		 __stringify(LG_LIMIT_MIN) " to " __stringify(LG_LIMIT_MAX) " (default "
		 __stringify(LG_LIMIT_DEFAULT) ")");

static struct number budget_us_number = { &lg_budget_us, 0, LG_BUDGET_US_MAX };
module_param_cb(budget_us, &number_ops, &budget_us_number, 0644);
MODULE_PARM_DESC(budget_us, "microseconds after which an invocation is ended too, up to "
		 __stringify(LG_BUDGET_US_MAX) "; 0: however long it takes (default)");

static struct number kick_wait_ms_number = { &lg_kick_wait_ms, 0, LG_KICK_WAIT_MS_MAX };
module_param_cb(kick_wait_ms, &number_ops, &kick_wait_ms_number, 0644);
MODULE_PARM_DESC(kick_wait_ms, "ms after which CPUs that wait for each other after a kick are let go, up to "
		 __stringify(LG_KICK_WAIT_MS_MAX) "; 0: never (default "
		 __stringify(LG_KICK_WAIT_MS_DEFAULT) "). Other such waits get at least "
		 __stringify(LG_KICK_LONE_MS));

/*
 * The kernel looks at the first letter of a bool only, or the second one. A word that is none is
 * not to turn off the protection.
 */
static bool is_bool(const char *val)
{
	static const char * const words[] = {
		"yes", "no", "true", "false", "on", "off",
	};
	size_t len = strcspn(val, "\n");
	int i;

	if (val[len] && val[len + 1])
		return false;
	if (len == 1)
		return true;
	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (len == strlen(words[i]) && !strncasecmp(val, words[i], len))
			return true;
	return false;
}

static int set_enforce(const char *val, const struct kernel_param *kp)
{
	bool enforce;

	/* a bare "enforce" on the command line means yes, as for any bool */
	if (!val)
		val = "1";
	if (!is_bool(val) || kstrtobool(val, &enforce)) {
		pr_err("enforce: '%*pE' is neither Y nor N\n",
		       quoted_len(val), val);
		return -EINVAL;
	}
	WRITE_ONCE(lg_enforce, enforce);
	return 0;
}

static int get_enforce(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%c\n", READ_ONCE(lg_enforce) ? 'Y' : 'N');
}

static const struct kernel_param_ops enforce_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = set_enforce,
	.get = get_enforce,
};
module_param_cb(enforce, &enforce_ops, NULL, 0644);
MODULE_PARM_DESC(enforce, "Y: end the loop at the limit (default), N: only count");

static struct number eject_ms_number = { &lg_eject_ms, 0, LG_EJECT_MS_MAX };

static int set_eject_ms(const char *val, const struct kernel_param *kp)
{
	const struct number *n = kp->arg;
	unsigned int ms;
	int ret;

	ret = parse_number(val, kp, n->min, n->max, &ms);
	if (ret)
		return ret;
	if (ms && !IS_ENABLED(CONFIG_MAGIC_SYSRQ)) {
		pr_err("eject_ms: this kernel has no sysrq (CONFIG_MAGIC_SYSRQ), by which BPF schedulers are ejected\n");
		return -EOPNOTSUPP;
	}
	if (ms && !lg_can_eject()) {
		pr_err("eject_ms: kernel.sysrq is %d, which does not allow to eject BPF schedulers: it has to be 1 or have 256 in it\n",
		       sysrq_mask());
		return -EPERM;
	}
	WRITE_ONCE(lg_eject_ms, ms);
	return 0;
}

static const struct kernel_param_ops eject_ms_ops = {
	.set = set_eject_ms,
	.get = get_number,
};
module_param_cb(eject_ms, &eject_ms_ops, &eject_ms_number, 0644);
MODULE_PARM_DESC(eject_ms, "eject a BPF scheduler under which a CPU does nothing but trip for so many ms, up to "
		 __stringify(LG_EJECT_MS_MAX) "; 0: never (default)");

/* The engine that was asked for at load, NULL: the best there is. */
static const struct lg_engine *wanted_engine;

/**
 * lg_engine_wanted - may this engine be used
 * @e: the engine
 *
 * Context: task, from module init.
 * Return: true if it was asked for at load, or if none was.
 */
bool lg_engine_wanted(const struct lg_engine *e)
{
	return !wanted_engine || wanted_engine == e;
}

/* At load only: the file cannot be written. */
static int set_engine(const char *val, const struct kernel_param *kp)
{
	if (sysfs_streq(val, "auto")) {
		wanted_engine = NULL;
	} else if (sysfs_streq(val, lg_loopsite.name)) {
		wanted_engine = &lg_loopsite;
	} else if (sysfs_streq(val, lg_callsite.name)) {
		wanted_engine = &lg_callsite;
	} else {
		pr_err("engine: '%*pE' is not auto, loopsite or callsite\n",
		       quoted_len(val), val);
		return -EINVAL;
	}
	return 0;
}

static int get_engine(char *buf, const struct kernel_param *kp)
{
	if (!armed())
		return sysfs_emit(buf, "none\n");
	return sysfs_emit(buf, "%s%s\n", lg_wrapped() ? "livepatch+" : "",
			  engine->name);
}

static const struct kernel_param_ops engine_ops = {
	.set = set_engine,
	.get = get_engine,
};
module_param_cb(engine, &engine_ops, NULL, 0444);
MODULE_PARM_DESC(engine, "how to hook the loop, at load: auto (default), loopsite or callsite; then the one in use");

/* --------------------------------------------------------------- status -- */

static int get_state(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", lg_state());
}
STATUS(state, "armed, native, observing, lost or disabled");

static int get_kick_wait(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", started() ? lg_wait_state() : "uncovered");
}
STATUS(kick_wait, "waits for kicked CPUs: guarded, native, off or uncovered");

static int get_restart(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", started() ? lg_repick_state() : "uncovered");
}
STATUS(restart, "picks that begin anew for ever: guarded, native, impossible or uncovered");

static int get_live(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%c\n", lg_live() ? 'Y' : 'N');
}
STATUS(live, "Y: the hook has been hit since it was armed");

static int get_nmissed(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%lu\n",
			  (armed() ? lg_hook_nmissed() : 0) + lg_wait_nmissed());
}
STATUS(nmissed, "hits that the kernel did not deliver");

static int get_target(char *buf, const struct kernel_param *kp)
{
	const struct lg_target *t = armed();
	char where[LG_WHERE_LEN] = "none";

	if (t)
		lg_plan_where(engine, t, where, sizeof(where));
	return sysfs_emit(buf, "%s\n", where);
}
STATUS(target, "what is probed: symbol+offset[,symbol+offset], or none");

static int get_layout(char *buf, const struct kernel_param *kp)
{
	const struct lg_target *t = armed();
	char where[LG_LAYOUT_LEN] = "none";

	if (t)
		lg_plan_layout(&t->layout, where, sizeof(where));
	return sysfs_emit(buf, "%s\n", where);
}
STATUS(layout, "where the dispatch context is: variable, pointer or sched, +offset of nr_tasks");

static int get_native_limit(char *buf, const struct kernel_param *kp)
{
	const struct lg_target *t = armed();

	return sysfs_emit(buf, "%u\n", t ? t->native_limit : 0);
}
STATUS(native_limit, "the kernel's own bound in iterations, 0: it has none");

/* Define a status that is one of the sums in struct lg_counts. */
#define COUNTER(name, desc)						\
	static int get_##name(char *buf, const struct kernel_param *kp)	\
	{								\
		struct lg_counts counts;				\
									\
		lg_read_counts(&counts);				\
		return sysfs_emit(buf, "%llu\n", (u64)counts.name);	\
	}								\
	STATUS(name, desc)

COUNTER(hits, "iterations of the dispatch loop that found no task");
COUNTER(trips, "invocations that reached the limit");
COUNTER(budget_trips, "invocations that spent their budget");
COUNTER(kicks, "kicks sent after an invocation was ended");
COUNTER(restarts, "picks that began anew too often or for too long, IRQs off");
COUNTER(max_loops, "most iterations that found no task in one invocation");

COUNTER(kick_waits, "waits for kicked CPUs that were ended");
COUNTER(kick_wait_longest_us, "longest wait for a kicked CPU in microseconds");

static int get_ejections(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%llu\n", lg_ejections());
}
STATUS(ejections, "BPF schedulers that the kernel was asked to eject");

static int get_last_trip_cpu(char *buf, const struct kernel_param *kp)
{
	struct lg_last_trip last;

	lg_read_last_trip(&last);
	return sysfs_emit(buf, "%d\n", last.cpu);
}
STATUS(last_trip_cpu, "CPU of the last trip, -1: never");

static int get_last_trip_ns(char *buf, const struct kernel_param *kp)
{
	struct lg_last_trip last;

	lg_read_last_trip(&last);
	return sysfs_emit(buf, "%llu\n", last.ns);
}
STATUS(last_trip_ns, "time of the last trip, CLOCK_BOOTTIME in ns, 0: never");

static int get_last_trip_ops(char *buf, const struct kernel_param *kp)
{
	struct lg_last_trip last;

	lg_read_last_trip(&last);
	return sysfs_emit(buf, "%s\n", last.cpu < 0 ? "none" : last.ops);
}
STATUS(last_trip_ops, "BPF scheduler of the last trip, none: never");
