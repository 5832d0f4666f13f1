# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# The function graph tracer hides return addresses, by which the engine kretprobe
# tells the loop from other callers. Then it is lost, and back when the tracer is gone.

kernel=small
more_variants="2"

tracing=/sys/kernel/debug/tracing

state_is() {
	normal_work
	[ "$(param state)" = "$1" ]
}

guest() {
	load engine=kretprobe
	sched scx_simple
	claim "it is armed" within 10 state_is armed
	echo consume_dispatch_q >$tracing/set_graph_function
	echo consume_dispatch_q >$tracing/set_ftrace_filter
	echo function_graph >$tracing/current_tracer
	claim "it is lost when its calls are traced" within 10 state_is lost
	echo nop >$tracing/current_tracer
	claim "it is armed when they are not" within 10 state_is armed
	sched_stop
	rmmod scx_loopguard

	load engine=loopsite
	sched scx_simple
	echo function_graph >$tracing/current_tracer
	normal_work
	claim "the engine loopsite does not mind" equal armed "$(param state)"
	sched_stop
	sched scx_spin -l 5
	claim "it rescues" ejected 40 "runnable task stall"
	echo nop >$tracing/current_tracer
	claim "rmmod succeeds" rmmod scx_loopguard
}

host() {
	claim "the guest finishes" vm_wait 180
}
