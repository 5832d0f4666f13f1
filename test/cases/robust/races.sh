# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Everything that may happen to the module at the same time, for a while, from a seed: it is
# loaded and unloaded while BPF schedulers come, loop and go, CPUs go off and come back, its
# files are read and written, tasks change CPU, policy and cgroup, tracers and kprobes sit on
# the same functions, and kprobes are disarmed.
#
# An endless loop takes the machine away where the module does not protect, as it is meant
# to. So there are rounds of two kinds: in "cycles" the module comes and goes and is turned
# off in every way, and all loops are finite; in "storm" it stays and loops are endless,
# and then rmmod says that it is in use. A hang is a finding.

kernel=unbounded
variants="2:30,${LG_SEED-1}"
long_variants="2:${LG_SECONDS-600},${LG_SEED-2} 4:${LG_SECONDS-300},${LG_SEED-3}
2:${LG_SECONDS-300},${LG_SEED-5}@next 2:${LG_SECONDS-300},${LG_SEED-6}@bounded
2:${LG_SECONDS-300},${LG_SEED-7}@debug 2:${LG_SECONDS-300},${LG_SEED-8}@kcsan"
# in jiffies: who keeps synchronize_rcu_tasks() waiting, and so kprobes, is named after 30 s
append="log_buf_len=8M rcupdate.rcu_task_stall_timeout=7500"

# See warnings_are_survived(); and once ftrace has been given up, who turns function_graph on a second
# time is told that its tracepoint has been there ever since.
known="WARNING: .* (task_non_contending|inactive_task_timer|ftrace_shutdown|disarm_kprobe_ftrace)\
|WARNING: .* tracepoint_add_func.* register_ftrace_graph"

kprobes=/sys/kernel/debug/kprobes
groups=/sys/fs/cgroup

# pick N: a number below it, from the seed; each actor has a stream of its own.
seed_actor() {
	stream=$((($1 * 7919 + $2 * 104729 + 12345) & 0x7fffffff))
}

pick() {
	stream=$(((stream * 1103515245 + 12345) & 0x7fffffff))
	picked=$(((stream >> 12) % $1))
}

seconds() {
	cut -d. -f1 /proc/uptime
}

goes_on() {
	[ ! -e /tmp/stop ]
}

# one more of what an actor has done, a word a line
did() {
	echo "$1" >>"/tmp/did.$actor"
}

# All of this is real-time tasks: where each step takes long they would leave a loader no time, which
# has no priority.
pause() { # MS
	pick "$1"
	usleep $(((picked * 1000 + 1000) * ${slow:-1}))
}

# act FUNCTION: in the background, again and again until the round is over.
act() {
	nr_actors=$((nr_actors + 1))
	echo "$1" >/tmp/acts.$nr_actors
	(
		actor=$nr_actors
		seed_actor "$seed" $nr_actors
		while goes_on; do "$1"; done
		rm /tmp/acts.$nr_actors
	) >/tmp/actor.log 2>&1 &
	actors="$actors $!"
}

# --------------------------------------------------------------------- actors

loads() {
	pick 3
	case $picked in
	0) set -- engine=callsite ;;
	*) set -- engine=loopsite ;;
	esac
	pick 40
	if load "$@" limit=$((picked + 1)) 2>/dev/null; then
		did load
		pause 600
		pick 4
		if [ $picked = 0 ] && insmod /lib/scx_loopguard_livepatch.ko 2>/dev/null; then
			did livepatch
			pause 800
			within 60 off_and_out
		fi
		# in the middle of whatever there is; while it ends loops, which are finite
		pick 2
		[ $picked = 0 ] || echo N >$params/enforce
		within 60 rmmod scx_loopguard && did unload
	else
		# kprobes are off, or somebody's is in the way
		did refused
		pause 100
	fi
}

off_and_out() {
	echo 0 >$livepatch/enabled
	rmmod scx_loopguard_livepatch
}

