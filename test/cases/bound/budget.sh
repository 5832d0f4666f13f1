# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Iterations that take 5 ms each: up to the limit, be it the kernel's own, they keep IRQs
# off for 160 ms. budget_us ends the loop at the next iteration. The livepatch measures,
# and tells when an invocation begins; without it the iterations tell how long it was.

kernel=unbounded
# guest time is instructions, or a busy host would be in it
tcg_threads=single
qemu_options="-icount shift=1,sleep=off"
variants="2:loopsite,livepatch"
more_variants="2:loopsite@bounded 2:loopsite 2:callsite 2:loopsite,livepatch@bounded 2:loopsite@next 2:loopsite,livepatch@next
2:loopsite@nextbounded 2:loopsite@rt"

# storm NAME: slow iterations until there are some trips, of the counter in $trips. The hogs
# are not there before and after it: a livepatch comes and goes with hundreds of patched
# places, and on one emulated thread each waits until a busy CPU has used up its turn.
storm() {
	hogs "$(cpus)"
	sched scx_spin -l 5 -w 5000
	claim "$1: it trips" within 20 trips_above 5
	say "$1"
	sleep 1
	say "$1-end"
	echo S >/proc/sysrq-trigger
	# the watchdog may be faster: its own look is late
	claim "$1: it ends" within 20 scx_state disabled
	wait "$sched_pid"
	hogs_stop
}

trips_above() {
	[ "$(param $trips)" -gt "$1" ]
}

# start ENGINE LIVEPATCH OPTION...
start() {
	local engine=$1 with=$2

	shift 2
	load engine="$engine" "$@"
	[ -z "$with" ] || livepatch
}

stop() {
	[ -z "$1" ] || livepatch_off
	claim "rmmod succeeds" unload
}

guest() {
	local state trips

	start "$1" "${2-}"
	# read before the storm, in which the look for livepatches that a read causes may
	# be too late, and then it is lost until the next one
	state=$(param state)
	trips=trips
	storm slow
	claim "without a budget the loops end at 32" equal 32 "$(param max_loops)"
	claim "and no trip is of the budget" equal 0 "$(param budget_trips)"
	if [ -n "${2-}" ]; then
		say longest-slow "$(figure longest_ns)"
		claim "the longest keeps IRQs off for 160 ms" \
			between 155000000 999999999 "$(figure longest_ns)"
	fi
	stop "${2-}"

	start "$1" "${2-}" budget_us=20000
	claim "with a budget it is armed" equal armed "$(param state)"
	trips=budget_trips
	storm short
	claim "none got to the limit" equal 0 "$(param trips)"
	claim "each trip is a kick" equal "$(param budget_trips)" "$(param kicks)"
	# the clock starts with the first, and the fifth that follows it is too late; before
	# the fourth no budget is spent
	say loops "$(param max_loops)"
	claim "the budget is spent after 4 to 6 iterations" \
		between 4 6 "$(param max_loops)"
	claim "last_trip_ops names the scheduler" equal spin "$(param last_trip_ops)"
	if [ -n "${2-}" ]; then
		say longest-short "$(figure longest_ns)"
		claim "the longest is the budget, and the iteration that was under way" \
			between 20000000 60000000 "$(figure longest_ns)"
	fi

	trips=$(param budget_trips)
	echo N >$params/enforce
	claim "enforce=N: it is not armed" not equal armed "$(param state)"
	echo Y >$params/enforce
	echo 1000000 >$params/budget_us
	sched scx_simple
	normal_work
	claim "a scheduler that behaves does not spend it" \
		equal "$trips" "$(param budget_trips)"
	sched_stop
	echo 0 >$params/budget_us
	claim "it can be turned off" equal "$state" "$(param state)"
	stop "${2-}"
}

host() {
	claim "the guest finishes" vm_wait 180
	# with and without a budget it takes a few invocations from one to the next, how many
	# is up to chance: 250 to 550 ms and 500 to 1100 were seen
	claim "with a budget no CPU misses its heartbeat for a second" \
		beats_within 1000 short short-end
	echo "figure budget $kernel_name $words $(longest_gap "$(mark slow)" "$(mark slow-end)") $(longest_gap "$(mark short)" "$(mark short-end)") $(word_of loops) $(word_of longest-slow) $(word_of longest-short)"
}
