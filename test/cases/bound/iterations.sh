# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# A scheduler that needs many iterations before it hands out a task is legitimate.
# Below the limit nothing happens to it; above it, the kick brings it back and its
# tasks go on running.

kernel=unbounded
variants="2:10 2:100 1:3200"
more_variants="1:10 1:100 2:10,livepatch"

# To hand out one task takes a hundred kicks. Were they missing, the task that ran
# before would be kept for a slice of 20 ms each time: two seconds for a hand-out.
handed_out_in_4s() {
	hogs 3
	sleep 4
	hogs_stop
	sleep 1.5		# scx_spin prints once a second
	sed -n 's/.*dispatched=\([0-9]*\).*/\1/p' /tmp/sched.log | tail -n 1
}

guest() {
	load
	[ -z "${2-}" ] || livepatch
	sched scx_spin -n "$1"
	say begin
	if [ "$1" -lt 1000 ]; then
		claim "-n $1: the guest does normal work" normal_work
	else
		claim "-n $1: kicks bring it back, 10 tasks are handed out in 4 s" \
			between 10 100000 "$(handed_out_in_4s)"
	fi
	claim "-n $1: the scheduler is still enabled" scx_state enabled
	claim "-n $1: iterations were counted" positive "$(param hits)"
	if [ "$1" -lt 32 ]; then
		claim "-n $1: no trip" equal 0 "$(param trips)"
		claim "-n $1: no kick" equal 0 "$(param kicks)"
		# and now and then one more, for a task that another CPU took
		claim "-n $1: the highest count is the iterations in vain" \
			between $(($1 - 1)) $(($1 + 5)) "$(param max_loops)"
	else
		claim "-n $1: trips" positive "$(param trips)"
		claim "-n $1: the highest count is the limit" \
			equal 32 "$(param max_loops)"
	fi
	claim "-n $1: the scheduler ends as usual" sched_stop
	[ -z "${2-}" ] || livepatch_off
	claim "rmmod succeeds" unload
}

host() {
	claim "the guest finishes" vm_wait 120
	claim "no CPU misses its heartbeat for a second" \
		beats_within 1000 begin end
}
