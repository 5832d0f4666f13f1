# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# With eject_ms a BPF scheduler under which a CPU does nothing but trip is ejected after
# that time, each one once, and one that makes progress between its trips is not,
# however often it trips.

kernel=unbounded
variants="1:loopsite 2:loopsite 8:loopsite 2:loopsite@bounded 2:loopsite@next"
more_variants="2:kretprobe 2:loopsite,livepatch 2:loopsite@rt 2:loopsite@nosyms
2:loopsite@core 2:loopsite@nextbounded"

sysrq=/proc/sys/kernel/sysrq
why="disabled by sysrq-S"

# When the kernel has logged a line last, in ms.
logged_ms() {
	dmesg | sed -n "s/^\[ *\([0-9]*\)\.\([0-9][0-9][0-9]\).*$1.*/\1\2/p" | tail -n 1
}

ejects() {
	sched scx_spin -l 5
	claim "$1: the scheduler is ejected" ejected 5 "$why"
	wait "$sched_pid"
	claim "$1: by what sysrq-S does" grep -q "^EXIT: .* kind=67" /tmp/sched.log
}

# to_eject MS: from the first trip of all to the ejection.
to_eject() {
	echo $(($(logged_ms "sysrq: Disable sched_ext") - $(logged_ms "scx_loopguard: trip:")))
}

refuses_ms() {
	echo "$1" 2>/tmp/write.log >$params/eject_ms && { echo "accepted"; return 1; }
	logged "$2" || { dmesg | tail -n 2; return 1; }
}

guest() {
	local trips

	load engine="$1" eject_ms=500
	[ -z "${2-}" ] || livepatch
	hogs "$(cpus)"
	ejects "endless"
	say took "$(to_eject)"
	claim "it takes eject_ms and up to 250 ms more" between 500 750 "$(to_eject)"
	claim "the log says who, where and how often" logged \
		'scx_loopguard: ejecting BPF scheduler ".*": CPU [0-9]* has done nothing but trip for 5[0-9][0-9] ms, [0-9]* times'
	claim "it is counted" equal 1 "$(param ejections)"
	ejects "the next one"
	claim "it is counted too" equal 2 "$(param ejections)"
	hogs_stop

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
	sched scx_spin -n 1000
	normal_work
	claim "one that needs 1000 for every task of normal work is not either" \
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
	sched scx_spin -l 5
	claim "sysrq is off by then: the log says so" \
		within 4 logged "not ejected: kernel.sysrq is 0 now"
	claim "the watchdog ejects it" ejected 40 "runnable task stall"
	wait "$sched_pid"
	claim "it was not this module" equal 3 "$(param ejections)"
	[ -z "${2-}" ] || livepatch_off
	claim "rmmod succeeds" rmmod scx_loopguard
	claim "no eject_ms at load either" not load eject_ms=500
}

host() {
	claim "the guest finishes" vm_wait 180
	echo "figure eject $kernel_name $cpus $words $(word_of took) $(word_of healthy)"
}
