# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Nothing is lost when picks that begin anew for ever are ended (see restart.sh), for which
# ops.dispatch is taken away for a moment: a scheduler that traps for a second and then behaves
# goes on for good, with every task and every wake-up. In the trap rmmod says that it is in use,
# schedulers are ejected and replaced, and CPUs go off and come back.

kernel=next
more_variants="2:move 2:unlock@nextbounded 4:move 4:unlock 2:move@nextdebug 4:unlock@nextdebug"
smt=2
# a kworker may wait for a CPU as long as the watchdog does, see Documentation/traps.md
append=workqueue.watchdog_thresh=150

# As many sleepers as there are CPUs, anywhere.
sleepers() {
	local i

	for i in $(seq "$(cpus)"); do
		# shellcheck disable=SC2016 # for that shell
		policy other sh -c '
			while usleep 20000; do echo $((n += 1)) >/tmp/sleeper.$0; done' "$i" &
		sleeper_pids="$sleeper_pids $!"
	done
}

# A line for each of them: how far it has come.
progress() {
	local pid f

	for pid in $hog_pids; do
		echo "hog $pid $(cut -d ' ' -f 14 /proc/"$pid"/stat)"
	done
	for f in /tmp/sleeper.*; do
		echo "$f - $(cat "$f")"
	done
}

# all_go_on SECONDS: does each of them come further in that time?
all_go_on() {
	local tries=$(($1 * ${slow:-1}))

	progress >/tmp/before
	while [ $tries -gt 0 ]; do
		sleep 1
		tries=$((tries - 1))
		progress | paste -d ' ' /tmp/before - |
			awk '$3 == "" || $6 <= $3 { print; bad = 1 } END { exit bad || NR == 0 }' \
			>/tmp/stuck && return
	done
	cat /tmp/stuck
	return 1
}

trapped() {
	[ "$(param restarts)" -gt "$restarts" ]
}

# trap_in OPTION...: a scheduler that gets a CPU into the trap
trap_in() {
	restarts=$(param restarts)
	sched scx_hostile -b 0 "$@"
	within 20 trapped
}

quiet() {
	local before

	before=$(param restarts)
	sleep 2
	[ "$(param restarts)" = "$before" ]
}

# found: tasks that the scheduler has found, as it said last
found() {
	sed -n 's/.* found=\([0-9]*\).*/\1/p' /tmp/sched.log | tail -n 1
}

# It finds tasks itself: that they run might be core scheduling's doing alone.
finds_more() {
	[ "$(found)" -gt "$1" ]
}

off_and_on() {
	echo 0 >/sys/devices/system/cpu/cpu1/online &&
		within 20 scx_state disabled &&
		echo 1 >/sys/devices/system/cpu/cpu1/online
}

guest() {
	load
	# each CPU is to find tasks that another one has queued
	pinned_hogs 2
	sleepers
	# shellcheck disable=SC2086
	claim "core scheduling is turned on" coresched on $hog_pids
	say storm
	claim "it traps for a second" trap_in -t 1000 "$1"
	claim "and then no more" within 30 quiet
	say behaves "$(param restarts)"
	claim "every task goes on" all_go_on 10
	claim "it finds tasks again" within 5 finds_more "$(found)"
	# longer than its watchdog waits
	sleep 8
	claim "every task still goes on" all_go_on 10
	claim "nobody has ejected it" scx_state enabled
	claim "normal work goes on under it" normal_work
	sched_stop

	claim "another one traps" trap_in "$1"
	claim "rmmod says that it is in use" in_use
	claim "a CPU goes off, which ejects it, and comes back" off_and_on
	claim "another one traps" trap_in "$1"
	echo S >/proc/sysrq-trigger
	claim "sysrq-S ejects it" ejected 20 "disabled by sysrq-S"
	claim "another one traps for a second" trap_in -t 1000 "$1"
	claim "and then no more, too" within 30 quiet
	say calm
	claim "every task goes on under it too" all_go_on 10
	claim "nobody has ejected it either" scx_state enabled
	# with nobody to look after the sleepers they would go on after the end
	# shellcheck disable=SC2086
	kill $sleeper_pids
	hogs_stop
	claim "rmmod succeeds under it" unload
	claim "normal work goes on without the module" normal_work
	sched_stop
}

host() {
	claim "the guest finishes" vm_wait 240
	claim "no CPU misses its heartbeat for a second" beats_within 1000 storm calm
}
