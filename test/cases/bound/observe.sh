# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# enforce=N counts and changes nothing, neither for the good nor for the bad.

kernel=unbounded
variants="2"

guest() {
	load enforce=N
	claim "the state is observing" equal observing "$(param state)"

	sched scx_simple
	normal_work
	claim "scx_simple: iterations are counted" positive "$(param hits)"
	claim "scx_simple: no trip" equal 0 "$(param trips)"
	sched_stop

	sched scx_spin -n 100
	normal_work
	claim "-n 100: loops are not ended" between 99 200 "$(param max_loops)"
	claim "-n 100: what would trip is counted" positive "$(param trips)"
	claim "-n 100: nothing is kicked" equal 0 "$(param kicks)"

	echo Y >$params/enforce
	claim "the state is armed after enforce=Y" equal armed "$(param state)"
	normal_work
	claim "-n 100: CPUs are kicked after enforce=Y" positive "$(param kicks)"
	sched_stop
	claim "rmmod succeeds" unload
}
