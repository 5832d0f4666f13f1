// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keeping the module loaded while it ends loops, or CPUs wait for kicked ones
 *
 * To take the hook away from under a BPF scheduler that loops for ever would trap the CPUs at
 * once, that of rmmod included. So a loop that is ended takes a reference on the module, and a
 * work puts it when none was ended for a while: rmmod says "in use", as for any module that is.
 * A long wait for a kicked CPU takes it too.
 */
#include <linux/atomic.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/workqueue.h>

#include "kick.h"
#include "pin.h"
#include "repick.h"

enum {
	/* real-time tasks may keep the loop off a CPU for most of a second */
	QUIET_MS	= 1250,
};

static void look(struct work_struct *work);
static DECLARE_DELAYED_WORK(look_work, look);

/* Is the reference held? Whoever changes it from 0 to 1 takes it. */
static atomic_t pinned;

/* A loop was ended, or a wait was long, since the work looked last. */
static bool ended;

static void look_later(void)
{
	schedule_delayed_work(&look_work, msecs_to_jiffies(QUIET_MS));
}

static void look(struct work_struct *work)
{
	if (lg_repick_owes_kicks())
		lg_kick_all();
	if (!xchg(&ended, false)) {
		atomic_set(&pinned, 0);
		/* pairs with lg_pin(): one of both sees the other, or both do */
		smp_mb();
		if (!READ_ONCE(ended) || atomic_xchg(&pinned, 1)) {
			module_put(THIS_MODULE);
			return;
		}
	}
	look_later();
}

/**
 * lg_pin - a loop was ended, or a CPU has waited for long
 *
 * If the reference is put right then by the work, the next one that is ended takes another.
 *
 * Context: hard irq, no rq lock held.
 */
void lg_pin(void)
{
	/* of many CPUs in a storm only the first is to write */
	if (!READ_ONCE(ended))
		WRITE_ONCE(ended, true);
	smp_mb();	/* see look() */
	if (atomic_read(&pinned) || atomic_xchg(&pinned, 1))
		return;
	/* fails when rmmod has begun: then it is unloaded as if this loop had come after that */
	if (try_module_get(THIS_MODULE))
		look_later();
}

/**
 * lg_pin_stop - the module is being unloaded
 *
 * Context: task, may sleep. Nobody holds a reference.
 */
void lg_pin_stop(void)
{
	cancel_delayed_work_sync(&look_work);
}
