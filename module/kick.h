/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What runs once IRQs are on again: the kick, and all that may not be done in the loop
 */
#ifndef LG_KICK_H
#define LG_KICK_H

int lg_kick_start(void);
void lg_kick_stop(void);
void lg_kick_all(void);
void lg_complain(void);

#endif
