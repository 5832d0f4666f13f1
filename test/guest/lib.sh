# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# What the guest part of a case uses; busybox ash.

params=/sys/module/scx_loopguard/parameters

param() {
	cat "$params/$1"
}

# claim WHAT COMMAND...: the test's one assertion. The result goes to the host.
claim() {
	local what=$1

	shift
	if "$@" >/tmp/claim.log 2>&1; then
		say ok "$what"
	else
		say not-ok "$what" "($(head -c 300 /tmp/claim.log | tr '\n' ' '))"
	fi
}

# equal WANTED GOT: an assertion for claim that shows both.
equal() {
	[ "$1" = "$2" ] || { echo "wanted '$1', got '$2'"; return 1; }
}

# between MIN MAX GOT
between() {
	[ "$3" -ge "$1" ] && [ "$3" -le "$2" ] ||
		{ echo "wanted $1 to $2, got $3"; return 1; }
}

not() {
	! "$@"
}

# within SECONDS COMMAND...: wait until it succeeds. A slow kernel has more of them.
within() {
	local tries=$(($1 * 10 * ${slow:-1}))

	shift
	while ! "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { echo "not within time: $*"; return 1; }
		usleep 100000
	done
}

# load ARGUMENT...: the first time the host is told what was found, see rig/agrees.
load() {
	insmod /lib/scx_loopguard.ko "$@" || return
	[ ! -e /tmp/module-says ] || return 0
	say module-says "$(param engine)" "$(param target)" "$(param layout)" \
		"$(param native_limit)" "$(param state)" "$(param kick_wait)" "$(param restart)" $# >/tmp/module-says
}

# unload: once no loop has been ended for a while, see module/pin.c.
unload() {
	within 5 rmmod scx_loopguard
}

# in_use: rmmod says that it is.
in_use() {
	not rmmod scx_loopguard 2>/tmp/rmmod.log &&
		grep -q "Resource temporarily unavailable" /tmp/rmmod.log
}

# mark_log: what is in the log by now is not to be taken for what comes.
mark_log() {
	log_mark=$((${log_mark-0} + 1))
	echo "mark $log_mark of the log" >/dev/kmsg
}

news() {
	dmesg | if [ -n "${log_mark-}" ]; then
		sed "1,/ mark $log_mark of the log\$/d"
	else
		cat
	fi
}

# logged REGEX: be it long ago
logged() {
	dmesg | grep -q -e "$1"
}

# newly_logged REGEX: since mark_log
newly_logged() {
	news | grep -q -e "$1"
}

# What reads like a complaint; BUG: is also KASAN's and KCSAN's, and WARNING: most of lockdep's.
complaints() {
	dmesg | awk -v known="${known-}" -f /lib/reports.awk | grep -Ef /lib/reports
}

# As a user would run it, not with our real-time priority. In the background use
# policy itself: $! of a function is a shell that stands between.
normally() {
	policy other "$@"
}

# sched COMMAND...: start a BPF scheduler and wait until it is enabled, or over.
sched() {
	# now, as what the last one has said is not to be taken for this one's
	: >/tmp/sched.log
	mark_log
	policy other "$@" >>/tmp/sched.log 2>&1 &
	sched_pid=$!
	within 20 enabled_or_over
}

enabled_or_over() {
	scx_state enabled || grep -q ^EXIT: /tmp/sched.log ||
		! kill -0 "$sched_pid" 2>/dev/null
}

# how many have ever been enabled
enables() {
	cat /sys/kernel/sched_ext/enable_seq
}

scx_state() {
	[ "$(cat /sys/kernel/sched_ext/state)" = "$1" ]
}

# ejected SECONDS REASON: the kernel has unloaded the BPF scheduler for it.
ejected() {
	within "$1" scx_state disabled || return 1
	within 5 newly_logged "BPF scheduler \".*\" disabled ($2)" || { dmesg | tail -n 3; return 1; }
}

cgroup=/sys/fs/cgroup/below

# below: make a cgroup for a scheduler below the one that runs.
below() {
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
	mkdir $cgroup
}

sched_stop() {
	kill "$sched_pid"
	within 20 scx_state disabled
	wait "$sched_pid"
}

# scx_central's init wants to be on CPU 0 and pins its loader there, but this kernel
# runs init in a thread of its own, anywhere, with or without the module. The first
# scheduler has started that thread; its name is cut off.
init_on_cpu0() {
	local comm

	for comm in $(grep -l ^scx_ops_enable_ /proc/[0-9]*/comm); do
		taskset -p 1 "$(basename "${comm%/comm}")"
	done
}

tracing=/sys/kernel/debug/tracing

# Is the probe of the loop's first site a jump by now?
is_jump() {
	grep -F " $(param target | cut -d, -f1) " /sys/kernel/debug/kprobes/list | grep -qF '[OPTIMIZED]'
}

# kprobe_on FUNCTION: as a tracer has it, on ftrace. False if ftrace has given up.
kprobe_on() {
	echo "p:tracer/kprobe $1" >$tracing/kprobe_events &&
		echo 1 >$tracing/events/tracer/enable
}

