# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Schedulers that behave never notice the module.

kernel=unbounded
variants="2:loopsite"
more_variants="2:callsite"
# five schedulers, each of which the verifier reads first
timeout=180

guest() {
	local s

	load engine="$1"
	for s in scx_simple scx_qmap scx_central scx_spin "scx_spin -b 8"; do
		[ "$s" != scx_central ] || init_on_cpu0
		# shellcheck disable=SC2086
		sched $s
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
	claim "rmmod succeeds" unload
}
