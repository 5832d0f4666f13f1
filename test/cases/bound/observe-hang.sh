# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# With enforce=N the guest hangs as it does without the module.

kernel=unbounded
variants="2"
hangs=yes
no_debug='*'	# nobody is left to report anything

guest() {
	load enforce=N
	say state "$(param state)"
	say_where
	hogs "$(cpus)"
	say storm
	sched scx_spin -l 5
	within 60 false
}

host() {
	claim "the guest gets as far as the storm" vm_wait_for 60 ' storm$'
	claim "the state is observing" [ "$(word_of state)" = observing ]
	claim "the heartbeat of every CPU stops" silent_for 8 60
	claim "every CPU has IRQs off, in the dispatch loop or waiting for one that is" \
		all_cpus_trapped
}
