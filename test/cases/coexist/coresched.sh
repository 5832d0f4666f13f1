# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Core scheduling is turned on and off all the time, and with it who dispatches for whom,
# while loops are ended: in a storm of finite ones, under loads and unloads, and in an
# endless storm.

kernel=unbounded
# four emulated CPUs need four of the host
more_variants="4:loopsite 4:callsite 4:loopsite,livepatch 4:without"
smt=2
# As in siblings.sh; and where core scheduling goes while a task is being put, see without().
known="WARNING: .* (pick|put_prev)_task_scx"
# panic_on_warn makes that the end
[ "${debug-}" != debug ] || no_debug='*'

# toggle SECONDS: in the background
toggle() {
	# shellcheck disable=SC2086
	coresched "$1" $hog_pids >/tmp/coresched.log 2>&1 &
	coresched_pid=$!
}

toggled() {
	wait "$coresched_pid" || { cat /tmp/coresched.log; return 1; }
	say toggled "$(cat /tmp/coresched.log)"
	positive "$(cat /tmp/coresched.log)"
}

trips_go_on() {
	[ "$(param trips)" -gt "$trips" ]
}

# tripping SECONDS: there are new trips in each of them
tripping() {
	local i=0

	while [ $i -lt "$1" ]; do
		trips=$(param trips)
		sleep 1
		trips_go_on || { echo "none in second $i"; return 1; }
		i=$((i + 1))
	done
}

cycles() {
	local i=0

	while [ $i -lt "$1" ]; do
		unload || return 1
		load engine="$2" limit=$((i + 9)) || return 1
		within 5 tripped || return 1
		equal $((i + 9)) "$(param max_loops)" || return 1
		equal armed "$(param state)" || return 1
		i=$((i + 1))
	done
}

# The control for what 6.12 says of itself: loops that end without the module.
without() {
	hogs 6
	sched scx_spin -n 100
	toggle 60
	claim "core scheduling was turned on and off" toggled
	claim "the scheduler is still enabled" scx_state enabled
	sched_stop
	hogs_stop
}

guest() {
	[ "$1" != without ] || { without; return; }
	claim "CPUs have siblings" equal 0-1 \
		"$(cat /sys/devices/system/cpu/cpu0/topology/thread_siblings_list)"
	load engine="$1"
	[ -z "${2-}" ] || livepatch
	hogs 6
	sched scx_spin -n 100
	say finite
	toggle 15
	claim "loops are ended all the time" tripping 12
	claim "core scheduling was turned on and off" toggled
	claim "finite: loops end at the limit" equal 32 "$(param max_loops)"
	claim "finite: it is armed" equal armed "$(param state)"
	claim "finite: it is live" equal Y "$(param live)"
	claim "finite: the scheduler is still enabled" scx_state enabled
	claim "finite: normal work goes on" normal_work
	if [ -z "${2-}" ]; then
		toggle 15
		claim "it is unloaded and loaded meanwhile" cycles 5 "$1"
		claim "cycles: core scheduling was turned on and off" toggled
		echo 32 >$params/limit
	fi
	say finite-end
	sched_stop

	toggle 15
	sched scx_spin -l 5
	say storm
	claim "the watchdog ejects an endless storm" ejected 40 "runnable task stall"
	claim "endless: core scheduling was turned on and off" toggled
	claim "endless: loops end at the limit" equal 32 "$(param max_loops)"
	claim "endless: it is armed" equal armed "$(param state)"
	hogs_stop
	claim "normal work goes on" normal_work
	[ -z "${2-}" ] || livepatch_off
	claim "rmmod succeeds" unload
	claim "no kprobe is left" not grep -q . /sys/kernel/debug/kprobes/list
}

host() {
	claim "the guest finishes" vm_wait 240
	[ "$words" != without ] || return 0
	claim "no CPU misses its heartbeat for a second in a finite storm" \
		at_most 1000 "$(longest_gap "$(mark finite)" "$(mark finite-end)")"
	claim "no CPU misses its heartbeat for a second in an endless storm" \
		at_most 1000 "$(longest_gap "$(mark storm)" "$(mark end)")"
}
