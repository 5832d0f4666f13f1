# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Trips and ejections are seen through tracefs, each field as the parameters have it, and
# in the log: at the first trip, and then once a minute at most.

kernel=unbounded
variants="2:loopsite"
more_variants="2:loopsite@bounded 2:loopsite@next 2:callsite 2:loopsite,livepatch 2:loopsite@rt 2:loopsite@clang
2:loopsite@nosyms 2:loopsite@nextbounded"

tracing=/sys/kernel/debug/tracing
events=$tracing/events/scx_loopguard

# fields EVENT: the names of its fields, without the common ones
fields() {
	sed -n 's/.*field:.* \([a-z_]*\)\(\[[0-9]*\]\)\?;.*offset.*/\1/p' "$events/$1/format" |
		grep -v ^common_ | tr '\n' ' '
}

# values FIELD EVENT: of all events in the trace
values() {
	sed -n "s/.* $2: .*\<$1=\([^ ]*\).*/\1/p" /tmp/trace
}

one_value() {
	values "$1" "$2" | sort -u | tr '\n' ' '
}

# left_out: what the last line has left out, -1: there is but one line
left_out() {
	dmesg | sed -n 's/.*scx_loopguard: trip: .*(\([0-9]*\) more trips since.*/\1/p' |
		awk '{ n = $1 } END { print (NR > 1 ? n : -1) }'
}

guest() {
	local state traced

	load engine="$1" limit=16 eject_ms=500
	[ -z "${2-}" ] || livepatch
	claim "trip has these fields" equal \
		"cpu loops duration more budget comm ops " "$(fields trip)"
	claim "eject has these" equal \
		"cpu loops trips duration comm ops " "$(fields eject)"
	echo 16384 >$tracing/buffer_size_kb
	echo 1 >$events/enable
	hogs "$(cpus)"
	sched scx_spin -l 5
	claim "the scheduler is ejected" ejected 5 "disabled by sysrq-S"
	wait "$sched_pid"
	hogs_stop
	echo 0 >$events/enable
	cat $tracing/trace >/tmp/trace

	name=spin
	[ "$(param last_trip_ops)" = spin ] || name=unknown
	claim "trips are traced" positive "$(values loops trip | wc -l)"
	claim "each trip is, or accounted for" equal "$(param trips)" \
		"$(values more trip | awk '{ n += 1 + $1 } END { print n }')"
	claim "with their iterations" equal "16 " "$(one_value loops trip)"
	claim "with their scheduler" equal "$name " "$(one_value ops trip)"
	claim "all have a duration" not grep -q " duration=0 " /tmp/trace
	claim "none is of the budget" equal "0 " "$(one_value budget trip)"
	claim "one ejection is traced" equal 1 "$(values trips eject | wc -l)"
	claim "with the scheduler" equal "$name " "$(one_value ops eject)"
	claim "after eject_ms of nothing but trips" \
		between 500000000 749999999 "$(values duration eject)"
	claim "with their number" positive "$(values trips eject)"

	claim "the log has the first trip" logged \
		"scx_loopguard: trip: BPF scheduler \"$name\" on CPU [01], after 16 iterations ([0-3] more trips since"
	claim "and no other of this minute" \
		equal 1 "$(dmesg | grep -c "scx_loopguard: trip: ")"
	traced=$(param trips)
	while [ "$(dmesg | sed -n 's/^\[ *\([0-9]*\)\..*loopguard: trip:.*/\1/p' | head -n 1)" -gt \
		$(($(cut -d. -f1 /proc/uptime) - 61)) ]; do sleep 1; done
	hogs "$(cpus)"
	echo 1 >$events/trip/enable
	sched scx_spin -l 5
	ejected 5 "disabled by sysrq-S"
	wait "$sched_pid"
	hogs_stop
	# those that came together with the two that were printed may count or not
	claim "a minute later it has another one, with what was left out" \
		between $((traced - 4)) $((traced + 3)) "$(left_out)"
	[ -z "${2-}" ] || livepatch_off
	claim "rmmod with a tracepoint in use succeeds" unload
	claim "the tracepoints are gone" not ls $events
	claim "it loads again" load
	claim "with its tracepoints" ls $events/trip/enable
	claim "rmmod succeeds" unload
}

host() {
	claim "the guest finishes" vm_wait 240
}
