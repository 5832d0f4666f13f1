# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# A scheduler that loops is dispatched from within another's loop (scx_nest). Each
# loop has a count of its own: both are ended at the limit where both are endless, and
# none is where together they go round more often than that. The control is
# nested-hang.sh.

kernel=next
more_variants="2:loopsite 2:callsite 2:loopsite,livepatch"

# nest ROOTS_OPTIONS CHILDS_OPTIONS
nest() {
	# shellcheck disable=SC2086
	sched scx_nest $1
	claim "$1: the root's scheduler is enabled" scx_state enabled
	# shellcheck disable=SC2086
	normally scx_nest -c $cgroup $2 >/tmp/child.log 2>&1 &
	child_pid=$!
	claim "$2: the child's scheduler is enabled" within 20 grep -q enabled /tmp/child.log
}

nested_so_far() {
	sed -n 's/.*nested=//p' /tmp/sched.log | tail -n 1
}

both_enabled() {
	scx_state enabled && kill -0 "$child_pid"
}

guest() {
	load engine="$1" limit=8
	[ -z "${2-}" ] || livepatch
	below
	hogs "$(cpus)"

	nest "-n 5" "-n 5"
	sleep 2
	kill "$child_pid"
	wait "$child_pid"
	sched_stop
	claim "the child was dispatched" positive "$(nested_so_far)"
	claim "together they looped more than the limit, and that is no trip" \
		equal 0 "$(param trips)"
	# five, and the one that finds that nothing was dispatched
	claim "the longest loop was one of six" equal 6 "$(param max_loops)"

	# the root begins when the child is there
	nest "-l 1000" "-l 5"
	say storm
	claim "the child's scheduler loops" within 30 grep -q "phantoms=[1-9]" /tmp/child.log
	claim "the root's loops too" within 60 grep -q "phantoms=[1-9]" /tmp/sched.log
	claim "they trip" tripped
	claim "normal work goes on" normal_work
	claim "both are still enabled" both_enabled
	echo S >/proc/sysrq-trigger
	claim "sysrq ejects them" ejected 10 "disabled by sysrq-S"
	wait "$child_pid" "$sched_pid"
	claim "all loops end at the limit" equal 8 "$(param max_loops)"
	claim "last_trip_ops names one of them" equal nest "$(param last_trip_ops)"
	claim "it is armed" equal armed "$(param state)"
	hogs_stop
	[ -z "${2-}" ] || livepatch_off
	claim "rmmod succeeds" unload
}

host() {
	claim "the guest finishes" vm_wait 180
	claim "no CPU misses its heartbeat for a second" \
		beats_within 1000 storm end
}