# for a while; it may have ended by itself, as when a CPU goes off
runs_for() { # MS COMMAND...
	local ms=$1 pid before

	shift
	before=$(enables)
	policy other "$@" >/dev/null 2>&1 &
	pid=$!
	pause "$ms"
	usleep 300000
	kill $pid 2>/dev/null
	wait $pid
	[ "$(enables)" = "$before" ] || did "$1"
}

finite() {
	pick 4
	case $picked in
	0) runs_for 2000 scx_simple ;;
	1) runs_for 2000 scx_qmap ;;
	2) pick 20; runs_for 3000 scx_spin -n $((picked + 20)) ;;
	3) pick 200; runs_for 3000 scx_spin -n $((picked + 40)) ;;
	esac
}

endless() {
	local before

	before=$(enables)
	pick 2
	case $picked in
	0) policy other scx_spin -l 5 >/dev/null 2>&1 & ;;
	1) policy other scx_qmap -l 5 >/dev/null 2>&1 & ;;
	esac
	wait $!
	[ "$(enables)" = "$before" ] || did storm
}

storms() {
	scx_state enabled && [ "$(param trips)" -gt "$trips" ]
}

storms_or_is_over() {
	! grep -q endless /tmp/acts.* 2>/dev/null || storms
}

# ends what does not end by itself, until rmmod is about to find a storm
ejects() {
	pause 4000
	[ ! -e /tmp/calm ] || return
	echo S >/proc/sysrq-trigger
	did sysrq
}

cpus_off_and_on() {
	local online

	pick $(($(nproc_possible) - 1))
	online=/sys/devices/system/cpu/cpu$((picked + 1))/online
	echo 0 >$online && did offline
	pause 500
	[ "$(cat $online)" = 1 ] || { echo 1 >$online && did online; }
	pause 700
}

nproc_possible() {
	find /sys/devices/system/cpu -maxdepth 1 -name 'cpu[0-9]*' | wc -l
}

reads() {
	[ -z "$(cat $params/* $figures/* 2>/dev/null)" ] || did read
	pause 100
}

writes() {
	pick 6
	case $picked in
	0) pick 64; echo $((picked + 1)) >$params/limit ;;
	1) pick 20000; echo $picked >$params/budget_us ;;
	2)
		pick 2000
		[ ! -e /tmp/calm ] && echo $((picked + 100)) >$params/eject_ms
		;;
	3) echo 0 >$params/eject_ms ;;
	4) not_nonsense ;;
	5) echo 1 >$figures/reset ;;
	esac 2>/dev/null && did write
	pause 60
}

not_nonsense() {
	[ -e $params/limit ] && ! echo nonsense >$params/limit
}

# What makes the kernel itself warn is left out where a warning is the end: 6.12 warns
# of the deadline server's bandwidth (task_non_contending()) when a CPU goes off under a BPF scheduler,
# and in ftrace_shutdown() of what a tracer left while ftrace was off, see disarm.sh.
warnings_are_survived() {
	[ "$(cat /proc/sys/kernel/panic_on_warn)" = 0 ]
}

# 6.12 may give it up for good then, and with it half of what there is to race: every other seed
ftrace_may_go() {
	[ $((seed % 2)) = 1 ] && warnings_are_survived
}

# off_and_on MS OFF ON FILE: and on in any case, as half of it may have been done
off_and_on() {
	local status=0

	echo "$2" >"$4" || status=1
	pause "$1"
	echo "$3" >"$4" && return $status
}

turns_off() {
	pick 3
	[ $picked != 2 ] || ftrace_may_go || return
	case $picked in
	0) off_and_on 200 N Y $params/enforce ;;
	1) off_and_on 300 0 1 $kprobes/enabled ;;
	2) off_and_on 300 0 1 /proc/sys/kernel/ftrace_enabled ;;
	esac 2>/dev/null && did off
	pause 600
}

