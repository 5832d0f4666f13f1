# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Without the module the same schedulers take the machine away: every CPU falls
# silent, and QEMU shows it in the dispatch path with IRQs off. This is the control
# of rescue.sh: same kernel, same image.

kernel=unbounded
variants="2:scx_spin,5"
more_variants="
2:scx_qmap,5
1:scx_spin,5 8:scx_spin,5 1:scx_qmap,5 8:scx_qmap,5
2:scx_qmap,5@nosyms 2:scx_qmap,5@clang 2:scx_qmap,5@depth
2:scx_spin,5@thinlto 2:scx_spin,5@nextthinlto 2:scx_spin,5@o3
2:scx_qmap,5@small 2:scx_spin,5@rt
2:scx_spin,5@l1 2:scx_spin,5@l2 2:scx_spin,5@midseries 2:scx_spin,5@g2
2:scx_spin,5@renamed
2:scx_spin,5@next 2:scx_qmap,5@next
"
hangs=yes
no_debug='*'	# nobody is left to report anything

guest() {
	say_where
	hogs "$(cpus)"
	say storm
	sched "$1" -l "$2"
	within 120 false
}

host() {
	claim "the guest gets as far as the storm" vm_wait_for 60 ' storm$'
	claim "the heartbeat of every CPU stops" silent_for 8 120
	claim "the watchdog does not help" [ -z "$(mark end)" ]
	claim "every CPU has IRQs off, in the dispatch loop or waiting for one that is" \
		all_cpus_trapped
	echo "figure hang $kernel_name"
}
