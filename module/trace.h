/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints scx_loopguard:trip, :kick_wait and :eject; their fields are promised in
 * the file ABI
 *
 * They are hit by the irq_work when the invocation or the wait is over, so what is attached to them
 * runs in a hard interrupt, under no lock of the scheduler.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM scx_loopguard

#if !defined(LG_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define LG_TRACE_H

#include <linux/tracepoint.h>

#include "trip.h"

TRACE_EVENT(trip,
	TP_PROTO(const struct lg_trip *trip),
	TP_ARGS(trip),
	TP_STRUCT__entry(
		__field(int, cpu)
		__field(u32, loops)
		__field(u64, duration)
		__field(u32, more)
		__field(bool, budget)
		__array(char, comm, TASK_COMM_LEN)
		__array(char, ops, LG_OPS_NAME_LEN)
	),
	TP_fast_assign(
		__entry->cpu = smp_processor_id();
		__entry->loops = trip->loops;
		__entry->duration = trip->duration;
		__entry->more = trip->more;
		__entry->budget = trip->budget;
		memcpy(__entry->comm, trip->comm, TASK_COMM_LEN);
		memcpy(__entry->ops, trip->ops, LG_OPS_NAME_LEN);
	),
	TP_printk("ops=%s cpu=%d loops=%u duration=%llu budget=%d more=%u comm=%s",
		  __entry->ops, __entry->cpu, __entry->loops,
		  __entry->duration, __entry->budget, __entry->more,
		  __entry->comm)
);

TRACE_EVENT(kick_wait,
	TP_PROTO(const struct lg_trip *trip),
	TP_ARGS(trip),
	TP_STRUCT__entry(
		__field(int, cpu)
		__field(int, for_cpu)
		__field(u64, duration)
		__field(u32, more)
		__array(char, comm, TASK_COMM_LEN)
		__array(char, ops, LG_OPS_NAME_LEN)
	),
	TP_fast_assign(
		__entry->cpu = smp_processor_id();
		__entry->for_cpu = trip->for_cpu;
		__entry->duration = trip->duration;
		__entry->more = trip->more;
		memcpy(__entry->comm, trip->comm, TASK_COMM_LEN);
		memcpy(__entry->ops, trip->ops, LG_OPS_NAME_LEN);
	),
	TP_printk("ops=%s cpu=%d for_cpu=%d duration=%llu more=%u comm=%s",
		  __entry->ops, __entry->cpu, __entry->for_cpu,
		  __entry->duration, __entry->more, __entry->comm)
);

TRACE_EVENT(eject,
	TP_PROTO(const struct lg_trip *trip, u64 trips, u64 duration),
	TP_ARGS(trip, trips, duration),
	TP_STRUCT__entry(
		__field(int, cpu)
		__field(u32, loops)
		__field(u64, trips)
		__field(u64, duration)
		__array(char, comm, TASK_COMM_LEN)
		__array(char, ops, LG_OPS_NAME_LEN)
	),
	TP_fast_assign(
		__entry->cpu = smp_processor_id();
		__entry->loops = trip->loops;
		__entry->trips = trips;
		__entry->duration = duration;
		memcpy(__entry->comm, trip->comm, TASK_COMM_LEN);
		memcpy(__entry->ops, trip->ops, LG_OPS_NAME_LEN);
	),
	TP_printk("ops=%s cpu=%d loops=%u trips=%llu duration=%llu comm=%s",
		  __entry->ops, __entry->cpu, __entry->loops, __entry->trips,
		  __entry->duration, __entry->comm)
);

#endif

/* outside of the guard: it is read several times */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
