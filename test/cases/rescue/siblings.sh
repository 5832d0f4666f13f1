# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# With core scheduling a CPU dispatches for its SMT sibling too. A loop that was ended
# for the sibling's rq is followed by a kick of the sibling.

kernel=unbounded
variants="4:loopsite"
more_variants="4:callsite 4:loopsite,livepatch 4:without@bounded"
smt=2
# 6.12 warns of two things of its own. What it has noted for a sibling, to keep the task there,
# is still there when a task of another class runs on it. While a scheduler is being disabled,
# core scheduling may have a CPU go idle under a runnable task. Both were seen with 6.12's bound
# and without the module, the second one after dozens of schedulers: hence the many in without().
known="WARNING: .* (pick|put_prev)_task_scx"

# A real-time task keeps CPU 1 from dispatching for itself, and CPU 0 still does it for
# both. Has that kicked CPU 1, and not just once for what the CPU did before? Once one of
# its own kernel threads is waiting there the loop finds that, so this is tried afresh.
kicked_by_sibling() {
	local busy n

	: >$tracing/trace
	taskset 2 policy fifo sh -c 'while :; do :; done' &
	busy=$!
	usleep 300000
	kill $busy
	wait $busy
	n=$(grep -c -e "-$busy .*\[001\].* resched_here <-" $tracing/trace)
	[ "$n" -gt 3 ] || { echo "only $n times"; return 1; }
}

# The control for that.
without() {
	local i

	taskset -p c $$
	hogs 4 alone
	taskset -p f $$
	for i in $(seq 12); do
		sched scx_spin -n 10000
		sleep 1
		sched_stop
	done
	for i in 1 2 3 4; do
		sched scx_spin -l 5
		claim "the watchdog ejects the scheduler" \
			ejected 40 "runnable task stall"
		wait "$sched_pid"
	done
	hogs_stop
}

guest() {
	[ "$1" != without ] || { without; return; }
	claim "CPUs have siblings" equal 0-1 \
		"$(cat /sys/devices/system/cpu/cpu0/topology/thread_siblings_list)"
	load engine="$1"
	[ -z "${2-}" ] || livepatch
	echo resched_here >$tracing/set_ftrace_filter
	echo function >$tracing/current_tracer
	# CPUs 0 and 1 have nothing to run
	taskset -p c $$
	hogs 4 alone
	taskset -p f $$
	# nobody is ejected whose tasks get on in the end, so this lasts as long as it takes
	sched scx_spin -n 10000
	say storm
	claim "a sibling that never dispatches is kicked" within 2 kicked_by_sibling
	sched_stop
	sched scx_spin -l 5
	claim "the watchdog ejects the scheduler" \
		ejected 40 "runnable task stall"
	claim "loops end at the limit" equal 32 "$(param max_loops)"
	claim "it is armed" equal armed "$(param state)"
	echo nop >$tracing/current_tracer
	hogs_stop
	claim "normal work goes on" normal_work
	[ -z "${2-}" ] || livepatch_off
	claim "rmmod succeeds" unload
}

host() {
	claim "the guest finishes" vm_wait 180
	[ "$words" != without ] || return 0
	claim "no CPU misses its heartbeat for a second" \
		beats_within 1000 storm end
}
