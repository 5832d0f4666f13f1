# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# A kernel that declares the bound in an enum and has lost it from the loop is not
# taken for one that has it.

kernel=stale
more_variants="2"

guest() {
	load
	claim "the state is armed" equal armed "$(param state)"
	claim "the kernel has no bound" equal 0 "$(param native_limit)"
	hogs "$(cpus)"
	sched scx_spin -l 5
	claim "the watchdog ejects the scheduler" \
		ejected 40 "runnable task stall"
	claim "this module ended the loops" positive "$(param kicks)"
	hogs_stop
	claim "rmmod succeeds" unload
}
