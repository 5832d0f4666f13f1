# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Tracers on the same functions, and on the very instruction, see what they would
# see without the module, and the rescue works under them. Only a probe that is on
# that instruction before the module comes hides it, and then the module is refused.

kernel=unbounded
variants="2:loopsite"
more_variants="2:callsite 2:loopsite,livepatch"

# start_tracing SITE: function tracer on the functions, probes on them and the site
start_tracing() {
	echo "$loop consume_dispatch_q" >$tracing/set_ftrace_filter
	{
		echo "p:entry $loop"
		echo "r:return consume_dispatch_q"
		echo "p:site $1"
	} >$tracing/kprobe_events
	echo 1 >$tracing/events/kprobes/enable
	echo function >$tracing/current_tracer
}

stop_tracing() {
	echo nop >$tracing/current_tracer
	echo 0 >$tracing/events/kprobes/enable
	echo >$tracing/kprobe_events
	echo >$tracing/set_ftrace_filter
}

traced() {
	grep -q "$1" $tracing/trace
}

traces_all() {
	local what

	echo >$tracing/trace
	normal_work
	for what in "$loop <-" "consume_dispatch_q <-" entry: return: site:; do
		claim "$1: the trace has '$what'" traced "$what"
	done
}

rescues() {
	local before

	before=$(param trips)
	sched scx_spin -l 5
	claim "$1: the watchdog ejects the scheduler" \
		ejected 40 "runnable task stall"
	wait "$sched_pid"
	claim "$1: loops end at the limit" equal 32 "$(param max_loops)"
	claim "$1: there were trips" [ "$(param trips)" -gt "$before" ]
}

guest() {
	local site

	loop=$(loop_function)
	# the tracers come later
	load engine="$1"
	[ -z "${2-}" ] || livepatch
	claim "the engine" equal "${2-}${2:++}$1" "$(param engine)"
	site=$(param target)
	start_tracing "$site"
	sched scx_simple
	traces_all "tracers after the module"
	claim "it is armed under them" equal armed "$(param state)"
	claim "it is hit" positive "$(param hits)"
	sched_stop
	rescues "tracers after the module"
	[ -z "${2-}" ] || livepatch_off
	claim "rmmod under tracers succeeds" unload

	# and earlier
	sched scx_simple
	traces_all "without the module"
	claim "a probe on the site hides it" not load engine="$1"
	claim "the log has a hint" logged "somebody else's kprobe is in the way"
	stop_tracing
	start_tracing "$loop+0x9"
	load engine="$1"
	[ -z "${2-}" ] || livepatch
	traces_all "tracers before the module"
	sched_stop
	rescues "tracers before the module"
	stop_tracing
	rescues "without tracers"
	[ -z "${2-}" ] || livepatch_off
	claim "rmmod succeeds" unload
	claim "no kprobe is left" not grep -q . /sys/kernel/debug/kprobes/list
}

host() {
	claim "the guest finishes" vm_wait 240
}
