# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Schedulers whose dispatch loop goes wrong each in a way of its own (scx_hostile). With the
# module the guest lives, whatever the way; without it, in the same surroundings, it hangs, or
# is said not to. Loops in each other's are another case, nested.sh.

kernel=unbounded
variants="2:unlock 2:held 2:idle 2:rt 2:unlock,without"
more_variants="2:brink 2:dying 2:rt@next 2:idle,without 2:rt,without 2:held,without 2:dying,without 32:all 32:all,without 2:unlock,callsite 2:held,loopsite,livepatch
2:unlock@next 2:brink@next 2:held@next 2:idle@next
2:unlock,without@next 2:held,without@next 2:idle,without@next 2:rt,without@next"
# with KASAN fork takes so long that no task is met while it exits
no_debug="2:dying*"
# guest time is instructions, or a busy host would be in it; but the watchdog has to be
# given its time, and a hang ends no sooner than that
icount=yes silence=8
case ",${words-}," in
,all,without,) hangs=yes silence=60 ;;
*,without,*)   hangs=yes icount=no ;;
esac
if [ $icount = yes ]; then
	tcg_threads=single
	qemu_options="-icount shift=1,sleep=off"
fi

# on CPU COMMAND...: in the background, and among what the end of the storm ends.
on() {
	local mask

	mask=$(printf %x $((1 << $1)))
	shift
	taskset "$mask" "$@" &
	hog_pids="$hog_pids $!"
}

# on_each_cpu COMMAND...
on_each_cpu() {
	local cpu=0

	while [ $cpu -lt "$(cpus)" ]; do
		on $cpu "$@"
		cpu=$((cpu + 1))
	done
}

# What there has to be for the kind to be what it is.
surroundings() {
	hogs 0
	case $kind in
	unlock)
		# each CPU finds a task that another one has queued
		on_each_cpu policy other sh -c 'while :; do :; done'
		on_each_cpu policy other sh -c 'while :; do :; done'
		;;
	brink)
		hogs $(($(cpus) * 2))
		;;
	held)
		on 0 policy other sh -c 'while :; do :; done'
		policy other contend 0 >/tmp/contend.log &
		hog_pids="$hog_pids $!"
		claim "all of what contends goes on" within 10 grep -q \
			"moves=[1-9].* wakes=[1-9].* looks=[1-9]" /tmp/contend.log
		;;
	dying)
		hogs "$(cpus)"
		# tasks exit, whoever starves
		on_each_cpu policy fifo sh -c 'while :; do (:); usleep 1000; done'
		;;
	all)
		hogs "$(cpus)"
		;;
	rt)
		on_each_cpu doze fifo
		doze deadline &
		hog_pids="$hog_pids $!"
		;;
	esac
}

# counted NAME: what scx_hostile has counted, when it said so last.
counted() {
	sed -n "s/.*$1=\([0-9]*\).*/\1/p" /tmp/sched.log | tail -n 1
}

guest() {
	kind=$1
	case ${2-} in
	without) without ;;
	*)       with "${2-auto}" "${3-}" ;;
	esac
}

without() {
	say_where
	surroundings
	say storm
	sched scx_hostile "$kind"
	within 120 false
}

# with ENGINE LIVEPATCH
with() {
	[ "$kind" != brink ] || harmless
	load engine="$1"
	[ -z "$2" ] || livepatch
	surroundings
	claim "it is armed before" equal armed "$(param state)"
	case $kind in
	brink)   brink ;;
	idle)    storm; lives_with_it; ejected_by_sysrq ;;
	rt)      storm; lives_with_it; is_not_ejected; ejected_by_sysrq ;;
	held)    storm; contended; ejected_by_watchdog ;;
	*)       storm; ejected_by_watchdog ;;
	esac
	say counts "$(grep ^vain= /tmp/sched.log | tail -n 1)"
	say figures "$(param trips) $(param max_loops)"
	claim "it is armed after" equal armed "$(param state)"
	claim "last_trip_ops names the scheduler" equal hostile "$(param last_trip_ops)"
	claim "CPUs were kicked" positive "$(param kicks)"
	hogs_stop
	claim "normal work goes on" normal_work
	[ -z "$2" ] || livepatch_off
	claim "rmmod succeeds" unload
	claim "no kprobe is left" not grep -q . /sys/kernel/debug/kprobes/list
	claim "normal work goes on without it" normal_work
}

storm() {
	sched scx_hostile "$kind"
	say storm
	claim "it trips" within 10 tripped
	claim "it is armed" equal armed "$(param state)"
}

ejected_by_watchdog() {
	claim "the watchdog ejects the scheduler" ejected 40 "runnable task stall"
	wait "$sched_pid"
	ended_at_the_limit
}

ejected_by_sysrq() {
	echo S >/proc/sysrq-trigger
	claim "sysrq ejects the scheduler" ejected 10 "disabled by sysrq-S"
	wait "$sched_pid"
	ended_at_the_limit
}

ended_at_the_limit() {
	claim "loops end at the limit" equal 32 "$(param max_loops)"
	case $kind in
	unlock) claim "the rq lock was dropped in them" positive "$(counted unlocked)" ;;
	dying)  claim "tasks exited" between 100 1000000000 "$(counted dying)" ;;
	esac
}