traces() {
	pick 4
	case $picked in
	0)
		off_and_on 300 function nop $tracing/current_tracer
		;;
	1)
		off_and_on 200 function_graph nop $tracing/current_tracer
		;;
	2)
		# where this module's own probe is, or another place of that function
		echo "p:races/site $(param target | cut -d, -f1)" >$tracing/kprobe_events
		echo "p:races/entry $loop_function" >>$tracing/kprobe_events
		echo "r:races/back $consume" >>$tracing/kprobe_events
		off_and_on 400 1 0 $tracing/events/races/enable
		status=$?
		echo >$tracing/kprobe_events && [ $status = 0 ]
		;;
	3)
		off_and_on 300 1 0 $tracing/events/scx_loopguard/enable
		;;
	esac 2>/dev/null && did trace
	pause 400
}

# --------------------------------------------------------------------- rounds

# start_round KIND: what goes on in both kinds
start_round() {
	round=$1 actors=
	rm -f /tmp/stop /tmp/calm
	! warnings_are_survived || act cpus_off_and_on
	act reads
	act reads
	act writes
	act traces
	churn "$2" "$((seed + rounds))" $groups/a $groups/b $groups >/tmp/churn.log 2>&1 &
	actors="$actors $!"
}

# Is anybody still at it? Whoever does not come to an end is a finding.
all_over() {
	! cat /tmp/acts.* 2>/dev/null
}

stacks() {
	local p

	# which class each belongs to, and what the runqueues have
	cat /sys/kernel/debug/sched/debug >/dev/console
	dmesg | tail -n 100 >/dev/console
	complaints | head -n 5 | while read -r line; do say splat "$line"; done
	for p in /proc/[0-9]*; do
		# the size of all of them is 0
		[ -n "$(head -c 1 "$p/cmdline")" ] || grep -q "^State:.D" "$p/status" || continue
		say stuck "$(cat "$p/comm") $(tr '\0' ' ' <"$p/cmdline")" \
			"$(sed -n 's/^State://p' "$p/status")" \
			"$(grep -E '^(policy|prio|ext.enabled)' "$p/sched" | tr -d ' ' | xargs)" \
			"$(sed 's/.*] //' "$p/stack" | xargs)"
	done
}

end_round() {
	: >/tmp/stop
	if ! within 60 all_over; then
		claim "all comes to an end" all_over
		stacks
		# there is no end to be waited for
		say "done"
		poweroff -f
	fi
	# shellcheck disable=SC2086
	wait $actors
	wait
	echo 1 >$kprobes/enabled
	echo 1 >/proc/sys/kernel/ftrace_enabled
	rounds=$((rounds + 1))
	say round $rounds "$round" "$(cat /tmp/churn.log)"
}

cycles() {
	start_round cycles "$1"
	act loads
	act finite
	act turns_off
	sleep "$1"
	end_round
	# the last cycle may have been cut short at any point
	[ ! -d $livepatch ] || within 60 off_and_out
	[ ! -d $params ] || unload
}

