# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# A kernel that has the bound in its loop, but does not declare it: how many iterations
# it grants is not known, so it is not relied on. The module's limit holds, and where the
# kernel's own comes first nothing is lost.

kernel=noenum
more_variants="2"

guest() {
	load limit=8
	claim "the state is armed" equal armed "$(param state)"
	claim "no bound of the kernel's is known" equal 0 "$(param native_limit)"
	sched scx_spin -l 5
	claim "the watchdog ejects the scheduler" \
		ejected 40 "runnable task stall"
	wait "$sched_pid"
	claim "this module ended the loops" positive "$(param kicks)"
	claim "at its limit" equal 8 "$(param max_loops)"
	claim "rmmod succeeds" unload

	load limit=100
	claim "the state is armed again" equal armed "$(param state)"
	sched scx_spin -l 5
	claim "the watchdog ejects the scheduler again" \
		ejected 40 "runnable task stall"
	wait "$sched_pid"
	claim "the kernel ended the loops" equal 0 "$(param trips)"
	claim "before the 32nd iteration went on" equal 31 "$(param max_loops)"
	claim "rmmod succeeds again" unload
}
