/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LG_USER_MATH_H
#define LG_USER_MATH_H

#define round_up(x, y)	((((x) - 1) | ((__typeof__(x))(y) - 1)) + 1)

#endif
