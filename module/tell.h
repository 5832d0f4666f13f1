/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Telling of trips: a tracepoint, and a line in the log now and then
 */
#ifndef LG_TELL_H
#define LG_TELL_H

#include "trip.h"

void lg_tell_trip(const struct lg_trip *trip);
void lg_tell_wait(const struct lg_trip *trip);
void lg_tell_eject(const struct lg_trip *trip, u64 trips, u64 duration);
bool lg_trips_are_traced(void);

#endif
