# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# On a kernel that has the bound the module says so and leaves it to it, unless it
# is told to be tighter.

kernel=bounded
variants="2"

guest() {
	load
	claim "the state is native" equal native "$(param state)"
	claim "the kernel's limit is shown" equal 32 "$(param native_limit)"
	sched scx_spin -l 5
	claim "the watchdog ejects the scheduler" \
		ejected 40 "runnable task stall"
	wait "$sched_pid"
	claim "it was not this module's doing" equal 0 "$(param kicks)"

	echo 8 >$params/limit
	claim "a smaller limit arms it" equal armed "$(param state)"
	sched scx_spin -l 5
	claim "the watchdog ejects the scheduler again" \
		ejected 40 "runnable task stall"
	claim "this module ended the loops" positive "$(param kicks)"
	echo N >$params/enforce
	claim "with enforce=N it is native again" equal native "$(param state)"
	claim "rmmod succeeds" rmmod scx_loopguard
}
