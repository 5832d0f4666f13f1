// SPDX-License-Identifier: GPL-2.0-only
/*
 * Livepatches of others on the functions that lead to the loop
 *
 * A livepatch that replaces the function with the loop leaves the hook in code
 * that no longer runs. There is no function to ask who has patched what, but
 * sysfs says it: /sys/kernel/livepatch/PATCH/vmlinux/FUNCTION,N.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/jhash.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "foreign.h"
#include "scx_loopguard.h"
#include "sysfs.h"
#include "target.h"
#include "wait.h"

#define LIVEPATCHES "kernel/livepatch"
#define OURS	    KBUILD_MODNAME "_livepatch"

enum {
	MAX_PATCHES	= 64,
};

/*
 * What a look needs; too large for the stack. Where it cannot see, it takes it that
 * there is something.
 */
struct look {
	struct work_struct work;
	struct completion over;
	refcount_t users;		/* the worker and who waits for it */
	const struct lg_target *target;
	struct lg_foreign found;
	unsigned int nr;
	char names[MAX_PATCHES][MODULE_NAME_LEN];
	u64 inos[MAX_PATCHES];		/* one that was loaded anew has another */
	char path[256];
};

struct names {
	struct dir_context ctx;
	struct look *look;
};

/* Not one of the workqueues of the kernel, whose names change. */
static struct workqueue_struct *workers;

/* Opening files from within would take the directory's lock a second time. */
static bool add_name(struct dir_context *ctx, const char *name, int len,
		     loff_t offset, u64 ino, unsigned int type)
{
	struct look *look = container_of(ctx, struct names, ctx)->look;

	if (name[0] == '.' || len >= MODULE_NAME_LEN)
		return true;
	if (look->nr == MAX_PATCHES)
		return false;
	look->inos[look->nr] = ino;
	memcpy(look->names[look->nr], name, len);
	look->names[look->nr++][len] = '\0';
	return true;
}

static int list_patches(struct look *look)
{
	struct names names = { .ctx.actor = add_name, .look = look };
	struct file *dir = lg_sysfs_open(LIVEPATCHES, O_RDONLY | O_DIRECTORY);
	int ret;

	if (IS_ERR(dir))
		return PTR_ERR(dir);
	ret = iterate_dir(dir, &names.ctx);
	filp_close(dir, NULL);
	return ret;
}

struct function_search {
	struct dir_context ctx;
	const char *function;
	bool found;
};

static bool match_function(struct dir_context *ctx, const char *name, int len,
			   loff_t offset, u64 ino, unsigned int type)
{
	struct function_search *s = container_of(ctx, struct function_search, ctx);
	size_t n = strlen(s->function);

	/* "function,position", and compilers append to names */
	s->found = len > n && !memcmp(name, s->function, n) &&
		   (name[n] == ',' || name[n] == '.');
	return !s->found;
}

static bool patches_function(struct look *look, const char *patch,
			     const char *function)
{
	struct function_search s = {
		.ctx.actor = match_function,
		.function = function,
	};
	struct file *dir;

	snprintf(look->path, sizeof(look->path), LIVEPATCHES "/%s/vmlinux",
		 patch);
	dir = lg_sysfs_open(look->path, O_RDONLY | O_DIRECTORY);
	if (IS_ERR(dir))
		return PTR_ERR(dir) != -ENOENT;
	if (iterate_dir(dir, &s.ctx))
		s.found = true;
	filp_close(dir, NULL);
	return s.found;
}

static bool patches_way_to_loop(struct look *look, const char *patch)
{
	const char *function;
	u32 i;

	for (i = 0; (function = lg_way_to_loop(i)); i++)
		if (patches_function(look, patch, function))
			return true;
	return false;
}

static bool is_set(struct look *look, const char *patch, const char *attribute)
{
	struct file *file;
	char c = '1';
	loff_t pos = 0;

	snprintf(look->path, sizeof(look->path), LIVEPATCHES "/%s/%s", patch,
		 attribute);
	file = lg_sysfs_open(look->path, O_RDONLY);
	if (IS_ERR(file))
		return PTR_ERR(file) != -ENOENT;
	kernel_read(file, &c, 1, &pos);
	filp_close(file, NULL);
	return c == '1';
}

