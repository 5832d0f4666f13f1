# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# eject_ms, often: a scheduler that loops for ever is ejected in time although some tasks get
# their CPU without its loop, and one that needs a hundred iterations for a task never is.

kernel=unbounded
variants="2:3"
more_variants="2:10@next"
long_variants="2:50"
# times are claimed
no_debug="2:*"

instances=/sys/kernel/debug/tracing/instances

# The first trip stays in one trace, the ejection is in another.
trace_both() {
	mkdir $instances/trips $instances/ejects
	echo 0 >$instances/trips/options/overwrite
	echo 64 >$instances/trips/buffer_size_kb
	echo 1 >$instances/trips/events/scx_loopguard/trip/enable
	echo 1 >$instances/ejects/events/scx_loopguard/eject/enable
}

# when INSTANCE EVENT: the first one's time in ms
when() {
	awk -v event=": $2:" 'index($0, event) && match($0, /[0-9]+\.[0-9]+:/) {
		t = substr($0, RSTART, RLENGTH - 1) * 1000
		if (!first || t < first)
			first = t
	} END { printf "%d\n", first }' "$instances/$1/trace"
}

# Tasks that sleep now and then, so that some of their wake-ups are dispatched directly.
sleepers() {
	normally sh -c 'while :; do i=0; while [ $i -lt 2000 ]; do i=$((i + 1)); done; usleep 7000; done' &
	hog=$!
	normally sh -c 'while :; do usleep 3000; done' &
	shell=$!
}

sleepers_end() {
	kill $hog $shell
	wait $hog $shell
}

# One storm; sets took, from its first trip to its ejection in ms.
storm() {
	echo >$instances/trips/trace
	echo >$instances/ejects/trace
	sleepers
	sched scx_qmap -l 5
	within 20 scx_state disabled
	wait "$sched_pid"
	sleepers_end
	took=$(($(when ejects eject) - $(when trips trip)))
}

guest() {
	local i=0 in_time=0 worst=0 took kept=0

	load eject_ms=500
	trace_both
	while [ $i -lt "$1" ]; do
		i=$((i + 1))
		storm
		say took "$took"
		# less than nothing where it was not ejected, or not by the module
		[ "$took" -lt 500 ] || [ "$took" -gt 750 ] || in_time=$((in_time + 1))
		[ "$took" -le "$worst" ] || worst=$took
	done
	say worst "$worst"
	claim "$1 of $1 storms are ejected within eject_ms + 250 ms" equal "$1" "$in_time"
	claim "each was the module's doing" equal "$1" "$(param ejections)"

	echo 0 >$instances/trips/events/scx_loopguard/trip/enable
	echo 100 >$params/eject_ms
	i=0
	while [ $i -lt "$1" ]; do
		i=$((i + 1))
		sched scx_spin -n 100
		hogs 1
		sleepers
		sleep 1
		scx_state enabled && kept=$((kept + 1))
		sleepers_end
		hogs_stop
		sched_stop
	done
	claim "one that needs 100 iterations for a task is kept, $1 times" equal "$1" "$kept"
	claim "nothing else was ejected" equal "$1" "$(param ejections)"
	claim "rmmod succeeds" unload
}

host() {
	claim "the guest finishes" vm_wait $((${words##*,} * 20 + 120))
	echo "figure eject-often $kernel_name $words $(word_of worst)"
}