# Where it is not hostile tasks run, and nobody starves for long.
lives_with_it() {
	local trips

	sleep 1
	trips=$(param trips)
	claim "normal work goes on in it" normal_work
	sleep 1
	claim "it still trips" [ "$(param trips)" -gt "$trips" ]
	claim "the scheduler is still enabled" scx_state enabled
}

# Each CPU trips many times a second, but is idle in between; not on a slow kernel, where
# real-time tasks that wake up every other millisecond leave nothing between the trips.
is_not_ejected() {
	local trips

	[ "${slow:-1}" = 1 ] || return 0
	echo 500 >$params/eject_ms
	trips=$(param trips)
	sleep 3
	claim "it trips with eject_ms" [ "$(param trips)" -gt $((trips + 30)) ]
	claim "a scheduler whose CPUs are idle is not ejected" \
		equal "enabled 0" "$(cat /sys/kernel/sched_ext/state) $(param ejections)"
	echo 0 >$params/eject_ms
}

contended() {
	local before

	before=$(tail -n 1 /tmp/contend.log)
	sleep 2.5
	say contended "$(($(field moves) - $(field moves "$before")))" \
		"$(($(field wakes) - $(field wakes "$before")))" \
		"$(($(field looks) - $(field looks "$before")))"
	for what in moves wakes looks; do
		claim "$what go on" positive $(($(field $what) - $(field $what "$before")))
	done
}

# field NAME [LINE]: of what contend has printed, last.
field() {
	echo "${2-$(tail -n 1 /tmp/contend.log)}" | sed "s/.*$1=\([0-9]*\).*/\1/"
}

# Loops of 31 to 33 iterations, for which the module is not needed.
harmless() {
	claim "-h shows the help" scx_hostile -h
	for bad in "" nonsense "-n 0 brink" "brink word"; do
		# shellcheck disable=SC2086
		claim "'$bad' is refused" not scx_hostile $bad
	done
	surroundings
	sched scx_hostile -s 1000 brink
	sleep 2
	claim "without the module the guest does normal work" normal_work
	claim "the scheduler is still enabled" scx_state enabled
	hogs_stop
	sched_stop
	claim "and finds tasks" between 100 1000000000 "$(($(counted vain) / 32))"
	say harmless "$(($(counted vain) / 32))"
}

brink() {
	sched scx_hostile -s 1000 -n 31 -m 31 brink
	say storm
	sleep 2
	sched_stop
	claim "31 in vain: it finds tasks" between 100 1000000000 "$(($(counted vain) / 31))"
	claim "31 in vain: no trip" equal 0 "$(param trips)"
	# and now and then there is nothing to be found after all
	claim "31 in vain: the highest count" between 31 32 "$(param max_loops)"

	sched scx_hostile -s 1000 brink
	sleep 2
	claim "31, 32, 33 in vain: normal work goes on" normal_work
	claim "31, 32, 33 in vain: the scheduler is still enabled" scx_state enabled
	sched_stop
	say found "$(($(counted vain) / 32))"
	claim "31, 32, 33 in vain: it finds tasks" \
		between 100 1000000000 "$(($(counted vain) / 32))"
	# which are 96 for two trips
	claim "31, 32, 33 in vain: two of three trip" \
		between $(($(counted vain) / 53)) $(($(counted vain) / 43)) "$(param trips)"
	claim "31, 32, 33 in vain: the highest count is the limit" equal 32 "$(param max_loops)"
}

# least_beats FROM TO: of the CPU that gave the fewest between two guest times in ns.
least_beats() {
	local cpu

	for cpu in $(seq 0 $((cpus - 1))); do
		awk -v from="$1" -v to="$2" '$1 > from && $1 <= to { n++ } END { print n + 0 }' \
			"$vm_dir/beats.$cpu"
	done | sort -n | head -n 1
}

host() {
	local kind=${words%%,*} seconds=240 gap

	[ "$kind" != all ] || seconds=900
	case ,$words, in
	*,without,*)
		claim "the guest gets as far as the storm" vm_wait_for $seconds ' storm$'
		claim "the heartbeat of every CPU stops" silent_for $silence $seconds
		claim "the watchdog does not help" [ -z "$(mark end)" ]
		claim "every CPU has IRQs off, in the dispatch loop or waiting for one that is" \
			all_cpus_trapped
		echo "figure hostile $kernel_name $cpus $kind without=hangs"
		return
		;;
	esac
	claim "the guest finishes" vm_wait $seconds
	gap=$(longest_gap "$(mark storm)" "$(mark end)")
	if [ "$kind" = all ]; then
		# of 32 CPUs on one thread QEMU leaves out one or the other for seconds: so long
		# the kernel sees it take to read one of its registers, IRQs off
		claim "every CPU goes on with its heartbeat" \
			at_least 20 "$(least_beats "$(mark storm)" "$(mark end)")"
	else
		claim "no CPU misses its heartbeat for a second" at_most 1000 "$gap"
	fi
	[ -n "$(mark figures)" ] || return 0
	[ "$kind" != brink ] || echo "figure hostile $kernel_name $cpus $kind without=lives"
	echo "figure hostile $kernel_name $cpus $words with=lives trips=$(word_of figures) max_loops=$(words_of figures | cut -d ' ' -f 2) gap=$gap $(words_of counts) $(words_of contended)"
}
