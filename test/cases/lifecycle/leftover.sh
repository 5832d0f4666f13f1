# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# What others queue on a CPU on its way out, when the kernel has run its irq_works for the last
# time, keeps every later one of that CPU from running. The module runs it when the CPU is
# back, and at load; or its loops would seem not to end, and its rmmod would wait for ever.

kernel=unbounded
variants="2"
more_variants="2@next"

online=/sys/devices/system/cpu/cpu1/online

off_and_on() {
	echo 0 >$online
	echo 1 >$online
}

left_is() {
	equal "$1" "$(cat /sys/module/late/parameters/left)"
}

trips_on_cpu1() {
	[ "$(param trips)" -gt "$1" ] && [ "$(param last_trip_cpu)" = 1 ]
}

guest() {
	claim "what leaves something behind loads" insmod /lib/late.ko
	off_and_on
	sleep 2
	claim "without the module it is left for good" left_is 1

	load
	claim "the module runs it at load" within 2 left_is 0
	off_and_on
	claim "and when a CPU is back" within 2 left_is 0

	hogs 3
	sched scx_spin -n 100 -c 1
	# more than the module takes for loops that do not end
	claim "loops are ended there" within 30 trips_on_cpu1 1000
	claim "it is armed" equal armed "$(param state)"
	hogs_stop
	sched_stop
	claim "rmmod succeeds" unload
	claim "normal work goes on" normal_work
}

host() {
	claim "the guest finishes" vm_wait 180
}
