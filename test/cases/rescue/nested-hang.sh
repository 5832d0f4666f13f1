# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# A scheduler can be dispatched from another's ops.dispatch(), in a loop of its own
# (scx_nest). Without the module that loop takes the machine away as the parent's does,
# and the CPUs are seen in the nested one.

kernel=next
more_variants="1:child 2:child 2:parent"
hangs=yes
no_debug='*'	# nobody is left to report anything

guest() {
	hogs "$(cpus)"
	case $1 in
	child)
		say loop "$(extents scx_bpf_sub_dispatch | cut -d ' ' -f 2)"
		sched scx_nest
		claim "the parent is enabled" scx_state enabled
		below
		say storm
		normally scx_nest -c $cgroup -l 5
		;;
	parent)
		say_where
		say storm
		sched scx_nest -l 5
		;;
	esac
	within 60 false
}

host() {
	claim "the guest gets as far as the storm" vm_wait_for 60 ' storm$'
	claim "the heartbeat of every CPU stops" silent_for 8 60
	claim "the watchdog does not help" [ -z "$(mark end)" ]
	claim "every CPU has IRQs off, in that loop or waiting for one that is" \
		all_cpus_trapped
}
