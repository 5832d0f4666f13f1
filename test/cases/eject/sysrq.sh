# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# While a BPF scheduler loops on every CPU, sysrq-S gets through and ejects it at
# once: from a break on the serial line, and from a real-time task.

kernel=unbounded
variants="2:break"
more_variants="2:task 8:break"

guest() {
	load
	hogs "$(cpus)"
	# on a busy host the watchdog's 5 s would be over before the break comes
	sched scx_spin -l 5 -W 30000
	within 5 tripped
	say storm
	if [ "$1" = task ]; then
		echo S >/proc/sysrq-trigger
	fi
	claim "sysrq-S ejects the scheduler within 3 s" \
		ejected 3 "disabled by sysrq-S"
	say ejected
	claim "the guest does normal work" normal_work
	claim "rmmod succeeds" unload
}

host() {
	claim "the storm begins" vm_wait_for 60 ' storm$'
	if [ "$words" = break ]; then
		monitor chardev-send-break con >/dev/null
		printf S >&7
	fi
	claim "the guest finishes" vm_wait 60
	claim "no CPU misses its heartbeat for a second" \
		beats_within 1000 storm end
}
