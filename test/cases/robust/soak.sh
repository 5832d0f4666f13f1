# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# A long time with the module: mixed load, and one fault after the other, all picked from
# a seed. After each the module is as it was. Whenever sixteen faults are over, memory is
# looked at with nothing else going on.
#
# Guest time is instructions, and what sleeps costs nothing, so an hour of the guest's is
# less than one of ours, and the same seed takes the same way again.

kernel=unbounded
tcg_threads=single
# an instruction is 16 ns; with debug code it takes a dozen for each
icount=4
case ${kernel_name-} in
*debug|kcsan) icount=1 ;;
esac
qemu_options="-icount shift=$icount,sleep=off"
variants="2:120,${LG_SEED-1}"
long_variants="2:${LG_SECONDS-3600},${LG_SEED-2} 2:${LG_SECONDS-1200},${LG_SEED-3}@next
2:${LG_SECONDS-1200},${LG_SEED-4}@bounded 2:${LG_SECONDS-300},${LG_SEED-5}@debug"
append=log_buf_len=8M

# pick N: a number below it, from the seed
pick() {
	stream=$(((stream * 1103515245 + 12345) & 0x7fffffff))
	picked=$(((stream >> 12) % $1))
}

seconds() {
	cut -d. -f1 /proc/uptime
}

pause() { # MS
	pick "$1"
	usleep $((picked * 1000 + 1000))
}

# --------------------------------------------------------------------- faults
#
# Each leaves no BPF scheduler and all settings as they were.

# nobody's fault: a scheduler that does its work
works() {
	pick 2
	if [ $picked = 0 ]; then sched scx_simple; else sched scx_qmap; fi
	pause 8000
	normal_work
	sched_stop
}

loops_a_while() {
	pick 200
	sched scx_spin -n $((picked + 20))
	pause 3000
	normal_work
	sched_stop
}

storm() {
	pick 2
	if [ $picked = 0 ]; then sched scx_spin -l 5; else sched scx_qmap -l 5; fi
}

# endless loops, which end in one way or another
watchdog_ends() {
	storm
	ejected 40 "runnable task stall"
	wait "$sched_pid"
}

sysrq_ends() {
	storm
	pause 3000
	echo S >/proc/sysrq-trigger
	within 20 scx_state disabled
	wait "$sched_pid"
}

loader_is_killed() {
	storm
	pause 3000
	kill -9 "$sched_pid"
	within 20 scx_state disabled
	wait "$sched_pid"
}

module_ejects() {
	echo 500 >$params/eject_ms
	storm
	within 20 scx_state disabled
	wait "$sched_pid"
	echo 0 >$params/eject_ms
}

settings_change() {
	storm
	for _ in 1 2 3 4 5 6; do
		pick 100; echo $((picked + 1)) >$params/limit
		pick 20000; echo $picked >$params/budget_us
		pause 300
	done
	echo 32 >$params/limit
	echo 0 >$params/budget_us
	echo S >/proc/sysrq-trigger
	within 20 scx_state disabled
	wait "$sched_pid"
}

# the scheduler's own faults
errors() {
	pick 500
	sched scx_spin -e $((picked + 1))
	hogs 1
	within 40 scx_state disabled || sched_stop
	hogs_stop
	wait "$sched_pid"
}

stalls() {
	local work

	sched scx_spin -t 20
	normal_work &
	work=$!
	within 60 scx_state disabled || sched_stop
	wait "$sched_pid" $work
}

# the machine's
cpu_goes() {
	local online=/sys/devices/system/cpu/cpu1/online

	sched scx_spin -n 50
	pause 1000
	echo 0 >$online
	pause 1000
	echo 1 >$online
	# the kernel takes that for a reason to stop a scheduler that has no say in it
	within 20 scx_state disabled || sched_stop
	wait "$sched_pid"
}

# the operator's
comes_and_goes() {
	sched scx_spin -n 100
	pause 500
	unload
	pause 500
	pick 2
	if [ $picked = 0 ]; then load engine=callsite; else load; fi
	pause 500
	sched_stop
}

