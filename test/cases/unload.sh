# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Loading and unloading at any time: under a scheduler, in a storm of finite loops a
# hundred times or a thousand, and in a storm of endless ones, where rmmod first waits until
# no CPU depends on the module.

kernel=unbounded
variants="2:cycles,10 2:active 2:endless 2:interrupted 2:budget 2:costly@bounded"
more_variants="2:cycles,25 2:slow 2:heavy 2:sluggish 2:bursts 2:afforded@bounded 2:cycles,100 2:cycles,1000"
# so many iterations are a stall there, or keep the kernel's watchdog for too long
no_debug="2:@(interrupted|slow)"

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
# rmmod waits; but they are finite, and a signal that kills it makes it go ahead.
interrupted() {
	load
	sched scx_spin -n 5000
	hogs 2
	within 5 tripped
	deaf rmmod scx_loopguard &
	sleep 12
	claim "rmmod waits" kill -0 $!
	claim "it says so" logged "unload waits"
	claim "it goes on protecting" grep -q scx_loopguard /proc/modules
	kill -STOP $!
	sleep 1
	kill -CONT $!
	sleep 1
	claim "to be stopped and continued does not end the wait" kill -0 $!
	claim "and it protects" grep -q scx_loopguard /proc/modules
	kill -HUP $!
	sleep 1
	claim "nor does a signal that it has blocked" kill -0 $!
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

# waits_until_it_stops: as long as one CPU loops for ever, however seldom that shows, and
# although rmmod runs on the other one.
waits_until_it_stops() {
	rmmod scx_loopguard &
	sleep 20
	claim "the scheduler is still enabled" scx_state enabled
	claim "rmmod waits for one CPU that loops" kill -0 $!
	claim "loops are still ended" trips_go_on
	sched_stop
	claim "rmmod comes to its end when that stops" within 20 not kill -0 $!
	claim "the module is gone" not grep -q scx_loopguard /proc/modules
	claim "normal work goes on" normal_work
}

trips_go_on() {
	local before

	before=$(param trips)
	within 5 more_trips_than "$before"
}

more_trips_than() {
	[ "$(param trips)" -gt "$1" ]
}

# An invocation takes longer to reach the raised limit than the module waits for a trip: it has to
# see that it goes on, and that what ended while it looked was one more trip.
slow() {
	load
	sched scx_spin -l 5 -c 0 -w 75
	within 5 tripped
	taskset -p 2 $$
	waits_until_it_stops
}

# The raised limit would be 20 s without IRQs, see host().
heavy() {
	slow_loops 5000 32
}

# As many iterations as are not timed elsewhere would be 7 s.
sluggish() {
	slow_loops 400000 1
}

# slow_loops USEC LIMIT: of iterations that take so long
slow_loops() {
	load limit="$2"
	sched scx_spin -l 5 -c 0 -w "$1"
	within 5 tripped
	rmmod scx_loopguard &
	claim "rmmod comes to its end" within 60 not kill -0 $!
	claim "it has waited for the watchdog" ejected 1 "runnable task stall"
	claim "the module is gone" not grep -q scx_loopguard /proc/modules
	claim "normal work goes on" normal_work
}

# The kernel's own bound stays, but it is no budget.
costly() {
	load budget_us=20000
	sched scx_spin -l 5 -w 5000
	claim "the budget is spent" within 10 budget_trips
	rmmod scx_loopguard &
	sleep 1
	claim "rmmod waits" kill -0 $!
	claim "rmmod comes to its end" within 60 not kill -0 $!
	claim "it has waited for the watchdog" ejected 1 "runnable task stall"
	claim "the module is gone" not grep -q scx_loopguard /proc/modules
	claim "normal work goes on" normal_work
}

# What the kernel ends within the budget needs nobody, however often it comes. rmmod runs on
# the other CPU, from where each invocation is seen to take long.
afforded() {
	load budget_us=1000000
	claim "it is armed" protects
	sched scx_spin -l 5 -c 0 -w 20000
	claim "the bound is reached" within 10 tripped
	taskset -p 2 $$
	rmmod scx_loopguard &
	claim "rmmod does not wait for it" within 5 not protects
	claim "the module is gone" within 60 not grep -q scx_loopguard /proc/modules
	sched_stop
}

protects() {
	[ "$(param state)" = armed ]
}

# A real-time task keeps the scheduler off the CPU for most of each second.
bursts() {
	load
	sched scx_spin -l 5 -c 0
	within 5 tripped
	taskset -p 2 $$
	policy fifo taskset 1 sh -c "$burst" &
	burst_pid=$!
	waits_until_it_stops
	kill $burst_pid
}

# in hundredths of a second
burst='while :; do
	read -r up _ </proc/uptime
	end=$((${up%.*}${up#*.} + 85))
	while read -r up _ </proc/uptime; [ ${up%.*}${up#*.} -lt $end ]; do :; done
	usleep 150000
done'

budget_trips() {
	[ "$(param budget_trips)" -gt 20 ]
}

host() {
	local cycles=${words#cycles,} longest=1000

	[ "$cycles" != "$words" ] || cycles=0
	# each rmmod waits for the storm to pause, and for the optimiser of kprobes, and that for
	# all tasks
	claim "the guest finishes" vm_wait $((480 + 5 * cycles))
	# an invocation goes to the raised limit while rmmod waits, or takes a second; and then
	# there may be more of them before a task is run
	case $words in
	slow|heavy|sluggish|afforded) longest=5000 ;;
	esac
	claim "no CPU misses its heartbeat for long" beats_within $longest begin end
}
