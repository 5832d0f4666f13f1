# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# With core scheduling in use the kernel (7.2 and later) picks anew whenever a dispatch has dropped
# the rq lock, IRQs off. A scheduler that always does so traps the CPU outside of the loop, and no
# bound of the loop is reached. Without the module, or with enforce=N, that is the end.

kernel=next
more_variants="2:guarded,unlock 2:guarded,move 2:without,move
2:guarded,unlock@nextbounded 2:guarded,move@nextbounded
4:guarded,unlock 4:guarded,move 2:late,move
2:without,unlock 2:without,unlock@nextbounded 2:without,move@nextbounded
2:observing,unlock 2:observing,move 2:observing,move@nextbounded
2:unused,unlock 2:unused,unlock@nextbounded"
smt=2
# a kworker may wait for a CPU as long as the watchdog does, see Documentation/traps.md
append=workqueue.watchdog_thresh=150
case ${words-} in
without,*|observing,*) hangs=yes ;;
esac
no_debug='*without,* *observing,*'	# nobody is left to report anything

idle() {
	[ "$(param hits)" -gt 200 ]
}

guest() {
	say_where
	case $1 in
	without)   ;;
	observing) load enforce=N ;;
	*)         load; claim "the restart is guarded" equal guarded "$(param restart)" ;;
	esac
	if [ "$1" = late ]; then
		# the hook makes short work of CPUs that go idle, and of this trap at first
		sched scx_hostile -b 5000 "$2"
		claim "CPUs go idle under it" within 20 idle
	fi
	# each CPU is to find tasks that another one has queued
	pinned_hogs 2
	# shellcheck disable=SC2086
	[ "$1" = unused ] || claim "core scheduling is turned on" coresched on $hog_pids
	say storm
	[ "$1" = late ] || sched scx_hostile -b 0 "$2"
	case $1 in
	without|observing) within 60 false; return ;;
	esac
	claim "the watchdog ejects the scheduler" ejected 40 "runnable task stall"
	say calm
	if [ "$1" = unused ]; then
		claim "nothing was picked anew" equal 0 "$(param restarts)"
	else
		claim "picks were ended" positive "$(param restarts)"
		claim "it is in the log" logged \
			'restart: BPF scheduler "hostile" on CPU [0-9]*, picked anew [0-9]* times in'
		claim "once a minute at most" between 1 3 "$(dmesg | grep -c 'picked anew')"
	fi
	claim "the restart is still guarded" equal guarded "$(param restart)"
	say restarts "$(param restarts)" "$(param trips)"
	hogs_stop
	claim "normal work goes on" normal_work
	claim "rmmod succeeds" unload
	claim "normal work goes on without it" normal_work
}

host() {
	if [ "$hangs" = yes ]; then
		claim "the guest gets as far as the storm" vm_wait_for 60 ' storm$'
		claim "the heartbeat of every CPU stops" silent_for 8 60
		claim "the watchdog does not help" [ -z "$(mark end)" ]
		claim "every CPU has IRQs off, in dispatch or waiting for one that is" \
			all_cpus_trapped
		return
	fi
	claim "the guest finishes" vm_wait 150
	claim "no CPU misses its heartbeat for a second" beats_within 1000 storm calm
}
