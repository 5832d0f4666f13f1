/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keeping the module loaded while it ends loops
 */
#ifndef LG_PIN_H
#define LG_PIN_H

void lg_pin(void);
void lg_pin_stop(void);

#endif
