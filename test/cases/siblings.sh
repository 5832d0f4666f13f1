# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# With core scheduling a CPU dispatches for its SMT sibling too. A loop that was ended
# for the sibling's rq is followed by a kick of the sibling.

kernel=core
variants="4:loopsite"
more_variants="4:kretprobe 4:loopsite,livepatch"
smt=2

tracing=/sys/kernel/debug/tracing

sent_to_siblings() {
	grep "resched_here <-" $tracing/trace | grep -cv "<-kick\|<-invocation_over"
}

guest() {
	claim "CPUs have siblings" equal 0-1 \
		"$(cat /sys/devices/system/cpu/cpu0/topology/thread_siblings_list)"
	load engine="$1"
	[ -z "${2-}" ] || livepatch
	echo resched_here >$tracing/set_ftrace_filter
	echo function >$tracing/current_tracer
	hogs 6 alone
	sched scx_spin -l 5
	say storm
	claim "the watchdog ejects the scheduler" \
		ejected 40 "runnable task stall"
	echo 0 >$tracing/tracing_on
	claim "loops end at the limit" equal 32 "$(param max_loops)"
	claim "siblings were kicked" positive "$(sent_to_siblings)"
	claim "it is armed" equal armed "$(param state)"
	echo nop >$tracing/current_tracer
	hogs_stop
	claim "normal work goes on" normal_work
	[ -z "${2-}" ] || livepatch_off
	claim "rmmod succeeds" rmmod scx_loopguard
}

host() {
	claim "the guest finishes" vm_wait 180
	claim "no CPU misses its heartbeat for a second" \
		at_most 1000 "$(longest_gap "$(mark storm)" "$(mark end)")"
}
