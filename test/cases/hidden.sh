# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# The function graph tracer hides return addresses, by which the engine kretprobe
# tells the loop from other callers. Then it is lost, and back when the tracer is gone.

kernel=unbounded
variants="2"
more_variants="2:@small"

state_is() {
	normal_work
	[ "$(param state)" = "$1" ]
}

# the calls of the other hogs are seen all the time, between those of the one that is traced
stays_lost() {
	local i=0

	while [ $i -lt 20 ]; do
		equal lost "$(param state)" || return 1
		usleep 100000
		i=$((i + 1))
	done
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

	# two on each CPU, so that one of them is always on its way out
	hogs 4
	echo "${hog_pids##* }" >$tracing/set_ftrace_pid
	echo function_graph >$tracing/current_tracer
	claim "it is lost when those of one task are" within 10 state_is lost
	claim "and stays it" stays_lost
	echo nop >$tracing/current_tracer
	echo >$tracing/set_ftrace_pid
	claim "it is armed when they are not again" within 10 state_is armed
	hogs_stop
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
