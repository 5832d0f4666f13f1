# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Without KALLSYMS_ALL, BTF is read from sysfs, be it mounted or not, and all works but
# the name of the last trip's scheduler.

kernel=nosyms
more_variants="2"

guest() {
	umount -l /sys/kernel/debug
	umount -l /sys
	claim "it loads without /sys" load
	mount -t sysfs sys /sys
	mount -t debugfs debug /sys/kernel/debug
	claim "it is armed" equal armed "$(param state)"
	hogs "$(cpus)"
	sched scx_spin -l 5
	claim "the watchdog ejects the scheduler" \
		ejected 40 "runnable task stall"
	claim "invocations were ended" positive "$(param trips)"
	claim "the highest count is the limit" equal 32 "$(param max_loops)"
	claim "the scheduler's name is said to be unknown" \
		equal unknown "$(param last_trip_ops)"
	claim "rmmod succeeds" unload
}
