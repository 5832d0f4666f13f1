// SPDX-License-Identifier: GPL-2.0-only
/*
 * other - somebody else's livepatch of a function, for the tests
 *
 * function=NAME is patched. With pass=Y its original goes on running, called by the
 * patch; with pass=N it never does, and a scheduler whose loop it has stands still.
 * replace=Y is a cumulative livepatch, that takes all others away. With hold=NAME that function
 * is patched too, its original goes on, and a task in it holds up the transition.
 */
#include <linux/livepatch.h>
#include <linux/module.h>
#include <linux/static_call.h>

static char *function = "balance_scx";
module_param(function, charp, 0444);
static bool pass = true;
module_param(pass, bool, 0444);
static bool replace;
module_param(replace, bool, 0444);
static char *hold;
module_param(hold, charp, 0444);

typedef unsigned long body_fn(unsigned long a, unsigned long b, unsigned long c);

DEFINE_STATIC_CALL_NULL(other_body, body_fn);
DEFINE_STATIC_CALL_NULL(other_held, body_fn);

static unsigned long passing(unsigned long a, unsigned long b, unsigned long c)
{
	return static_call(other_body)(a, b, c);
}

static unsigned long holding(unsigned long a, unsigned long b, unsigned long c)
{
	return static_call(other_held)(a, b, c);
}

static unsigned long replacing(unsigned long a, unsigned long b, unsigned long c)
{
	return 0;
}

static struct klp_func funcs[] = {
	{ .old_name = "", .new_func = passing },
	{ },
	{ }
};

static struct klp_object objs[] = {
	{ .funcs = funcs },
	{ }
};

static struct klp_patch patch = {
	.mod = THIS_MODULE,
	.objs = objs,
};

/* The kernel has told where it is by now: behind ENDBR and fentry it goes on. */
static body_fn *body_of(const struct klp_func *func)
{
	const u8 *at = func->old_func;

	/* no call of fentry, nor the nop in its place: ENDBR, or what replaces it */
	if (at[0] != 0xe8 && !(at[0] == 0x0f && at[2] == 0x44))
		at += 4;
	return (body_fn *)(at + 5);
}

static int find_bodies(struct klp_object *obj)
{
	static_call_update(other_body, body_of(&funcs[0]));
	if (hold)
		static_call_update(other_held, body_of(&funcs[1]));
	return 0;
}

static int __init other_init(void)
{
	funcs[0].old_name = function;
	if (!pass)
		funcs[0].new_func = replacing;
	if (hold) {
		funcs[1].old_name = hold;
		funcs[1].new_func = holding;
	}
	objs[0].callbacks.pre_patch = find_bodies;
	patch.replace = replace;
	return klp_enable_patch(&patch);
}

static void __exit other_exit(void)
{
}

module_init(other_init);
module_exit(other_exit);

MODULE_DESCRIPTION("Somebody else's livepatch");
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
