# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# A storm on every CPU until the watchdog ends it, in guest instructions: on the kernel
# with a bound of its own, without the module, and on the one without, with it. What
# the one is to the other, test/tools/figures says. What a trip takes is of one CPU, as CPUs that
# wait for each other's locks execute instructions too.

kernel=unbounded
variants=
long_variants="
2:native@bounded 2:loopsite 2:callsite 2:loopsite,livepatch
1:native,trips@bounded 1:loopsite,trips 1:callsite,trips 1:loopsite,livepatch,trips
"
timeout=1200
tcg_threads=single
qemu_options="-icount shift=1,sleep=off"
no_debug='*'	# other figures

storms=2

# On each CPU a real-time task that does a little now and then.
workers() {
	local cpu=0

	worker_pids=
	while [ $cpu -lt "$(cpus)" ]; do
		taskset $((1 << cpu)) policy fifo sh -c \
			'while :; do usleep 2000; echo >>/tmp/worker.'$cpu'; done' &
		worker_pids="$worker_pids $!"
		cpu=$((cpu + 1))
	done
	usleep 300000
}

work_done() {
	cat /tmp/worker.* | wc -l
}

# When the kernel logged the last of it, in us.
logged_at() {
	dmesg | sed -n "s/^\[ *\([0-9]*\)\.\([0-9]*\)\] .*BPF scheduler \"qmap\" $1.*/\1\2/p" | tail -n 1
}

irq_works() {
	awk '$1 == "IWI:" { for (i = 2; i <= NF && $i ~ /^[0-9]+$/; i++) n += $i; print n }' \
		/proc/interrupts
}

# The longest time in us between two timer interrupts of one CPU.
longest_tick() {
	sed -n 's/.*\[\([0-9]*\)\].* \([0-9]*\)\.\([0-9]*\): local_timer_entry.*/\1 \2\3/p' \
		$tracing/trace | awk '
		$1 in at && $2 - at[$1] > gap { gap = $2 - at[$1] }
		{ at[$1] = $2 }
		END { print gap }'
}

storm() {
	local works before

	hogs $(($(cpus) * 2))
	# to enable a scheduler takes a while, and some of it is a storm already
	sched scx_qmap -l 5
	echo 1 >$tracing/tracing_on
	works=$(irq_works)
	before=$(work_done)
	say storm
	claim "the watchdog ejects the scheduler" ejected 60 "runnable task stall"
	say ejected
	works=$(($(irq_works) - works))
	before=$(($(work_done) - before))
	echo 0 >$tracing/tracing_on
	hogs_stop
	say figures $(($(logged_at disabled) - $(logged_at enabled))) \
		"$(longest_tick)" $before $works
	echo >$tracing/trace
}

# What a trip takes, of a scheduler of which each is like the other, and nothing else to do.
trips() {
	local works

	hogs "$(cpus)"
	sched scx_spin -l 5
	works=$(irq_works)
	say tripping
	usleep 2000000
	say tripped $(($(irq_works) - works))
	claim "the watchdog ejects that one too" ejected 60 "runnable task stall"
	hogs_stop
}

guest() {
	local i=0

	if [ "$1" != native ]; then
		load engine="$1"
		[ "${2-}" != livepatch ] || livepatch
		[ "$1" != loopsite ] ||
			claim "kprobes replaces the breakpoint by a jump" within 10 is_jump
	fi
	case "$*" in
	*trips)
		trips
		;;
	*)
		echo 4096 >$tracing/buffer_size_kb
		# to empty it in a storm would wait for tasks that starve
		echo 0 >$tracing/tracing_on
		echo 1 >$tracing/events/irq_vectors/local_timer_entry/enable
		workers
		while [ $i -lt $storms ]; do
			storm
			i=$((i + 1))
		done
		# shellcheck disable=SC2086
		kill $worker_pids
		;;
	esac
	claim "the guest does normal work" normal_work
}

host() {
	claim "the guest finishes" vm_wait $timeout
	# for test/tools/figures: us to ejection and between two ticks, ns that the counts are of
	cat "$vm_dir"/beats.* "$vm_dir/results" | awk -v what="figure storm $cpus ${words%,trips}" '
		NF == 1 { beat[n++] = $1 }
		$2 == "storm" { from = $1 }
		$2 == "ejected" {
			to = $1
			for (i = beats = 0; i < n; i++)
				beats += beat[i] > from && beat[i] <= to
		}
		$2 == "figures" { print what, $3, $4, to - from, beats, $5, $6 }
		$2 == "tripping" { from = $1 }
		$2 == "tripped" { print "figure trip " substr(what, 14), $1 - from, $3 }'
}
