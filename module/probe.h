/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Taking a kprobe away for good
 */
#ifndef LG_PROBE_H
#define LG_PROBE_H

struct kprobe;

void lg_probe_disable(struct kprobe *probe);

#endif
