// SPDX-License-Identifier: GPL-2.0-only
/*
 * Health: is the hook still there, and does the scheduler still come by
 *
 * What was armed may be disarmed later without a word, and a livepatch or a jump may take
 * the loop away from under the hook. The first shows at once, in a canary and in
 * the kernel's text, and so does a jump. Livepatches are looked for every few seconds, every
 * second while there is one, and when somebody has come to the entry of a function that leads
 * to the loop. While there is one, or a jump, only evidence counts: that the hook is still hit.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/workqueue.h>

#include "attach.h"
#include "canary.h"
#include "counts.h"
#include "foreign.h"
#include "health.h"
#include "hook.h"
#include "kick.h"
#include "target.h"

enum {
	LOOK_MS		= 4000,	/* from one look to the next */
	LOOK_AGAIN_MS	= 1000,	/* the same while there is a foreign livepatch */
	WAIT_MS		= 250,	/* for a look; a storm may starve workers */
	FIRST_WAIT_MS	= 1000,	/* for the first one */
	SETTLE_MS	= 1000,	/* for who was in the loop when a jump came to be out of it */
};

/* in who_is_there(); the others are lg_target_entries()'s */
#define NOT_WRAPPED BIT(31)
static_assert(LG_ENTRY_SHIFT(LG_MAX_ENTRIES) <= 30);

static const struct lg_target *target;

static DEFINE_MUTEX(look_lock);		/* one look at a time; outside of lock */
static DEFINE_MUTEX(lock);		/* for all below, never for long */
static struct lg_foreign others;	/* as of the last look */
static unsigned long looked;		/* when that was, in jiffies */
static u32 known;			/* what who_is_there() said then */
static bool ever_seen;			/* was there a look that was not too late */
static bool settling;			/* a CPU may be in the loop still since a jump has come */
static unsigned long settled;		/* until then, in jiffies */
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
 * Who sits at the entries. Where our own livepatch does, that another has come on top
 * of it shows only by its not being in force.
 */
static u32 who_is_there(void)
{
	return lg_target_entries(target) | (lg_wrapped() ? 0 : NOT_WRAPPED);
}

static void say(void)
{
	if (health == LG_HOOKED)
		pr_info("the hook in the dispatch loop is back\n");
	else if (health == LG_DISARMED)
		pr_warn("lost: the probe is disarmed (is debugfs kprobes/enabled 0?)\n");
	else if (!others.count)
		pr_warn("lost: a jump has taken the place of what leads to the dispatch loop\n");
	else if (others.unseen)
		pr_warn("lost: whether a livepatch replaces what leads to the dispatch loop cannot be seen\n");
	else if (others.transition)
		pr_warn("lost: livepatch %s is on its way to or from what leads to the dispatch loop\n",
			others.name);
	else
		pr_warn("lost: livepatch %s replaces what leads to the dispatch loop\n",
			others.name);
}

/* Under lock. Says so when the verdict changes. */
static void judge(void)
{
	bool hooked = lg_canary_fires() && lg_hook_in_place();
	bool replaced = others.count || LG_REDIRECTED(known);
	enum lg_health was = health;

	if (settling && time_after(jiffies, settled)) {
		settling = false;
		hits_before = hits_so_far();
	}
	if (!hooked)
		hits_before = hits_so_far();
	/*
	 * Which of two loops it was that has been hit is not known, nor, in a transition,
	 * for which tasks: those that the livepatch has got already go another way.
	 */
	if (replaced && (!hooked || target->loops.nr > 1 || others.transition || settling ||
			 hits_so_far() == hits_before))
		health = LG_REPLACED;
	else
		health = hooked ? LG_HOOKED : LG_DISARMED;
	if (health != was)
		say();
}

/* No look in time: what there is may be replaced by now, so the next verdict needs new hits. */
static void judge_unseen(void)
{
	judge();
	if (others.count)
		hits_before = hits_so_far();
}

/* Under look_lock. Returns whether to look again soon. */
static bool look(unsigned int wait_ms)
{
	struct lg_foreign now;
	u32 there = who_is_there();
	bool seen = !lg_foreign_look(target, wait_ms, &now), again;

	mutex_lock(&lock);
	/* hits from before a jump came say nothing of it, nor do those of who was inside then */
	if (LG_REDIRECTED(there) & ~LG_REDIRECTED(known)) {
		hits_before = hits_so_far();
		settling = true;
		settled = jiffies + msecs_to_jiffies(SETTLE_MS);
	}
	if (seen || !ever_seen || (there & ~known)) {
		/* so it is with a livepatch that came, or was coming */
		if (now.count && (now.transition || others.transition ||
				  now.id != others.id || now.count != others.count))
			hits_before = hits_so_far();
		others = now;
		ever_seen |= seen;
	}
	/* also where nobody could be seen: who comes to it now has to be noticed */
	known = there;
	looked = jiffies;
	if (seen)
		judge();
	else
		judge_unseen();
	again = others.count || LG_REDIRECTED(known);
	mutex_unlock(&lock);
	return again;
}

static void watch(struct work_struct *work);
static DECLARE_DELAYED_WORK(watch_work, watch);

static void watch_for(unsigned int wait_ms)
{
	bool again;

	mutex_lock(&look_lock);
	again = look(wait_ms);
	mutex_unlock(&look_lock);
	lg_complain();
	queue_delayed_work(system_power_efficient_wq, &watch_work,
			   msecs_to_jiffies(again ? LOOK_AGAIN_MS : LOOK_MS));
}

static void watch(struct work_struct *work)
{
	watch_for(WAIT_MS);
}

/*
 * Somebody came or went: see who, which nobody has seen yet. The others who want to know wait
 * for the same look.
 */
static void look_if_changed(void)
{
	bool changed;

	mutex_lock(&look_lock);
	mutex_lock(&lock);
	changed = started && who_is_there() != known;
	mutex_unlock(&lock);
	if (changed)
		look(WAIT_MS);
	mutex_unlock(&look_lock);
}

/**
 * lg_health - is the hook where it was put, and in code that runs
 *
 * Waits for up to half a second where somebody has come or gone; what is known of the
 * livepatches that are there is up to a second old.
 *
 * Context: task, may sleep.
 * Return: as far as can be known at this moment.
 */
enum lg_health lg_health(void)
{
	enum lg_health ret = LG_DISARMED;

	mutex_lock(&lock);
	if (started && who_is_there() != known) {
		mutex_unlock(&lock);
		look_if_changed();
		mutex_lock(&lock);
	}
	if (!started)
		goto out;
	if (others.count &&
	    time_after(jiffies, looked + msecs_to_jiffies(2 * LOOK_AGAIN_MS))) {
		/* the worker does not get to it */
		judge_unseen();
		looked = jiffies;
	} else {
		judge();
	}
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
 *
 * Context: task, may sleep. The canary is there.
 */
void lg_health_start(const struct lg_target *t)
{
	target = t;
	health = LG_HOOKED;
	mutex_lock(&lock);
	started = true;
	mutex_unlock(&lock);
	watch_for(FIRST_WAIT_MS);
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
