# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# A CPU goes off under a scheduler that goes on, and the module is unloaded while it is off: nothing
# of the module's is left waiting on that CPU. When it is back loops are ended there as ever.

kernel=unbounded
variants="2:loopsite"
more_variants="2:callsite"
# 6.12 warns in dl_server_stop() of what it does itself on a CPU that goes off while a BPF
# scheduler is enabled, without the module too, and in its timer of what that leaves
no_debug="2:*"
known="WARNING: .* (task_non_contending|inactive_task_timer)"

online=/sys/devices/system/cpu/cpu1/online

# off_and_on ENGINE: from load to unload
off_and_on() {
	load engine="$1" || return 1
	normal_work
	echo 0 >$online
	normal_work
	unload || return 1
	echo 1 >$online
	not grep -q scx_loopguard /proc/modules
}

trips_on() {
	[ "$(param last_trip_cpu)" = "$1" ]
}

guest() {
	local i=0

	# it has callbacks for that, or the kernel would eject it
	sched scx_qmap
	hogs 2
	while [ $i -lt 4 ]; do
		claim "round $i: it goes while the CPU is off" off_and_on "$1"
		i=$((i + 1))
	done
	claim "the scheduler is still enabled" scx_state enabled
	hogs_stop
	sched_stop

	load engine="$1"
	hogs 2
	sched scx_spin -l 5
	claim "loops are ended on the other CPU" within 10 trips_on 0
	claim "and on that CPU" within 10 trips_on 1
	claim "the watchdog ejects the scheduler" ejected 40 "runnable task stall"
	claim "loops end at the limit" equal 32 "$(param max_loops)"
	claim "it is armed" equal armed "$(param state)"
	hogs_stop
	claim "rmmod succeeds" unload
	claim "no kprobe is left" not grep -q . /sys/kernel/debug/kprobes/list
}

host() {
	claim "the guest finishes" vm_wait 300
}
