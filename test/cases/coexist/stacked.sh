# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Livepatches of others on the function that holds the loop, or calls it: before and after
# ours, cumulative ones, such as go on to the original and such as take it away. In
# each constellation the state is the truth, and where the original still runs the
# rescue works.

kernel=unbounded
variants="2:before 2:after 2:replaced 2:transition 2:caller 2:covered 2:traced 2:redirected 2:native@bounded"
more_variants="2:elsewhere 2:rivals"

other=/sys/kernel/livepatch/other

other_on() {
	# of two functions the last one counts
	claim "another livepatch loads ($*)" insmod /lib/other.ko "function=$(loop_function)" "$@"
	claim "it is in force" within 20 other_is_in_force
}

other_is_in_force() {
	equal "1 0" "$(cat $other/enabled) $(cat $other/transition)"
}

other_off() {
	echo 0 >$other/enabled
	claim "the other livepatch is disabled" within 20 [ ! -d $other ]
	rmmod "${other##*/}"
}

state_is() {
	[ "$(param state)" = "$1" ]
}

engine_is() {
	[ "$(param engine)" = "$1" ]
}

is_rescued() {
	sched scx_spin -l 5
	claim "$1: the watchdog ejects the scheduler" \
		ejected 40 "runnable task stall"
	wait "$sched_pid"
	claim "$1: loops end at the limit" equal 32 "$(param max_loops)"
	claim "$1: this module did it" positive "$(param trips)"
}

guest() {
	"$1"
	claim "rmmod succeeds" unload
	claim "normal work goes on" normal_work
}

before() {
	other_on pass=N
	load
	claim "under a livepatch without the loop it is lost" \
		equal lost "$(param state)"
	claim "the log says whose it is" logged "lost: livepatch other replaces"
	claim "the livepatch of ours does not load on top" \
		not insmod /lib/scx_loopguard_livepatch.ko
	claim "the log says why" logged "what leads to the dispatch loop is livepatched by other already"
	other_off
	claim "it is armed when the other is gone" within 10 state_is armed
	unload

	other_on pass=Y
	load
	claim "under a livepatch that may have the loop it is lost" \
		equal lost "$(param state)"
	sched scx_simple
	normal_work
	claim "it is armed as soon as the loop is seen" equal armed "$(param state)"
	sched_stop
	is_rescued "with a livepatch from before"
	# between two looks of the module's, if it comes out so
	other_off
	other_on pass=N
	sleep 10
	claim "under another livepatch of the same name it is lost" equal lost "$(param state)"
	other_off
	claim "it is armed without the other" within 10 state_is armed
}

after() {
	load
	livepatch
	other_on pass=N
	claim "with a livepatch on top it is lost" within 10 state_is lost
	claim "ours is covered" livepatch_is covered
	claim "and no part of the engine" engine_is loopsite
	other_off
	claim "it is armed when that is gone" within 10 state_is armed
	claim "ours is active" livepatch_is active
	claim "and part of the engine" engine_is livepatch+loopsite

	other_on pass=Y
	claim "ours is covered again" livepatch_is covered
	sched scx_simple
	normal_work
	claim "it is armed as soon as the loop is seen" within 10 state_is armed
	sched_stop
	is_rescued "with a livepatch on top"
	claim "ours has seen nothing of it" equal 0 "$(figure invocations)"
	other_off
	is_rescued "after it"
	claim "ours has seen that" positive "$(figure invocations)"
	livepatch_off
}

replaced() {
	load
	livepatch
	other_on pass=Y replace=Y
	claim "ours is replaced" livepatch_is replaced
	claim "and no part of the engine" engine_is loopsite
	sched scx_simple
	normal_work
	claim "it is armed as soon as the loop is seen" within 10 state_is armed
	sched_stop
	is_rescued "under a cumulative livepatch"
	claim "ours can be unloaded" rmmod scx_loopguard_livepatch
	other_off
}

# A cumulative livepatch of another function takes ours away, and nothing else.
elsewhere() {
	load
	livepatch
	other_on pass=Y replace=Y function=cpuinfo_open
	claim "ours is replaced" livepatch_is replaced
	# until its transition is over it may be either; no hit is needed then
	claim "it is armed" equal armed "$(param state)"
	claim "nobody is said to replace the loop" not logged "livepatch other replaces"
	claim "by itself" engine_is loopsite
	is_rescued "under a cumulative livepatch of something else"
	claim "ours can be unloaded" rmmod scx_loopguard_livepatch
	claim "the livepatch of ours loads again" \
		insmod /lib/scx_loopguard_livepatch.ko
	claim "and becomes active" within 20 livepatch_is active
	other_off
	livepatch_off
}

# While a livepatch is on its way it has got some tasks, and those go another way, whatever hits
# there are of others.
transition() {
	local sleeper

	[ "${1-}" ] || load
	sleep 1000 &
	sleeper=$!
	sleep 1
	claim "a livepatch that cannot get to all tasks loads" \
		insmod /lib/other.ko "function=${1-$(loop_function)}" pass=Y hold=hrtimer_nanosleep
	claim "it is lost" equal lost "$(param state)"
	sched scx_simple
	claim "it is still lost" equal lost "$(param state)"
	normal_work
	claim "it is lost with hits of those who go the old way" equal lost "$(param state)"
	claim "the transition has been going on" equal 1 "$(cat $other/transition)"
	claim "the log says why" logged "lost: livepatch other is on its way"
	kill $sleeper
	claim "it is in force then" within 20 other_is_in_force
	normal_work
	claim "then hits show that the loop is still there" within 10 state_is armed
	sched_stop
	other_off
	claim "it is armed without it" within 10 state_is armed
}

