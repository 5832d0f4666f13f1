# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Iterations that take 20 ms each: up to the limit, be it the kernel's own, they keep
# IRQs off for 600 ms and more. budget_us ends the loop at the next iteration.

kernel=unbounded
variants="2:loopsite 2:loopsite@bounded 2:loopsite@next"
more_variants="2:kretprobe 2:loopsite,livepatch 2:loopsite,livepatch@bounded
2:loopsite@nextbounded 2:loopsite@rt"

storm() {
	sched scx_spin -l 5 -w 20000
	within 5 trips_above 2
}

trips_above() {
	[ "$(($(param trips) + $(param budget_trips)))" -gt $((before + $1)) ]
}

# over NAME: the end of a storm, for host
over() {
	sleep 1
	say "$1-end"
	echo S >/proc/sysrq-trigger
	claim "$1: sysrq ends it" ejected 20 "disabled by sysrq-S"
	wait "$sched_pid"
}

guest() {
	local before=0 state

	load engine="$1"
	state=$(param state)
	[ -z "${2-}" ] || livepatch
	hogs "$(cpus)"
	storm
	say slow
	over slow
	claim "without a budget the loops end at 32" equal 32 "$(param max_loops)"
	claim "and there is no trip of the budget" equal 0 "$(param budget_trips)"
	[ -z "${2-}" ] || say longest "$(figure longest_ns)"
	[ -z "${2-}" ] || echo 1 >$figures/reset

	echo 50000 >$params/budget_us
	claim "with one it is armed" equal armed "$(param state)"
	before=$(param trips)
	storm
	say bounded
	over bounded
	claim "invocations spent their budget" positive "$(param budget_trips)"
	claim "none got to the limit" equal "$before" "$(param trips)"
	claim "CPUs were kicked" positive "$(param kicks)"
	hogs_stop
	if [ -n "${2-}" ]; then
		say budget "$(figure longest_ns)"
		# an iteration under way at the end of the budget is finished
		claim "the longest invocation is as long as the budget and an iteration" \
			between 40000000 90000000 "$(figure longest_ns)"
		livepatch_off
	fi

	echo N >$params/enforce
	claim "enforce=N: nothing is changed" not equal armed "$(param state)"
	echo Y >$params/enforce
	echo 0 >$params/budget_us
	claim "it can be turned off" equal "$state" "$(param state)"
	before=$(param budget_trips)
	sched scx_simple
	normal_work
	echo 1000000 >$params/budget_us
	normal_work
	claim "a scheduler that behaves does not spend it" \
		equal "$before" "$(param budget_trips)"
	sched_stop
	claim "rmmod succeeds" rmmod scx_loopguard
}

host() {
	claim "the guest finishes" vm_wait 180
	slow=$(longest_gap "$(mark slow)" "$(mark slow-end)")
	bounded=$(longest_gap "$(mark bounded)" "$(mark bounded-end)")
	claim "without a budget a CPU misses its heartbeat for half a second" at_least 500 "$slow"
	claim "with one it does not for a quarter" at_most 250 "$bounded"
	echo "figure budget $kernel_name $words $slow $bounded $(word_of longest) $(word_of budget)"
}
