// SPDX-License-Identifier: GPL-2.0-only
/*
 * Health: is the hook still there, and does the scheduler still come by
 *
 * What was armed may be disarmed later without a word, and a livepatch may take
 * the loop away from under the hook. The first shows at once, in a canary and in
 * the kernel's text. The second is looked for every few seconds, and when somebody
 * has come to the entry of a function that leads to the loop; while there is such a
 * livepatch only evidence counts, which is that the hook is still hit.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/workqueue.h>

#include "canary.h"
#include "engine.h"
#include "guard.h"
#include "health.h"
#include "livepatches.h"
#include "target.h"
#include "wrapper.h"

enum {
	LOOK_MS	= 4000,
};

/* in who_is_there(); the others are lg_target_touched()'s */
#define NOT_WRAPPED BIT(31)
static_assert(LG_SHARED(LG_MAX_ENTRIES - 1) < NOT_WRAPPED);

static const struct lg_target *target;
static const struct lg_engine *engine;

static DEFINE_MUTEX(look_lock);		/* one look at a time; outside of lock */
static DEFINE_MUTEX(lock);		/* for all below, never for long */
static struct lg_livepatches others;	/* as of the last look */
static u32 touched;			/* what who_is_there() said then */
static bool ever_seen;			/* was there one that was not too late */
static u64 hits_before;			/* the hits that prove nothing of now */
static enum lg_health health;
static bool started;

static u64 hits_so_far(void)
{
	struct lg_counts counts;

	lg_read_counts(&counts);
	return counts.hits;
}

/*
 * Whose entries somebody sits at. Where our own livepatch does, that another has come on top
 * of it shows only by its not being in force.
 */
static u32 who_is_there(void)
{
	return lg_target_touched(target) | (lg_wrapped() ? 0 : NOT_WRAPPED);
}

/* Under lock. Says so when the verdict changes. */
static void judge(void)
{
	bool hooked = lg_canary_fires() && engine->in_place();
	enum lg_health was = health;

	if (!hooked)
		hits_before = hits_so_far();
	/*
	 * Which of two loops it was that has been hit is not known, nor, in a transition,
	 * for which tasks: those that the livepatch has got already go another way.
	 */
	if (others.count && (!hooked || target->nr_loops > 1 || others.transition ||
			     hits_so_far() == hits_before))
		health = LG_BYPASSED;
	else
		health = hooked ? LG_HOOKED : LG_DISARMED;
	if (health == was)
		return;
	if (health == LG_HOOKED)
		pr_info("the hook in the dispatch loop is back\n");
	else if (health == LG_DISARMED)
		pr_warn("lost: the probe is disarmed, or somebody else at the same function may hide what it has to see\n");
	else if (others.unseen)
		pr_warn("lost: whether a livepatch replaces what leads to the dispatch loop cannot be seen\n");
	else if (others.transition)
		pr_warn("lost: livepatch %s is on its way to or from what leads to the dispatch loop\n",
			others.name);
	else
		pr_warn("lost: livepatch %s replaces what leads to the dispatch loop\n",
			others.name);
}

static void look_for_livepatches(void)
{
	struct lg_livepatches now;
	u32 touched_now;
	bool seen;

	mutex_lock(&look_lock);
	touched_now = who_is_there();
	seen = !lg_livepatches_look(target, &now);

	mutex_lock(&lock);
	if (seen || !ever_seen || (touched_now & ~touched)) {
		/* hits from before it came, or while it came, say nothing of it */
		if (now.count && (now.transition || others.transition ||
				  now.id != others.id || now.count != others.count))
			hits_before = hits_so_far();
		others = now;
		ever_seen |= seen;
	}
	/* also where nobody could be seen: who comes to it now has to be noticed */
	touched = touched_now;
	judge();
	/*
	 * No look in time, as in a storm: what there is may be replaced at any moment, so that
	 * the next verdict needs hits from now on.
	 */
	if (!seen && others.count)
		hits_before = hits_so_far();
	mutex_unlock(&lock);
	mutex_unlock(&look_lock);
}

static void watch(struct work_struct *work);
static DECLARE_DELAYED_WORK(watch_work, watch);

static void watch(struct work_struct *work)
{
	look_for_livepatches();
	lg_guard_complain();
	queue_delayed_work(system_power_efficient_wq, &watch_work,
			   msecs_to_jiffies(LOOK_MS));
}

/**
 * lg_health - is the hook where it was put, and in code that runs
 *
 * Context: task, may sleep.
 * Return: as far as can be known at this moment.
 */
enum lg_health lg_health(void)
{
	enum lg_health ret = LG_DISARMED;

	mutex_lock(&lock);
	if (!started)
		goto out;
	if (others.count || who_is_there() != touched) {
		/* somebody came or went, or may have, where others are already: see who */
		mutex_unlock(&lock);
		look_for_livepatches();
		mutex_lock(&lock);
	}
	judge();
	ret = health;
out:
	mutex_unlock(&lock);
	return ret;
}

/**
 * lg_live - has the hook been hit since it was armed, or was lost
 *
 * Context: task, may sleep.
 * Return: true if so.
 */
bool lg_live(void)
{
	bool live;

	mutex_lock(&lock);
	live = hits_so_far() > hits_before;
	mutex_unlock(&lock);
	return live;
}

/**
 * lg_health_start - watch an armed hook
 * @t: what was found
 * @e: how it is hooked
 *
 * Context: task, may sleep. The canary is there.
 */
void lg_health_start(const struct lg_target *t, const struct lg_engine *e)
{
	target = t;
	engine = e;
	health = LG_HOOKED;
	mutex_lock(&lock);
	started = true;
	mutex_unlock(&lock);
	watch(NULL);
}

/**
 * lg_health_stop - the hook is about to be taken out
 *
 * Context: task, may sleep.
 */
void lg_health_stop(void)
{
	cancel_delayed_work_sync(&watch_work);
	mutex_lock(&lock);
	started = false;
	mutex_unlock(&lock);
}
