# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# The limit is exact: an endless loop is ended after that many iterations, not one
# more and not one fewer, whether it is set at load or later.

kernel=unbounded
variants="2"
timeout=120

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

# An invocation that is under way when the limit is lowered. It is one of 0.4 s on a CPU of its own,
# and whoever comes to want that CPU's runqueue meanwhile waits for its end, this shell too: then it
# is lowered too late, and comes to be in the next try.
lowered_meanwhile() {
	local try=0

	load
	taskset -p 2 $$
	echo 1 >$tracing/events/scx_loopguard/trip/enable
	sched scx_spin -l 5 -c 0 -w 100
	within 10 trips_above 2
	while [ $try -lt 10 ] && ! ended_between 65 2000; do
		try=$((try + 1))
		lower_in_time
		usleep 100000
	done
	claim "a limit that is lowered ends an invocation that is under way" ended_between 65 2000
	sched_stop
	echo 0 >$tracing/events/scx_loopguard/trip/enable
	unload
}

# When an invocation with the old limit is over, and one with the new one has begun. Nothing is
# forked here.
lower_in_time() {
	local from hits looks=0

	read -r from <$params/hits
	echo 4096 >$params/limit
	while read -r hits <$params/hits; do
		looks=$((looks + 1))
		[ $looks -lt 10000 ] && [ "$hits" -lt $((from + 100)) ] || break
	done
	echo 32 >$params/limit
}

ended_between() {
	sed -n 's/.* loops=\([0-9]*\) .*/\1/p' $tracing/trace |
		awk -v least="$1" -v most="$2" '$1 >= least && $1 <= most { n++ } { loops[$1] }
			END { for (i in loops) print i; exit !n }'
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
		claim "limit=$limit: rmmod succeeds" unload
	done

	load
	echo 7 >$params/limit
	claim "limit written at run time: loops end at it" \
		equal 7 "$(loops_of_a_storm)"
	unload
	lowered_meanwhile
}
