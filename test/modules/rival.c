// SPDX-License-Identifier: GPL-2.0-only
/* rival - a livepatch as other is, on top of that one */
#include "other.c"
