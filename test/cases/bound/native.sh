# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# On a kernel that has the bound the module says so, shows each time that it is hit,
# and leaves it to it, unless it is told to be tighter.

kernel=bounded
variants="2:loopsite"
more_variants="2:callsite 2:loopsite@nextbounded 2:callsite@nextbounded
2:loopsite@arm64 2:callsite@arm64 2:loopsite,cortex-a72@arm64
2:loopsite@debian-sid 2:loopsite@debian-7.2 2:loopsite@debian-7.2-cloud 2:loopsite@debian-7.2-rt
2:loopsite@stock73 2:loopsite@debian-7.3-cloud 2:loopsite@debian-7.3-rt"
case "${words-}" in
*,cortex*) cpu_model=${words#*,} ;;
esac

# The kernel's own bound kicks the CPU from the loop; the scheduler does from BPF.
kernel_trips() {
	grep -c "_kick_cpu <-\($(param target | sed 's/+0x[0-9a-f]*//g; s/,/\\|/g')\)" \
		$tracing/trace
}

# Loops of 100 iterations. In some of Debian's builds of 7.2 no BPF program can call what these
# need (see scx_spin.bpf.c): there it is endless loops, until the watchdog ejects the scheduler.
long_loops() {
	sched scx_spin -n 100
	if grep -q "^scx_spin: -n: no BPF program can call" /tmp/sched.log; then
		say spin -l
		sched scx_spin -l 5
		claim "scx_spin -n is refused for want of a kfunc, and the watchdog ejects scx_spin -l" \
			ejected 40 "runnable task stall"
		wait "$sched_pid"
		return
	fi
	say spin -n
	hogs 3
	sleep 2
	hogs_stop
	sched_stop
}

# What is beyond the kernel's own bound is lost with the hook.
only_the_bound() {
	echo 0 >/sys/kernel/debug/kprobes/enabled
	claim "disarmed, with a smaller limit it is lost" equal lost "$(param state)"
	echo 32 >$params/limit
	claim "disarmed, with the kernel's it is native" equal native "$(param state)"
	for p in budget_us eject_ms; do
		echo 500 >$params/$p
		claim "disarmed, with $p it is lost" equal lost "$(param state)"
		echo 0 >$params/$p
	done
	echo 1 >/sys/kernel/debug/kprobes/enabled
	echo 8 >$params/limit
	claim "a smaller limit arms it again" equal armed "$(param state)"
}

guest() {
	load engine="$1"
	claim "the state is native" equal native "$(param state)"
	claim "the kernel's limit is shown" equal 32 "$(param native_limit)"
	say found "$(param target)"
	say layout "$(param layout)"
	say native "$(param native_limit)"

	echo 32768 >$tracing/buffer_size_kb
	grep -x -e scx_bpf_kick_cpu -e scx_kick_cpu \
		$tracing/available_filter_functions >$tracing/set_ftrace_filter
	echo function >$tracing/current_tracer
	long_loops
	echo 0 >$tracing/tracing_on
	claim "the bound is hit" positive "$(param trips)"
	claim "each time that it is is a trip" \
		equal "$(kernel_trips)" "$(param trips)"
	claim "the loops end at 32" equal 32 "$(param max_loops)"
	echo nop >$tracing/current_tracer

	sched scx_spin -l 5
	claim "the watchdog ejects the scheduler" \
		ejected 40 "runnable task stall"
	wait "$sched_pid"
	claim "it was not this module's doing" equal 0 "$(param kicks)"
	claim "rmmod succeeds" unload

	load engine="$1" limit=8
	claim "a smaller limit arms it" equal armed "$(param state)"
	sched scx_spin -l 5
	claim "the watchdog ejects the scheduler again" \
		ejected 40 "runnable task stall"
	claim "this module ended the loops" positive "$(param kicks)"
	claim "at the smaller limit" equal 8 "$(param max_loops)"
	say exact1 "$(param max_loops)"
	only_the_bound
	echo N >$params/enforce
	claim "with enforce=N it is native again" equal native "$(param state)"
	claim "rmmod succeeds again" unload
}

host() {
	claim "the guest finishes" vm_wait 180
	echo "figure native $kernel_name $(word_of found) $(word_of layout) $(word_of native) $(word_of exact1) $(word_of spin)"
}