livepatch_comes_and_goes() {
	sched scx_spin -n 100
	insmod /lib/scx_loopguard_livepatch.ko
	within 60 livepatch_is active
	pause 2000
	cat $figures/* >/dev/null
	sched_stop
	echo 0 >$livepatch/enabled
	within 60 livepatch_gone
	rmmod scx_loopguard_livepatch
}

probes_go_off() {
	sched scx_spin -n 30
	echo 0 >/sys/kernel/debug/kprobes/enabled
	pause 500
	echo 1 >/sys/kernel/debug/kprobes/enabled
	pause 500
	sched_stop
}

faults="works works loops_a_while watchdog_ends sysrq_ends loader_is_killed module_ejects
settings_change errors stalls cpu_goes comes_and_goes livepatch_comes_and_goes probes_go_off"

# --------------------------------------------------------------------- the run

# What is to hold whenever a fault is over; the first thing that does not is printed.
as_it_was() {
	local state

	scx_state disabled || { echo "a scheduler is left"; return 1; }
	state=$(param state)
	[ "$state" = "$wanted" ] || { echo "state $state"; return 1; }
	[ "$(param limit) $(param budget_us) $(param eject_ms)" = "32 0 0" ] ||
		{ echo "settings differ"; return 1; }
	[ "$(param max_loops)" -le 100 ] || { echo "max_loops $(param max_loops)"; return 1; }
	[ "$(cpus)" = "$nr_cpus" ] || { echo "CPUs are missing"; return 1; }
	normal_work || { echo "no normal work"; return 1; }
}

# kB that the kernel has for itself, and the most of all, when it is quiet
memory() {
	echo 3 >/proc/sys/vm/drop_caches
	sleep 1
	echo 3 >/proc/sys/vm/drop_caches
	awk '/^(MemTotal|MemFree):/ { v[$1] = $2 }
		END { print v["MemTotal:"] - v["MemFree:"] }' /proc/meminfo
}

# guest SECONDS SEED
guest() {
	local end trips=0 broken=0 idle=0 nr=0 churn='' before

	stream=$2 nr_cpus=$(cpus)
	say seed "$2"
	load
	wanted=$(param state)
	end=$(($(seconds) + $1))
	say begin
	while [ "$(seconds)" -lt $end ]; do
		# every other time tasks of all kinds come and go meanwhile
		pick 2
		[ $picked = 0 ] || { churn 3600 "$nr" >/dev/null & churn=$!; }
		pick "$(echo $faults | wc -w)"
		# shellcheck disable=SC2086
		fault=$(echo $faults | cut -d' ' -f$((picked + 1)))
		before=$(enables)
		$fault >/tmp/fault.log 2>&1
		[ -z "$churn" ] || { kill $churn; wait $churn; churn=''; }
		echo "$fault" >>/tmp/faults
		# on a busy host it may have been too slow for the fault that it was to have
		[ "$(enables)" != "$before" ] || idle=$((idle + 1))
		if ! as_it_was >/tmp/what 2>&1; then
			broken=$((broken + 1))
			say broken "$nr $fault: $(cat /tmp/what) $(head -c 200 /tmp/fault.log | xargs)"
		fi
		nr=$((nr + 1))
		[ $((nr % 16)) != 0 ] || say memory "$(memory)"
	done
	say finish
	say faults $nr
	sort /tmp/faults | uniq -c | while read -r n what; do say did "$what=$n"; done
	claim "after each of the faults all is as it was" equal 0 $broken
	claim "there were some" positive $((nr - 5))
	claim "most had a scheduler that was enabled" positive $((nr / 4 + 1 - idle))
	claim "the last ones were not lost on it" tripped_since
	claim "rmmod succeeds" unload
	claim "no kprobe is left" not grep -q . /sys/kernel/debug/kprobes/list
}

tripped_since() {
	sched scx_spin -n 100
	normal_work
	sched_stop
	tripped
}

# growth: kB between the least that was in use in the first quarter and in the last
growth() {
	sed -n 's/^[0-9]* memory //p' "$vm_dir/results" | awk '
		{ kb[NR] = $1 }
		function least(from, to,   i, m) {
			for (i = from; i <= to; i++)
				if (!m || kb[i] < m)
					m = kb[i]
			return m
		}
		END {
			q = int(NR / 4)
			if (q)
				print least(NR - q + 1, NR) - least(1, q)
		}'
}

host() {
	claim "the guest finishes" vm_wait $((${words%%,*} * 2 + 240))
	claim "no CPU misses its heartbeat for long" \
		at_most 8000 "$(longest_gap "$(mark begin)" "$(mark finish)")"
	# a short run has nothing to compare
	[ "${words%%,*}" -lt 900 ] || claim "memory does not grow" at_most 1024 "$(growth)"
	echo "figure soak $kernel_name $words faults=$(word_of faults) gap=$(longest_gap "$(mark begin)" "$(mark finish)") growth=$(growth) $(sed -n 's/^[0-9]* did //p' "$vm_dir/results" | xargs)"
}
