# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Loading and unloading at any time: under a scheduler, in a storm of finite loops a
# hundred times or a thousand, and in a storm of endless ones, where rmmod first waits until
# no CPU depends on the module.

kernel=unbounded
variants="2:active 2:cycles,100 2:endless 2:interrupted 2:budget"
more_variants="2:cycles,1000"

guest() {
	say begin
	"$@"
}

active() {
	sched scx_simple
	claim "it loads under a scheduler" load
	claim "it is armed" equal armed "$(param state)"
	normal_work
	claim "it counts" positive "$(param hits)"
	claim "it unloads under a scheduler" rmmod scx_loopguard
	claim "normal work goes on" normal_work
	claim "the scheduler is still enabled" scx_state enabled
	sched_stop
}

cycles() {
	local i=0 tripped=0

	sched scx_spin -n 100
	hogs 3
	while [ $i -lt "$1" ]; do
		load limit=8 || break
		[ "$(param engine)" = loopsite ] || break
		within 3 tripped && tripped=$((tripped + 1))
		rmmod scx_loopguard || break
		i=$((i + 1))
	done
	claim "$1 cycles in a storm" equal "$1" "$i"
	claim "every one of them tripped" equal "$1" "$tripped"
	claim "the scheduler is still enabled" scx_state enabled
	hogs_stop
	claim "normal work goes on" normal_work
	sched_stop
	claim "no kprobe is left" not grep -q . /sys/kernel/debug/kprobes/list
}

endless() {
	load
	sched scx_spin -l 5
	within 5 tripped
	claim "rmmod in an endless storm succeeds" rmmod scx_loopguard
	claim "it has waited for the watchdog" \
		ejected 1 "runnable task stall"
	claim "the module is gone" not grep -q scx_loopguard /proc/modules
	claim "normal work goes on" normal_work
}

# Loops of 5000 iterations are more than the module can tell from endless ones, so
# rmmod waits; but they are finite, and a signal makes it go ahead.
interrupted() {
	load
	sched scx_spin -n 5000
	hogs 2
	within 5 tripped
	rmmod scx_loopguard &
	sleep 12
	claim "rmmod waits" kill -0 $!
	claim "it says so" logged "unload waits"
	claim "it goes on protecting" grep -q scx_loopguard /proc/modules
	kill $!
	claim "a signal ends the wait" \
		within 5 not grep -q scx_loopguard /proc/modules
	hogs_stop
	sched_stop
}

# A budget that nearly all invocations spend is nothing to wait for.
budget() {
	load budget_us=1
	sched scx_spin -n 10
	hogs 2
	claim "the budget is spent" within 10 budget_trips
	rmmod scx_loopguard &
	claim "rmmod does not wait for it" within 30 not kill -0 $!
	claim "the module is gone" not grep -q scx_loopguard /proc/modules
	claim "the scheduler is still enabled" scx_state enabled
	hogs_stop
	sched_stop
}

budget_trips() {
	[ "$(param budget_trips)" -gt 20 ]
}

host() {
	local cycles=${words#cycles,}

	[ "$cycles" != "$words" ] || cycles=0
	# each rmmod waits for the optimiser of kprobes, and that for all tasks
	claim "the guest finishes" vm_wait $((480 + cycles))
	claim "no CPU misses its heartbeat for a second" \
		beats_within 1000 begin end
}
