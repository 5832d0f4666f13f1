# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# The limit is exact: an endless loop is ended after that many iterations, not one
# more and not one fewer, whether it is set at load or later.

kernel=unbounded
variants="2"

# The most iterations in one invocation of an endless loop.
loops_of_a_storm() {
	sched scx_spin -l 5
	within 5 trips_above 20
	echo S >/proc/sysrq-trigger
	ejected 5 "disabled by sysrq-S"
	wait "$sched_pid"
	param max_loops
}

trips_above() {
	[ "$(param trips)" -gt "$1" ]
}

# On a CPU of its own, in an invocation that would take four seconds.
lowered_meanwhile() {
	load
	taskset -p 2 $$
	sched scx_spin -l 5 -c 0 -w 1000
	within 10 trips_above 2
	echo 4096 >$params/limit
	usleep 500000
	echo 32 >$params/limit
	within 10 trips_above "$(param trips)"
	sched_stop
	# what the old settings allow is looked at every 64 iterations
	claim "a limit that is lowered ends an invocation that is under way" \
		between 65 3000 "$(param max_loops)"
	rmmod scx_loopguard
}

guest() {
	local limit

	for limit in 1 2 31 32 33 100 4096; do
		load limit="$limit"
		claim "limit=$limit at load is shown" \
			equal "$limit" "$(param limit)"
		claim "limit=$limit: loops end at $limit" \
			equal "$limit" "$(loops_of_a_storm)"
		claim "limit=$limit: each trip is a kick" \
			equal "$(param trips)" "$(param kicks)"
		claim "limit=$limit: rmmod succeeds" rmmod scx_loopguard
	done

	load
	echo 7 >$params/limit
	claim "limit written at run time: loops end at it" \
		equal 7 "$(loops_of_a_storm)"
	rmmod scx_loopguard
	lowered_meanwhile
}

host() {
	claim "the guest finishes" vm_wait 120
}
