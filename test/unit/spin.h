/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UNIT_SPIN_H
#define UNIT_SPIN_H

struct lg_code;

void claim(int holds, const char *what);
void test_spin_forms(void);
void test_spin(const struct lg_code *code, s32 offset, s32 runqueues);
void test_no_spin(const struct lg_code *code);

#endif
