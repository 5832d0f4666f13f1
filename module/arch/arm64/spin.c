// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding the loop in which a CPU waits for one that it has kicked
 *
 * Only whether there is one: what a guard would have to know of it is not known of this
 * processor's code. cpu_relax() is a yield, and what waits for a change of memory is a wfe.
 */
#include <linux/errno.h>
#include <linux/types.h>

#include "../arch.h"
#include "insn.h"

/**
 * lg_arch_find_spin - find the loop in which a CPU waits for another one's sequence
 * @code: the text of the function that has it
 * @disps: the two displacements that the sequence may have
 * @spin: set on success only
 *
 * Context: any.
 * Return: -ENOENT if nothing waits there, -ESRCH if what waits is not known.
 */
int lg_arch_find_spin(const struct lg_code *code, const s32 *disps, struct lg_spin *spin)
{
	struct a64_insn x;
	u32 at;

	/* what cannot be decoded may be data between functions, and is no wait */
	for (at = 0; at < code->len; at += A64_LEN)
		if (a64_decode(code, at, &x) && x.form == A64_WAIT)
			return -ESRCH;
	return -ENOENT;
}
