# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Schedulers that behave never notice the module.

kernel=unbounded
variants="2:loopsite 2:kretprobe"

# scx_central's init wants to be on CPU 0 and pins its loader there, but this kernel
# runs init in a thread of its own, anywhere: it fails every other time, with or
# without the module.
start() {
	local tries=8

	sched "$@"
	sleep 1
	while [ "$1" = scx_central ] && scx_state disabled && [ $tries -gt 0 ]; do
		sched "$@"
		sleep 1
		tries=$((tries - 1))
	done
}

guest() {
	local s

	load engine="$1"
	for s in scx_simple scx_qmap scx_central scx_spin "scx_spin -b 8"; do
		# shellcheck disable=SC2086
		start $s
		hogs 3
		claim "$s: the guest does normal work" normal_work
		claim "$s: it is still enabled" scx_state enabled
		hogs_stop
		claim "$s: it ends as usual" sched_stop
	done
	claim "iterations were counted" positive "$(param hits)"
	claim "no trip" equal 0 "$(param trips)"
	claim "no kick" equal 0 "$(param kicks)"
	claim "no trip is on record" equal "-1 0 none" \
		"$(param last_trip_cpu) $(param last_trip_ns) $(param last_trip_ops)"
	claim "rmmod succeeds" rmmod scx_loopguard
}
