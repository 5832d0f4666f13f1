// SPDX-License-Identifier: GPL-2.0-only
/*
 * The livepatch that may wrap the function with the loop, seen from this module
 *
 * scx_loopguard_livepatch depends on this module, so this one cannot be unloaded
 * while the other is there.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/export.h>
#include <linux/mutex.h>
#include <linux/printk.h>

#include "foreign.h"
#include "scx_loopguard.h"
#include "target.h"
#include "attach.h"

enum {
	LOOK_MS	= 1000,		/* how long to wait for a look */
};

static const struct lg_target *target;
static bool (*wrapper_in_force)(void);
static DEFINE_MUTEX(lock);	/* for the one above */

/**
 * lg_attach_start - let a livepatch attach itself
 * @found: what it is to wrap; has to outlive the module
 *
 * Context: task, from module init.
 */
void lg_attach_start(const struct lg_target *found)
{
	WRITE_ONCE(target, found);
}

/**
 * lg_wrapped - does the livepatch tell the begin and end of invocations
 *
 * Context: task, may sleep.
 * Return: true if there is one and it is in force.
 */
bool lg_wrapped(void)
{
	bool wrapped;

	mutex_lock(&lock);
	wrapped = wrapper_in_force && wrapper_in_force();
	mutex_unlock(&lock);
	return wrapped;
}

/**
 * scx_loopguard_attach - a livepatch is about to wrap the function with the loop
 * @in_force: tells whether it does at a moment; called in task context
 * @loop: filled in, what to wrap
 *
 * Prints one line on failure.
 *
 * Context: task, may sleep.
 * Return: 0, -ENODEV if there is nothing to wrap, -EOPNOTSUPP if the function does
 * not begin as functions that can be livepatched do.
 */
int scx_loopguard_attach(bool (*in_force)(void),
			 struct scx_loopguard_loop *loop)
{
	const struct lg_target *t = READ_ONCE(target);
	enum lg_entry who;
	unsigned long body;

	if (!t)
		return -ENODEV;

	body = lg_arch_body(&t->loops.loop[0].function, &who);
	if (!body) {
		pr_err("livepatch not attached: %s does not begin with a call of fentry\n",
		       t->loops.loop[0].function.name);
		return -EOPNOTSUPP;
	}

	if (t->loops.loop[0].recursive) {
		pr_err("livepatch not attached: %s may be entered from within itself\n",
		       t->loops.loop[0].function.name);
		return -EOPNOTSUPP;
	}

	loop->name = t->loops.loop[0].function.name;
	loop->body = (void *)body;
	mutex_lock(&lock);
	wrapper_in_force = in_force;
	mutex_unlock(&lock);
	return 0;
}
EXPORT_SYMBOL_GPL(scx_loopguard_attach);

/**
 * scx_loopguard_may_wrap - is the function free of livepatches of others
 *
 * To wrap it would be to go round them, which may be the vendor's fix. Prints one
 * line if it is not.
 *
 * Context: task, may sleep; the livepatch core lets nobody else patch meanwhile.
 * Return: 0, -EBUSY, or -EAGAIN where it could not be seen.
 */
int scx_loopguard_may_wrap(void)
{
	struct lg_foreign found;

	if (lg_foreign_look(target, LOOK_MS, &found)) {
		pr_err("livepatch not attached: cannot see in time whether what leads to the dispatch loop is livepatched already; try again\n");
		return -EAGAIN;
	}
	if (!found.count)
		return 0;
	pr_err("livepatch not attached: what leads to the dispatch loop is livepatched by %s already\n",
	       found.name);
	return -EBUSY;
}
EXPORT_SYMBOL_GPL(scx_loopguard_may_wrap);

/**
 * scx_loopguard_detach - the livepatch goes away
 *
 * Context: task, may sleep.
 */
void scx_loopguard_detach(void)
{
	mutex_lock(&lock);
	wrapper_in_force = NULL;
	mutex_unlock(&lock);
}
EXPORT_SYMBOL_GPL(scx_loopguard_detach);
