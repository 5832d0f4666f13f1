# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# On a kernel whose loop site and layout look right but whose dispatch context does
# not name this CPU's runqueue, nothing is written, and the status says so.

kernel=decoy
more_variants="2"

guest() {
	load limit=2
	claim "nothing is wrong at load" equal armed "$(param state)"
	sched scx_spin -n 10
	claim "the guest does normal work" normal_work
	claim "the wrong context shows in the state" \
		equal disabled "$(param state)"
	claim "it is logged, once" equal 1 \
		"$(dmesg | grep -c "disabled: the dispatch loop was reached with a context")"
	claim "nothing was counted" equal "0 0 0" \
		"$(param hits) $(param trips) $(param kicks)"
	claim "the scheduler is still enabled" scx_state enabled
	sched_stop
	claim "rmmod succeeds" unload
	claim "a new load starts afresh" load
	claim "it is armed again" equal armed "$(param state)"
	unload
}