# What calls the function with the loop takes it away as well, and is seen as soon. Ours sits
# where nobody comes by any more.
caller() {
	claim "the function with the loop has a caller" equal balance_one "$(loop_function)"
	load
	livepatch
	is_lost_at_once balance_scx
	claim "ours is active" livepatch_is active

	other_on function=balance_scx pass=Y
	sched scx_simple
	normal_work
	claim "it is armed as soon as the loop is seen" within 10 state_is armed
	sched_stop
	is_rescued "with a livepatch of the caller"
	claim "ours has seen that" positive "$(figure invocations)"
	other_off
	livepatch_off
	transition balance_scx
}

# takes_away FUNCTION TRY [SECONDS]: a livepatch does, and is gone again
takes_away() {
	claim "livepatch ${other##*/} of $1 loads, $2" \
		insmod "/lib/${other##*/}.ko" "function=$1" pass=N
	if [ "${3-}" ]; then
		claim "it is lost within $3 s, $2" within "$3" state_is lost
	else
		claim "it is lost at once, $2" equal lost "$(param state)"
	fi
	claim "it is in force, $2" within 20 other_is_in_force
	claim "it is lost then, $2" equal lost "$(param state)"
	other_off
}

# is_lost_at_once FUNCTION: when a livepatch takes that one away
is_lost_at_once() {
	local try

	# once may be when the module looks anyway
	for try in 1 2 3 4; do
		takes_away "$1" "$try"
		claim "it is armed without it, $try" within 10 state_is armed
	done
}

# Ours is at the entry already, where the other one comes.
covered() {
	load
	livepatch
	is_lost_at_once "$(loop_function)"
	claim "ours is active" livepatch_is active
	is_rescued "after all of them"
	livepatch_off
}

# One on top of another changes nothing at the entry, and is looked for every second. The lower
# one goes on to the loop, so there is evidence, of before.
rivals() {
	local try

	load
	other_on pass=Y
	for try in 1 2 3; do
		sched scx_simple
		normal_work
		claim "it is armed as soon as the loop is seen, $try" within 10 state_is armed
		sched_stop
		claim "it still is, $try" equal armed "$(param state)"
		other=/sys/kernel/livepatch/rival
		takes_away "$(loop_function)" "$try" 3
		other=/sys/kernel/livepatch/other
	done
	other_off
	claim "it is armed without both" within 10 state_is armed
	is_rescued "after both"
}

# Where a tracer is already at the entry a second one is seen to come there, and nobody who comes
# after that; the module looks every few seconds besides.
traced() {
	load
	loop_function >$tracing/set_ftrace_filter
	echo function >$tracing/current_tracer
	claim "it is armed under a tracer" within 10 state_is armed
	is_lost_at_once "$(loop_function)"
	echo "p:entry $(loop_function)" >$tracing/kprobe_events
	echo 1 >$tracing/events/kprobes/enable
	claim "it is armed under two of them" within 10 state_is armed
	other_on pass=N
	claim "with a livepatch on top it is lost within 5 s" within 5 state_is lost
	# it may have been on its way when it was seen, and nothing is new then
	claim "the log says whose it is" logged "lost: livepatch other "
	other_off
	claim "it is armed without it" within 10 state_is armed
	echo nop >$tracing/current_tracer
	echo >$tracing/set_ftrace_filter
	echo 0 >$tracing/events/kprobes/enable
	echo >$tracing/kprobe_events
	claim "it is armed without the tracers" equal armed "$(param state)"
	is_rescued "after both"
}

# A jump in the place of the call of fentry is nobody's livepatch. This one goes on to the loop,
# which somebody always runs here. Those hits count once all who were in the loop must be out.
redirected() {
	load
	sched scx_simple
	claim "a jump comes to its entry" insmod /lib/redirect.ko function="$(loop_function)"
	claim "under a jump it is lost at once" equal lost "$(param state)"
	claim "the log says why" logged "scx_loopguard: lost: a jump "
	claim "it is armed as soon as the loop is seen" within 10 armed_by_work
	claim "hits of the first second do not count" \
		[ "$(ms_between "lost: a jump" "the hook in the dispatch loop is back")" -ge 900 ]
	sched_stop
	is_rescued "under a jump"
	claim "the livepatch of ours does not load there" \
		not insmod /lib/scx_loopguard_livepatch.ko
	claim "the jump goes" rmmod redirect
	claim "it is armed without it" equal armed "$(param state)"
}

armed_by_work() {
	seq 100 | sort -r >/dev/null
	state_is armed
}

# ms_between TEXT TEXT: what passed from the first log line with the one to the first with the
# other
ms_between() {
	dmesg | awk -v from="$1" -v to="$2" '
		{ t = $0; sub(/^\[ */, "", t) }
		!start && index($0, from) { start = t + 0 }
		!end && index($0, to) { end = t + 0 }
		END { print start && end ? int((end - start) * 1000) : "unknown" }'
}

# The kernel's own bound is in code that does not run any more; to disarm the probe besides
# makes that no better.
native() {
	load
	claim "it is native" equal native "$(param state)"
	other_on pass=N
	claim "with a livepatch on top it is lost" within 10 state_is lost
	echo 0 >/sys/kernel/debug/kprobes/enabled
	claim "disarmed it is lost as well" equal lost "$(param state)"
	echo 1 >/sys/kernel/debug/kprobes/enabled
	claim "armed again it is still lost" equal lost "$(param state)"
	other_off
	claim "it is native when that is gone" within 10 state_is native
}

host() {
	claim "the guest finishes" vm_wait 240
}
