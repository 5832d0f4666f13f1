# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# A scheduler that needs many iterations before it hands out a task is legitimate.
# Below the limit nothing happens to it; above it, the kick brings it back and its
# tasks go on running.

kernel=unbounded
variants="1:10 2:10 1:100 2:100"

guest() {
	load
	sched scx_spin -n "$1"
	say begin
	claim "-n $1: the guest does normal work" normal_work
	claim "-n $1: the scheduler is still enabled" scx_state enabled
	claim "-n $1: iterations were counted" positive "$(param hits)"
	if [ "$1" -lt 32 ]; then
		claim "-n $1: no trip" equal 0 "$(param trips)"
		claim "-n $1: no kick" equal 0 "$(param kicks)"
		claim "-n $1: the highest count is the iterations in vain" \
			equal $(($1 - 1)) "$(param max_loops)"
	else
		claim "-n $1: trips" positive "$(param trips)"
		claim "-n $1: the highest count is the limit" \
			equal 32 "$(param max_loops)"
	fi
	claim "-n $1: the scheduler ends as usual" sched_stop
	claim "rmmod succeeds" rmmod scx_loopguard
}

host() {
	claim "the guest finishes" vm_wait 120
	claim "no CPU misses its heartbeat for a second" \
		at_most 1000 "$(longest_gap "$(mark begin)" "$(mark end)")"
}
