# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Each option of scx_spin does what its help says, on a kernel left alone.

kernel=unbounded
variants="2"

# exits_with PATTERN: scx_spin has printed that reason and ended.
exits_with() {
	within 20 grep -q "^EXIT: .*$1" /tmp/sched.log || { tail -n 3 /tmp/sched.log; return 1; }
}

# The count that scx_spin prints under this name.
count() {
	sed -n "s/.*$1=\([0-9]*\).*/\1/p" /tmp/sched.log | tail -n 1
}

# Is the process scheduled by the BPF scheduler?
on_ext() {
	grep -q '^ext.enabled *: *1' "/proc/$1/sched"
}

policy_ext_of_itself() {
	policy other sh -c 'while [ ! -e /tmp/go ]; do usleep 50000; done
		exec policy ext true' >/tmp/ext.log 2>&1 &
	ext_pid=$!
}

guest() {
	claim "-h shows the help" scx_spin -h
	claim "an unknown option is refused" not scx_spin -x
	claim "a word too many is refused" not scx_spin word
	for bad in "-s 0" "-s x" "-b 1025" "-l -1" "-n" "-d -2" "-W 30001"; do
		# shellcheck disable=SC2086
		claim "$bad is refused" not scx_spin $bad
	done

	sched scx_spin -v
	hogs 3
	claim "by default all tasks are its own" within 2 on_ext "${hog_pids##* }"
	within 5 grep -q enqueued= /tmp/sched.log
	claim "-v prints libbpf's messages" grep -q libbpf: /tmp/sched.log
	claim "a signal ends it" sched_stop
	claim "it prints the kernel's reason" \
		exits_with "unregistered from user space"
	claim "it dispatched" positive "$(count dispatched)"
	claim "it made no phantom dispatch" equal 0 "$(count phantoms)"

	sched scx_spin -s 1000 -b 16 -D 4096
	claim "-s, -b, -D: normal work" normal_work
	sched_stop

	sched scx_spin -p
	claim "-p: a normal task is not its own" not on_ext "${hog_pids##* }"
	policy ext sh -c 'while :; do :; done' &
	claim "-p: a SCHED_EXT task is" within 2 on_ext $!
	kill $!
	sched_stop

	sched scx_spin -e 50
	claim "-e: ends by scx_bpf_error()" \
		exits_with "error on request"
	wait "$sched_pid"
	claim "-e: exit status 2" equal 2 $?

	sched scx_spin -q -e 50
	claim "-q: it ends without a reason" exits_with " () kind=[1-9]"
	wait "$sched_pid"
	claim "-q: exit status 2" equal 2 $?

	sched scx_spin -t 20 -D 65536
	claim "-t: the watchdog finds the stall" \
		exits_with "failed to run for"
	claim "-t: user tasks were stalled" positive "$(count stalled)"
	claim "-D: the kernel's dump is printed" \
		grep -q "CPU states" /tmp/sched.log
	wait "$sched_pid"

	sched scx_spin -t 20 -W 2000
	claim "-W: it does so after another time" exits_with "failed to run for [234]\."
	wait "$sched_pid"

	sched scx_spin -T 20
	# of a task, or of its own work where that was to be one of those that stall
	claim "-T: the watchdog finds the stall" \
		exits_with "failed to \(run\|check in\) for"
	wait "$sched_pid"
	hogs_stop

	policy_ext_of_itself
	sched scx_spin -p -d "$ext_pid"
	: >/tmp/go
	wait "$ext_pid"
	claim "-d: the process may not use SCHED_EXT" \
		grep -q "Permission denied" /tmp/ext.log
	sched_stop
}
