# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# The self-test for a canary machine, as "make install-tools" installs it, passes where loops
# are ended, fails for what goes wrong, refuses where this machine would hang, and leaves nothing
# behind, whatever ends it.

kernel=unbounded
needs=scheds
variants="2@stock73"
more_variants="2"

# selftest STATUS ARGUMENT...: it ends so
selftest() {
	local wanted=$1 got=0

	shift
	normally scx-loopguard-selftest "$@" >/tmp/out 2>&1 </dev/null || got=$?
	[ $got = "$wanted" ] || { echo "exit status $got: $(tail -n 3 /tmp/out)"; return 1; }
}

# It measures as well how long the host does not let the guest run, which may be long.
passes() {
	selftest 0 --yes || selftest 0 --yes || selftest 0 --yes
}

# refuses REASON: with --yes
refuses() {
	selftest 3 --yes || return 1
	grep -q "^scx-loopguard-selftest: $1" /tmp/out || { cat /tmp/out; return 1; }
}

# has NAME VALUE: of what it has printed
has() {
	grep -q -E "^$1 +$2" /tmp/out || { grep -E "^($1|verdict) " /tmp/out; return 1; }
}

nothing_left() {
	scx_state disabled || return 1
	not pidof scx_spin rt_wait || return 1
	not ls -d /tmp/tmp.* 2>/dev/null
}

start() {
	: >/tmp/out
	policy other scx-loopguard-selftest --yes >/tmp/out 2>&1 </dev/null &
	test_pid=$!
}

# in_time: once it has a scheduler enabled
in_time() {
	within 20 scx_state enabled
}

ended() {
	not kill -0 "$test_pid"
}

status() {
	wait "$test_pid"
	equal "$1" $?
}

# A real-time task that nothing below it can get past.
hog() {
	echo -1 >/proc/sys/kernel/sched_rt_runtime_us
	chrt -f 70 taskset 2 sh -c 'while :; do :; done' &
	sleep 2
	kill $!
	echo 950000 >/proc/sys/kernel/sched_rt_runtime_us
}

# fails NAME COMMAND...: for what the command does meanwhile
fails() {
	local name=$1

	shift
	start
	claim "$name: a scheduler is enabled" in_time
	"$@"
	claim "$name: it ends" within 20 ended
	claim "$name: the exit status is 1" status 1
}

guest() {
	claim "--help shows the help" selftest 0 --help
	claim "an unknown option is refused" selftest 2 --no
	claim "it refuses without the module" refuses "the module scx_loopguard is not loaded"
	load enforce=N
	# where the kernel has the bound, that is all that it takes
	if [ "$(param native_limit)" = 0 ]; then
		claim "it refuses where loops are only counted" \
			refuses "the module's state is 'observing': this machine would hang"
	fi
	echo Y >$params/enforce
	claim "without --yes it does not begin where it cannot ask" selftest 3
	claim "it says so" grep -q "there is no terminal to ask on" /tmp/out
	claim "it has said what is to come" grep -q "ordinary tasks stand still" /tmp/out

	claim "it passes" passes
	claim "it shows the verdict" has verdict passed
	claim "loops were ended" has "loops ended \(trips\)" "[1-9]"
	claim "the watchdog ejected the scheduler" has "the scheduler ended by" "runnable task stall"
	claim "it measured ordinary tasks" has "longest wait, ordinary task" "[0-9]{3,}\.[0-9] ms"
	claim "nothing is left" nothing_left
	say waited "$(sed -n 's/^longest wait, real-time task *//p' /tmp/out)"
	sed 's/^/selftest: /' /tmp/out >/dev/console

	echo 500 >$params/eject_ms
	claim "it passes where the module ejects" passes
	claim "by sysrq-S" has "the scheduler ended by" "disabled by sysrq-S"
	echo 0 >$params/eject_ms

	fails hogged hog
	claim "hogged: it says why" has verdict "failed: a real-time task waited for 1000 ms or more"
	claim "hogged: nothing is left" nothing_left
	fails sysrq sh -c 'echo S >/proc/sysrq-trigger'
	claim "sysrq: it says why" \
		has verdict "failed: .*neither the watchdog nor the module ejected the scheduler"
	claim "sysrq: nothing is left" nothing_left

	for signal in TERM HUP; do
		start
		claim "$signal: a scheduler is enabled" in_time
		kill -$signal "$test_pid"
		claim "$signal: it ends" within 10 ended
		claim "$signal: the exit status says so" status "$((128 + $(kill -l $signal)))"
		claim "$signal: nothing is left" nothing_left
	done
	# in the background it would be ignored
	timeout -s INT 3 policy other scx-loopguard-selftest --yes >/tmp/out 2>&1 </dev/null
	claim "INT: the exit status says so" equal 130 $?
	claim "INT: nothing is left" nothing_left
	start
	claim "KILL: a scheduler is enabled" in_time
	kill -KILL "$test_pid"
	claim "KILL: the watchdog ejects the scheduler" within 20 scx_state disabled
	claim "KILL: no process is left" within 10 not pidof scx_spin rt_wait
	rm -rf /tmp/tmp.*

	sched scx_spin
	claim "it refuses beside another scheduler" refuses "a BPF scheduler is running: 'spin'"
	claim "that goes on" scx_state enabled
	claim "and ends as it should" sched_stop
	claim "rmmod succeeds" unload
	claim "it refuses without the module again" refuses "the module scx_loopguard is not loaded"
}

host() {
	claim "the guest finishes" vm_wait 300
	echo "figure selftest $kernel_name $(words_of waited)"
}