kprobe_off() {
	echo 0 >$tracing/events/tracer/enable
	echo >$tracing/kprobe_events
}

# hogs COUNT [POLICY]: that many tasks that never sleep.
hogs() {
	local i=0

	hog_pids=
	while [ $i -lt "$1" ]; do
		policy "${2-other}" sh -c 'while :; do :; done' &
		hog_pids="$hog_pids $!"
		i=$((i + 1))
	done
}

# pinned_hogs COUNT: that many on each CPU.
pinned_hogs() {
	local cpu=0 i

	hog_pids=
	while [ $cpu -lt "$(cpus)" ]; do
		for i in $(seq "$1"); do
			taskset "$(printf '%x' $((1 << cpu)))" policy other sh -c 'while :; do :; done' &
			hog_pids="$hog_pids $!"
		done
		cpu=$((cpu + 1))
	done
}

hogs_stop() {
	# shellcheck disable=SC2086
	kill $hog_pids
	# shellcheck disable=SC2086
	wait $hog_pids
}

# Forks, pipes and files, in ordinary tasks.
normal_work() {
	normally sh -c 'i=0
		while [ $i -lt 20 ]; do
			seq 100 | sort -r | head -n 1 >/tmp/work || exit 1
			[ "$(cat /tmp/work)" = 99 ] || exit 1
			i=$((i + 1))
		done'
}

tripped() {
	[ "$(param trips)" -gt 0 ]
}

positive() {
	[ "$1" -gt 0 ] || { echo "got '$1'"; return 1; }
}

cpus() {
	grep -c ^processor /proc/cpuinfo
}

# The function that has the loop of 6.12, whose caller is the other one.
loop_function() {
	if grep -q ' balance_one$' /proc/kallsyms; then echo balance_one; else echo balance_scx; fi
}

# Tell the host where to find CPUs that are trapped: START-END of the functions that
# have the loop. It may be inlined into the caller, and the caller into its own.
say_where() {
	extents balance_one balance_scx dispatch_one do_pick_task_scx \
		scx_bpf_sub_dispatch >/tmp/loops
	# since 7.1 a scheduler can have children, which the last of them dispatches
	# shellcheck disable=SC2046
	say loop $(awk '{ at[$1] = $2 }
		END {
			own = at["balance_one"] at["dispatch_one"]
			if (own == "")
				own = at["balance_scx"] at["do_pick_task_scx"]
			print own, at["scx_bpf_sub_dispatch"]
		}' /tmp/loops)
	say detour "$(awk '$3 == "kprobe_optinsn_page" { print $1; exit }' /proc/kallsyms)"
}

# extents FUNCTION...: "FUNCTION START-END" of those that there are. An emulated CPU
# takes seconds to read kallsyms by awk, so grep is first.
extents() {
	grep -A 1 -E " ($(echo "$*" | tr ' ' '|'))\$" /proc/kallsyms |
		awk -v names=" $* " '
			start != "" { print name, start "-" $1; start = "" }
			index(names, " " $3 " ") { name = $3; start = $1 }'
}

livepatch=/sys/kernel/livepatch/scx_loopguard_livepatch
figures=/sys/module/scx_loopguard_livepatch/parameters

figure() {
	cat "$figures/$1"
}

# Load the second module and wait until every task goes through it.
livepatch() {
	claim "the livepatch loads" insmod /lib/scx_loopguard_livepatch.ko
	claim "the livepatch becomes active" within 20 livepatch_is active
}

livepatch_is() {
	[ "$(figure state)" = "$1" ]
}

livepatch_off() {
	echo 0 >$livepatch/enabled
	claim "the livepatch is disabled" within 20 livepatch_gone
	claim "its state is disabled" livepatch_is disabled
	claim "rmmod of the livepatch succeeds" rmmod scx_loopguard_livepatch
}

livepatch_gone() {
	[ ! -d $livepatch ]
}

# Sum of the counts of a histogram, or the greatest bucket.
histogram_sum() {
	figure "$1" | awk '{ n += $2 } END { print n + 0 }'
}

histogram_top() {
	figure "$1" | awk 'END { print $1 }'
}

# With no BPF scheduler enabled the figures stand still.
livepatch_claims() {
	claim "invocations are counted" positive "$(figure invocations)"
	claim "each is in the histogram of loops" \
		equal "$(figure invocations)" "$(histogram_sum loops_histogram)"
	claim "each is in the histogram of durations" \
		equal "$(figure invocations)" "$(histogram_sum duration_histogram)"
	claim "the longest has 32 iterations" \
		equal 32 "$(histogram_top loops_histogram)"
	claim "the longest duration is in the last bucket" \
		between "$(histogram_top duration_histogram)" \
		$(($(histogram_top duration_histogram) * 2 - 1)) "$(figure longest_ns)"
	echo 1 >$figures/reset
	claim "reset forgets" equal "0 0 0 0" \
		"$(figure invocations) $(figure longest_ns) $(histogram_sum loops_histogram) $(histogram_sum duration_histogram)"
}
