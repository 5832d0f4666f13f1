/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UNIT_GATE_H
#define UNIT_GATE_H

void test_gates(void (*claim)(int holds, const char *what));

#endif
