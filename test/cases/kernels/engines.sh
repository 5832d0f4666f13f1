# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Each engine, alone and with the livepatch, rescues each kernel, ends loops at
# exactly the limit and goes away without a trace.

kernel=unbounded
variants="2:loopsite 2:callsite 2:loopsite,livepatch"
more_variants="
2:callsite,livepatch 2:loopsite@nosyms
2:loopsite@clang 2:callsite@clang 2:loopsite,livepatch@clang 2:callsite,livepatch@clang
2:loopsite@thinlto 2:loopsite@nextthinlto 2:loopsite@o3
2:loopsite@depth 2:callsite@depth 2:loopsite,livepatch@depth 2:callsite,livepatch@depth
2:loopsite@small 2:callsite@small 2:loopsite,livepatch@small 2:callsite,livepatch@small
2:loopsite@rt 2:callsite@rt 2:loopsite,livepatch@rt 2:callsite,livepatch@rt
2:loopsite@l1 2:callsite@l1 2:loopsite,livepatch@l1 2:callsite,livepatch@l1
2:loopsite@l2 2:callsite@l2 2:loopsite,livepatch@l2 2:callsite,livepatch@l2
2:loopsite@midseries 2:callsite@midseries
2:loopsite,livepatch@midseries 2:callsite,livepatch@midseries
2:loopsite@g2 2:callsite@g2 2:loopsite,livepatch@g2 2:callsite,livepatch@g2
2:loopsite@next 2:callsite@next 2:loopsite,livepatch@next 2:callsite,livepatch@next
"

guest() {
	local engine=$1

	! grep -q retbleed=stuff /proc/cmdline || claim "call depth is tracked" \
		grep -q Stuffing /sys/devices/system/cpu/vulnerabilities/retbleed
	load engine="$1" limit=13
	claim "the engine is the one asked for" equal "$1" "$(param engine)"
	if [ "${2-}" = livepatch ]; then
		livepatch
		engine=livepatch+$1
		claim "with the livepatch it says so" equal "$engine" "$(param engine)"
	fi
	claim "it is armed" equal armed "$(param state)"
	say found "$(param target)"
	say layout "$(param layout)"
	say native "$(param native_limit)"

	# an idle guest dispatches next to nothing
	hogs "$(cpus)"
	sched scx_spin -l 5
	claim "limit=13: the storm trips" within 5 tripped
	echo S >/proc/sysrq-trigger
	claim "limit=13: sysrq ejects the scheduler" ejected 5 "disabled by sysrq-S"
	wait "$sched_pid"
	claim "limit=13: loops end at 13" equal 13 "$(param max_loops)"
	say exact1 "$(param max_loops)"
	claim "it is live" equal Y "$(param live)"

	echo 32 >$params/limit
	# PREEMPT_RT does not take a BPF program with a timer, as the kernel's own has; over that of
	# 7.x the verifier takes more than ten minutes where all debug code is in
	if uname -v | grep -q PREEMPT_RT ||
	   { [ -e /sys/kernel/debug/kmemleak ] &&
	     grep -q ' scx_bpf_sub_dispatch$' /proc/kallsyms; }; then
		sched scx_spin -l 5
	else
		sched scx_qmap -l 5
	fi
	say storm
	claim "the watchdog ejects the scheduler" ejected 40 "runnable task stall"
	say ejected
	hogs_stop
	claim "loops end at 32" equal 32 "$(param max_loops)"
	say exact2 "$(param max_loops)"
	claim "no hit was missed" equal 0 "$(param nmissed)"
	if [ "${2-}" = livepatch ]; then
		livepatch_claims
		livepatch_off
		claim "without the livepatch it says so" equal "$1" "$(param engine)"
	fi
	claim "rmmod succeeds" unload
	claim "no kprobe is left" not grep -q . /sys/kernel/debug/kprobes/list
	claim "normal work goes on" normal_work
}

host() {
	claim "the guest finishes" vm_wait 180
	claim "no CPU misses its heartbeat for a second" \
		beats_within 1000 storm end
	echo "figure engines $kernel_name $words $(mark storm) $(mark ejected)"
	echo "figure shape $kernel_name $(word_of found) $(word_of layout) $(word_of native) $(mark storm) $(mark ejected) $(word_of exact1) $(word_of exact2)"
}
