// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where a CPU waits for one that it has kicked, from the kernel's code
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>

#include "flow.h"
#include "waits.h"

enum {
	MAX_TEXT	= 64 * 1024,	/* bytes of the function */
};

/* Does a CPU that waits always come to the compare? */
static bool is_always_met(const struct lg_code *code, u8 *map, const struct lg_spin *spin)
{
	if (!spin->once)
		return lg_flow_every_round(code, map, &spin->pause, 1, &spin->offset, 1);
	return lg_flow_only_through(code, map, spin->offset, spin->differs, &spin->pause, 1);
}

static int look_into(const struct lg_layout *layout, u8 *text, struct lg_waits *waits)
{
	u32 offset = layout->kick.seq_offset;
	struct lg_spin *spin = &waits->spin;
	/* from the runqueue, or from the CPU's offset */
	const s32 disps[] = { offset, (s32)(layout->runqueues + offset) };
	const struct lg_code code = {
		.text = text,
		.len = waits->function.size,
		.address = waits->function.address,
	};
	int ret;

	ret = lg_image_read(text, code.address, code.len) ?:
	      lg_arch_find_spin(&code, disps, spin);
	if (ret)
		return ret;
	/* with one CPU only there is nobody to wait for */
	if (!offset || !layout->cpu_offset)
		return -ESRCH;
	return is_always_met(&code, text + code.len, spin) ? 0 : -ESRCH;
}

/**
 * lg_waits_find - find the loop in which a CPU waits
 * @layout: the image's layout, of which some may not be known
 * @waits: filled in; zeroed by the caller
 *
 * Its error is -ENODATA without the function, -ENOENT if nothing in that waits, -ESRCH or
 * -ENOTUNIQ for what is not known, -ENOMEM.
 *
 * Context: task, may sleep.
 */
void lg_waits_find(const struct lg_layout *layout, struct lg_waits *waits)
{
	u8 *text;

	waits->error = -ENODATA;
	if (lg_image_function(LG_WAIT_FUNCTION, &waits->function) &&
	    lg_image_renamed(LG_WAIT_FUNCTION, layout->kick.func, &waits->function))
		return;
	waits->error = -ESRCH;
	if (waits->function.size > MAX_TEXT)
		return;
	waits->error = -ENOMEM;
	/* the text, and as much to work with */
	text = kvmalloc(2 * waits->function.size, GFP_KERNEL);
	if (!text)
		return;
	waits->error = look_into(layout, text, waits);
	kvfree(text);
}
