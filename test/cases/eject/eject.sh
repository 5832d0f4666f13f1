# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# With eject_ms a BPF scheduler under which a CPU does nothing but trip is ejected after
# that time, each one once, and one that makes progress between its trips is not,
# however often it trips.

kernel=unbounded
# guest time is instructions, or a busy host would be in it
tcg_threads=single
qemu_options="-icount shift=1,sleep=off"
variants="2:loopsite@stock73"
more_variants="2:loopsite 1:loopsite 8:loopsite 2:loopsite@bounded 2:loopsite@next 2:callsite 2:loopsite,livepatch 2:loopsite@rt 2:loopsite@nosyms
2:loopsite@nextbounded 2:loopsite,once@arm64"

# without what takes long where instructions are counted
case "${words-}" in
*,once) tcg_threads=multi qemu_options= ;;
esac

sysrq=/proc/sys/kernel/sysrq
why="disabled by sysrq-S"
tracing=/sys/kernel/debug/tracing
switches=$tracing/events/sched/sched_switch

# storms: a scheduler that loops, with tasks that keep it going. Its loader is not to wake up
# any more: it would be handed to an idle CPU, which is progress.
storms() { # OPTION...
	hogs "$(cpus)"
	sched scx_spin -l 5 "$@"
	kill -STOP "$sched_pid"
}

storms_end() {
	kill -CONT "$sched_pid"
	wait "$sched_pid"
	hogs_stop
}

# ejects WHAT [SECONDS [OPTION...]]: within that time
ejects() {
	local what=$1 seconds=${2-5}

	shift $(($# > 1 ? 2 : 1))
	storms "$@"
	# to look for it all the time would keep the CPUs from their loops
	sleep 2
	claim "$what: the scheduler is ejected" ejected "$seconds" "$why"
	storms_end
	claim "$what: by what sysrq-S does" grep -q "^EXIT: .* kind=67" /tmp/sched.log
}

# trace_users: record when the hogs and the loader come and go. They may go on for a while:
# the kernel keeps a task that runs when a loop is ended.
trace_users() {
	echo '(prev_prio >= 100 && (prev_comm == "sh" || prev_comm == "scx_spin")) || (next_prio >= 100 && (next_comm == "sh" || next_comm == "scx_spin"))' \
		>$switches/filter
	echo 1 >$switches/enable
	echo 1 >$tracing/events/scx_loopguard/eject/enable
}

# to_eject: ms to the ejection since a CPU was without any of those, the one that was for
# longest. Both are in the trace, whose clock is not quite the log's.
to_eject() {
	awk 'match($0, /[0-9]+\.[0-9]+: (sched_switch|eject):/) {
			at = substr($0, RSTART, RLENGTH) * 1000
			match($0, /\[[0-9]+\]/)
			cpu = substr($0, RSTART, RLENGTH)
			if (/: eject:/)
				exit
			last[cpu] = at
		}
		END {
			for (cpu in last)
				if (at - last[cpu] > took)
					took = at - last[cpu]
			printf "%d\n", took
		}' $tracing/trace
}

refuses_ms() {
	echo "$1" 2>/tmp/write.log >$params/eject_ms && { echo "accepted"; return 1; }
	logged "$2" || { dmesg | tail -n 2; return 1; }
}

# once: the ejection, however long it takes
once() {
	load eject_ms=500
	ejects "endless" 25 -W 30000
	claim "it is counted" equal 1 "$(param ejections)"
	claim "loops trip at the kernel's own bound" equal 32 "$(param max_loops)"
	echo 8 >$params/limit
	ejects "below that bound" 25 -W 30000
	claim "it is counted too" equal 2 "$(param ejections)"
	claim "CPUs were kicked" positive "$(param kicks)"
	claim "rmmod succeeds" unload
}

guest() {
	local trips took

	if [ "${2-}" = once ]; then
		once
		return
	fi
	load engine="$1" eject_ms=500
	[ -z "${2-}" ] || livepatch
	trace_users
	ejects "endless"
	echo 0 >$switches/enable
	claim "the ejection is traced" grep -q ": eject:" $tracing/trace
	took=$(to_eject)
	say took "$took"
	# at least that long is what the log says; a user's task that a real-time one has
	# followed at once is in here, and not seen by the module
	claim "it takes eject_ms and up to 250 ms more" between 1 750 "$took"
	claim "the log says who, where and how often" logged \
		'scx_loopguard: ejecting BPF scheduler ".*": CPU [0-9]* has done nothing but trip for 5[0-9][0-9] ms, [0-9]* times'
	claim "it is counted" equal 1 "$(param ejections)"
	ejects "the next one"
	claim "it is counted too" equal 2 "$(param ejections)"

	# progress every few trips
	echo 100 >$params/eject_ms
	trips=$(param trips)
	sched scx_spin -n 100
	hogs 3
	sleep 4
	say healthy $(($(param trips) - trips))
	claim "a scheduler that needs 100 iterations trips" \
		[ "$(param trips)" -gt "$trips" ]
	claim "it is not ejected" scx_state enabled
	hogs_stop
	sched_stop
	# its load has just become a task that comes and goes
	sched scx_spin -n 200
	normal_work
	claim "one that needs 200 for every task of normal work is not either" \
		scx_state enabled
	sched_stop
	claim "nothing else was ejected" equal 2 "$(param ejections)"

	echo 0 >$sysrq
	claim "without sysrq it is refused" \
		refuses_ms 500 "scx_loopguard: eject_ms: kernel.sysrq is 0, "
	echo 2 >$sysrq
	claim "without the right one too" \
		refuses_ms 500 "scx_loopguard: eject_ms: kernel.sysrq is 2, "
	claim "the old value stays" equal 100 "$(param eject_ms)"
	claim "it can be turned off" sh -c "echo 0 >$params/eject_ms"
	echo 256 >$sysrq
	echo 500 >$params/eject_ms
	ejects "the bit for it is enough"
	claim "it is counted as well" equal 3 "$(param ejections)"

	echo 0 >$sysrq
	storms
	claim "sysrq is off by then: the log says so" \
		within 4 logged "not ejected: kernel.sysrq is 0 now"
	claim "the watchdog ejects it" ejected 40 "runnable task stall"
	storms_end
	claim "it was not this module" equal 3 "$(param ejections)"
	[ -z "${2-}" ] || livepatch_off
	claim "rmmod succeeds" unload
	claim "no eject_ms at load either" not load eject_ms=500
}

host() {
	claim "the guest finishes" vm_wait 180
	[ "${words#*,}" = once ] ||
		echo "figure eject $kernel_name $cpus $words $(word_of took) $(word_of healthy)"
}