/*
 * Is it in force, or on its way? What begins sets "transition" before it changes "enabled", and
 * clears it after that, so one that changes sides meanwhile is seen by the one or the other.
 */
static bool is_in_force(struct look *look, const char *patch, bool *transition)
{
	bool enabled = is_set(look, patch, "enabled");

	*transition = is_set(look, patch, "transition");
	return enabled || *transition || is_set(look, patch, "enabled");
}

static void assume_one(struct lg_foreign *found)
{
	found->count = 1;
	found->unseen = true;
	found->waits = true;
	strscpy(found->name, "(unknown)", sizeof(found->name));
}

static void look_around(struct look *look)
{
	struct lg_foreign *found = &look->found;
	bool transition;
	unsigned int i;

	if (list_patches(look) || look->nr == MAX_PATCHES) {
		/* then at least, is anybody at a function's entry? */
		if (lg_target_entries(look->target))
			assume_one(found);
		found->waits = true;
		return;
	}

	for (i = 0; i < look->nr; i++) {
		const char *patch = look->names[i];

		if (!strcmp(patch, OURS))
			continue;
		if (!is_in_force(look, patch, &transition))
			continue;
		found->waits |= patches_function(look, patch, LG_WAIT_FUNCTION);
		if (!patches_way_to_loop(look, patch))
			continue;
		found->count++;
		found->transition |= transition;
		found->id = jhash(patch, strlen(patch), found->id);
		found->id = jhash(&look->inos[i], sizeof(look->inos[i]), found->id);
		strscpy(found->name, patch, sizeof(found->name));
	}
}

static void put(struct look *look)
{
	if (refcount_dec_and_test(&look->users))
		kfree(look);
}

static void look_in_worker(struct work_struct *work)
{
	struct look *look = container_of(work, struct look, work);

	look_around(look);
	complete(&look->over);
	put(look);
}

/**
 * lg_foreign_start - get ready to look
 *
 * Context: task, may sleep.
 * Return: 0 or -ENOMEM.
 */
int lg_foreign_start(void)
{
	workers = alloc_workqueue(KBUILD_MODNAME, WQ_UNBOUND, 0);
	return workers ? 0 : -ENOMEM;
}

/**
 * lg_foreign_stop - no more looks
 *
 * Context: task, may sleep.
 */
void lg_foreign_stop(void)
{
	destroy_workqueue(workers);
}

/**
 * lg_foreign_look - who else patches the functions that lead to the loop
 * @target: what was found
 * @wait_ms: how long to wait at most, as a storm may starve workers
 * @found: filled in; where the look fails it is as if there were one
 *
 * In a worker, as the caller may not be allowed to look. It may be showing a file of sysfs:
 * the worker's locks are those of other files, but lockdep, which knows them by their kind,
 * would see with flush_work() that each waits for itself. Under a BPF scheduler that starves the
 * worker who waits does not wait for long: there may be locks that others want.
 *
 * Context: task, may sleep. Not after lg_foreign_stop().
 * Return: 0, or -ETIMEDOUT if there was no look in time.
 */
int lg_foreign_look(const struct lg_target *target, unsigned int wait_ms,
		    struct lg_foreign *found)
{
	struct look *look;
	int ret = 0;

	memset(found, 0, sizeof(*found));
	if (!IS_ENABLED(CONFIG_LIVEPATCH))
		return 0;

	look = kzalloc(sizeof(*look), GFP_KERNEL);
	if (!look) {
		assume_one(found);
		return 0;
	}
	look->target = target;
	refcount_set(&look->users, 2);
	init_completion(&look->over);
	INIT_WORK(&look->work, look_in_worker);
	queue_work(workers, &look->work);
	if (wait_for_completion_timeout(&look->over, msecs_to_jiffies(wait_ms))) {
		*found = look->found;
	} else {
		assume_one(found);
		ret = -ETIMEDOUT;
	}
	put(look);
	return ret;
}
