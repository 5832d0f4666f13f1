# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# With the module a BPF scheduler that loops in dispatch is ejected by the kernel's
# own watchdog, while every CPU goes on serving real-time tasks.

kernel=unbounded
variants="2:scx_spin,5"
more_variants="
1:scx_spin,5 8:scx_spin,5 1:scx_spin,100 2:scx_spin,100 8:scx_spin,100
1:scx_qmap,5 2:scx_qmap,5 8:scx_qmap,5 1:scx_qmap,100 2:scx_qmap,100 8:scx_qmap,100
"

guest() {
	load
	claim "the module is armed" equal armed "$(param state)"
	# an idle guest dispatches next to nothing
	hogs $(($(cpus) * ($2 < 100 ? 1 : 2)))
	sched "$1" -l "$2"
	# from here on: to enable any BPF scheduler takes emulated CPUs up to 3 s in
	# which real-time tasks wait, with the kernel's own bound as well
	say storm
	claim "the watchdog ejects the scheduler" \
		ejected 40 "runnable task stall"
	say ejected
	hogs_stop
	claim "invocations were ended" positive "$(param trips)"
	say trips "$(param trips)"
	claim "CPUs were kicked" positive "$(param kicks)"
	claim "the highest count is the limit" equal 32 "$(param max_loops)"
	claim "the last trip's scheduler is named" \
		equal "${1#scx_}" "$(param last_trip_ops)"
	claim "the guest does normal work" normal_work
	claim "rmmod succeeds" unload
	claim "the guest does normal work without it" normal_work
}

host() {
	claim "the guest finishes" vm_wait 150
	gap=$(longest_gap "$(mark storm)" "$(mark end)")
	claim "no CPU misses its heartbeat for a second" beats_within 1000 storm end
	# for test/tools/figures
	[ "$kernel_name" = debug ] || echo "figure rescue $cpus $words $(mark storm) $(mark ejected) $gap $(word_of trips)"
}
