# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# The function graph tracer hides return addresses, by which the engine kretprobe
# tells the loop from other callers. Then it is lost, and back when the tracer is gone; and
# with any other who is called at the function's entry, as that may be such a one.

kernel=unbounded
more_variants="2 2:@small"

state_is() {
	normal_work
	[ "$(param state)" = "$1" ]
}

stays_lost() {
	local i=0

	while [ $i -lt 40 ]; do
		equal lost "$(param state)" || return 1
		usleep 100000
		i=$((i + 1))
	done
}

trace_graph() {
	echo consume_dispatch_q >$tracing/set_graph_function
	echo consume_dispatch_q >$tracing/set_ftrace_filter
	echo function_graph >$tracing/current_tracer
}

guest() {
	load engine=kretprobe
	claim "it is armed without a scheduler" equal armed "$(param state)"
	trace_graph
	claim "where a tracer may hide what nobody has called yet it is lost" equal lost "$(param state)"
	echo nop >$tracing/current_tracer
	claim "it is armed without the tracer" equal armed "$(param state)"
	echo consume_dispatch_q >$tracing/set_ftrace_filter
	echo function >$tracing/current_tracer
	claim "any tracer may be one that hides" equal lost "$(param state)"
	echo nop >$tracing/current_tracer
	echo "p:there consume_dispatch_q" >$tracing/kprobe_events
	echo 1 >$tracing/events/kprobes/enable
	claim "a kprobe there hides nothing" equal armed "$(param state)"
	echo 0 >$tracing/events/kprobes/enable
	echo >$tracing/kprobe_events
	sched scx_simple
	claim "it is armed" within 10 state_is armed
	trace_graph
	claim "it is lost when its calls are traced" within 10 state_is lost
	echo nop >$tracing/current_tracer
	claim "it is armed when they are not" within 10 state_is armed

	# the calls of the others are seen all the time
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
