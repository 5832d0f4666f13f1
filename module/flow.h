/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ways that a function's code may take
 */
#ifndef LG_FLOW_H
#define LG_FLOW_H

#include "code.h"

int lg_flow_calls(const struct lg_code *code, lg_is_function_t is_function, u32 *calls,
		  int max);
int lg_flow_targets(const struct lg_code *piece, const struct lg_code *code, u32 *targets,
		    int max);
bool lg_flow_every_round(const struct lg_code *code, u8 *map, const u32 *starts,
			 int nr_starts, const u32 *sites, int nr_sites);
bool lg_flow_once_a_round(const struct lg_code *code, u8 *map, const u32 *starts,
			  int nr_starts, const u32 *sites, int nr_sites);
bool lg_flow_only_through(const struct lg_code *code, u8 *map, u32 gate, u32 away,
			  const u32 *starts, int nr_starts);
int lg_flow_in_rounds(const struct lg_code *code, u8 *map, const u32 *starts,
		      int nr_starts, u32 *calls, int nr_calls);

#endif