storm() {
	if ! load "$1"; then
		# ftrace has been given up, or kprobes are off: the next kind of round
		rounds=$((rounds + 1))
		did refused
		return
	fi
	claim "it is in force before a storm" grep -qxE "armed|native" $params/state
	start_round storm "$2"
	trips=$(param trips)
	act endless
	claim "a storm begins" within 60 storms
	act ejects
	sleep "$2"
	: >/tmp/calm
	echo 0 >$params/eject_ms
	trips=$(param trips) latest=$(($(seconds) + 60 * ${slow:-1}))
	until storms || [ "$(seconds)" -ge $latest ]; do
		usleep 100000
	done
	# no new storm, but the one that there is goes on under rmmod. A scheduler that is only
	# being loaded would begin to loop when the module is gone.
	: >/tmp/stop
	trips=$(param trips)
	claim "what was just started loops, or is over" within 60 storms_or_is_over
	if storms; then
		claim "rmmod of a storm says that it is in use" in_use
		did rmmod-of-a-storm
		echo S >/proc/sysrq-trigger
	fi
	if ! within 100 rmmod scx_loopguard; then
		claim "rmmod after a storm succeeds" rmmod scx_loopguard
		stacks
		grep . $params/* | while read -r a; do say stuck "$a"; done
		say "done"
		poweroff -f
	fi
	did rmmod-after-a-storm
	end_round
}

# What is traced, and which engines there are.
find_functions() {
	load
	claim "the best engine is had" equal loopsite "$(param engine)"
	loop_function=$(param target) loop_function=${loop_function%%+*}
	claim "it goes before the races" unload
	load engine=callsite
	consume=$(grep -oxE "(scx_)?consume_dispatch_q" $tracing/available_filter_functions)
	unload
	grep -oE "^($loop_function|$consume)\$" $tracing/available_filter_functions \
		>$tracing/set_ftrace_filter
	cat $tracing/set_ftrace_filter >$tracing/set_graph_function
}

# guest SECONDS SEED
guest() {
	local end

	seed=$2 rounds=0 nr_actors=0 actor=0
	say seed "$seed"
	seed_actor "$seed" 0
	echo 1 >/proc/sys/kernel/printk
	mount -t cgroup2 cgroup2 $groups
	mkdir $groups/a $groups/b
	echo +cpu >$groups/cgroup.subtree_control
	find_functions

	say begin
	end=$(($(seconds) + $1))
	# on a busy host one round may take all that time
	while [ "$(seconds)" -lt $end ] || { [ $rounds -lt 8 ] && ! grep -qs rmmod-of /tmp/did.*; }; do
		pick 10
		case $((rounds % 4)) in
		1) storm engine=loopsite $((picked + 6)) ;;
		3) storm engine=callsite $((picked + 6)) ;;
		*) cycles $((picked + 8)) ;;
		esac
	done
	say finish

	cat /tmp/did.* | sort | uniq -c | while read -r n what; do say did "$what=$n"; done
	# as it may after "turns_off", see disarm.sh
	say did "ftrace_given_up=$(kprobe_on schedule 2>/dev/null && echo 0 || echo 1)"
	kprobe_off
	# what the kernel would have left in its table of kprobes
	say did "not_disarmed=$(dmesg | grep -c 'could not disarm a kprobe')"
	claim "no scheduler is left" within 20 scx_state disabled
	claim "the module is gone" not grep -q scx_loopguard /proc/modules
	claim "no kprobe is left" not grep -q . $kprobes/list
	claim "nothing of it is in sysfs" \
		equal "" "$(ls -d /sys/module/scx_loopguard* 2>/dev/null)"
	claim "every CPU is back" equal "$(nproc_possible)" "$(cpus)"
	claim "normal work goes on" normal_work

	load
	# 7.3 says EBUSY for a while after the last one has gone
	claim "a scheduler can be enabled" within 30 starts scx_spin -n 100
	normal_work
	say after "$(param state) $(param target) hits $(param hits) trips $(param trips) scheduler $(cat /sys/kernel/sched_ext/state) $(tail -n 2 /tmp/sched.log | xargs)"
	claim "it loads and trips after all that" tripped
	claim "it is live" equal Y "$(param live)"
	sched_stop
	claim "rmmod succeeds" unload
}

starts() {
	sched "$@"
	scx_state enabled
}

# done_times WHAT: how often the actors did it
done_times() {
	sed -n "s/^[0-9]* did $1=//p" "$vm_dir/results"
}

host() {
	local what cpus_go="offline online"

	case $kernel_name in *debug) cpus_go= ;; esac
	claim "the guest finishes" vm_wait $((${words%%,*} * 3 + 200))
	for what in load unload $cpus_go read write trace off storm sysrq rmmod-of-a-storm; do
		claim "there was $what" at_least 1 "$(done_times "$what")"
	done
	# a CPU that goes off takes its heartbeat along for a while
	claim "no CPU misses its heartbeat for long" \
		beats_within 8000 begin finish
	echo "figure races $kernel_name $cpus $words gap=$(longest_gap "$(mark begin)" "$(mark finish)") $(sed -n 's/^[0-9]* did //p' "$vm_dir/results" | xargs)"
}
