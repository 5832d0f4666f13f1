# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# The state is what is true, not what was once achieved: a probe that is disarmed
# later is lost, and back when it is armed again.

kernel=unbounded
variants="2:loopsite"
more_variants="2:callsite"

in_log() { # COUNT PATTERN
	equal "$1" "$(news | grep -c -e "$2")"
}

# lost_and_back FILE: what its 0 takes away, its 1 brings back.
lost_and_back() {
	claim "$1: the hook is live" equal Y "$(param live)"
	mark_log
	echo 0 >"$1"
	claim "$1: 0 is seen without anybody asking" within 10 \
		newly_logged "scx_loopguard: lost: the probe is disarmed"
	claim "$1: the state is lost" equal lost "$(param state)"
	claim "$1: it is not live any more" equal N "$(param live)"
	echo 1 >"$1"
	claim "$1: 1 is seen at once" equal armed "$(param state)"
	claim "$1: the log has one line of each" \
		in_log 2 "scx_loopguard:"
	claim "$1: it is live when it is hit" within 5 is_live
}

is_live() {
	normal_work
	[ "$(param live)" = Y ]
}

guest() {
	load engine="$1"
	claim "it is not live before it is hit" equal N "$(param live)"
	sched scx_simple
	normal_work
	lost_and_back /sys/kernel/debug/kprobes/enabled
	sched_stop

	sched scx_spin -l 5
	claim "it rescues after all that" ejected 40 "runnable task stall"
	claim "the highest count is the limit" equal 32 "$(param max_loops)"
	claim "rmmod succeeds" unload
}

host() {
	claim "the guest finishes" vm_wait 180
}
