/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LG_USER_STRINGIFY_H
#define LG_USER_STRINGIFY_H

#define __stringify_1(x...)	#x
#define __stringify(x...)	__stringify_1(x)

#endif
