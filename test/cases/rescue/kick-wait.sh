# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# CPUs that wait for each other in hard interrupts (SCX_KICK_WAIT) hang a kernel before 7.0, with
# the dispatch loop's bound too. So does one that waits for a CPU which waits for the answer to an
# IPI. With the module each is let go. Where the kernel waits with IRQs on there is nothing to guard.
# It is guarded too while the settings change, schedulers follow each other and CPUs go off, and
# rmmod does not leave a CPU in its wait.

kernel=bounded
# WHAT,RING: "without" is the control, "off" and "observe" the same with the module there, "lives" the
# same where the kernel has mended it
variants="2:without,0 2:guarded,0"
more_variants="
2:without,0@unbounded 2:guarded,0@unbounded 2:off,0 2:observe,0
8:without,0 8:guarded,0 8:without,2 8:guarded,2 8:guarded,3 2:without,1 2:guarded,1 8:guarded,1 2:lone,1
2:without,0@clang 2:guarded,0@clang 2:guarded,0@debug 8:guarded,0@debug
2:guarded,0@depth 2:guarded,0@nosyms 2:guarded,0@rt 2:notsc,0
2:eject,0 8:eject,0 2:ejectlate,0 3:churn,0 3:rmmod,2
2:native,0@next 2:native,0@nextbounded
2:without,0@image-6.17 2:without,0@image-6.18 2:lives,0@image-7.0 2:lives,0@stock73
"
# 6.12 warns of what it does itself on a CPU that goes off, see offline.sh
known="WARNING: .* (task_non_contending|inactive_task_timer)"
case ${words-} in
without,*|off,*|observe,*) hangs=yes ;;
# then local_clock() goes on only with the tick
notsc,*) append="tsc=unstable" ;;
esac
no_debug='*without,* *off,* *observe,*'	# nobody is left to report anything

longest_is_short() {
	# whoever waits looks at the clock all the time, but an emulated CPU may be held up
	between 10000 260000 "$(param kick_wait_longest_us)"
}

guest() {
	say loop "$(extents kick_cpus_irq_workfn | cut -d' ' -f2)"
	case $1 in
	without|lives) ;;
	off)     load kick_wait_ms=0; say kick_wait "$(param kick_wait)" ;;
	observe) load enforce=N; say kick_wait "$(param kick_wait)" ;;
	eject)   load eject_ms=2000 ;;
	ejectlate) load eject_ms=500 kick_wait_ms=1000 ;;
	rmmod)   load kick_wait_ms=1000 ;;
	*)       load ;;
	esac
	case $1 in
	# on the CPU that is in no ring
	rmmod) taskset -p 4 $$ ;;
	*)     hogs $(($(cpus) * 2)) ;;
	esac
	[ "$1" = lone ] || [ "$2" != 1 ] || ipis
	case $1 in
	without|off|observe)
		say storm
		sched scx_spin -k "$2"
		within 60 false
		return ;;
	esac
	case $1 in
	lives)  ;;
	native) claim "the kernel waits with IRQs on" equal native "$(param kick_wait)" ;;
	*)      claim "the waits are guarded" equal guarded "$(param kick_wait)" ;;
	esac
	sched scx_spin -k "$2"
	say storm
	case $1 in
	guarded|notsc)
		claim "waits are ended" within 20 positive_param kick_waits
		before=$(param kick_waits)
		sleep 5
		# two CPUs have time for 66 of 150 ms
		[ "$2" = 1 ] || claim "those of cycles are not given 150 ms" \
			[ "$(($(param kick_waits) - before))" -gt 80 ]
		claim "rmmod says that it is in use" in_use
		claim "none has taken much longer than kick_wait_ms" longest_is_short
		claim "it is in the log" logged \
			'kick wait: BPF scheduler "spin", CPU [0-9]* has waited [0-9]* us for CPU'
		claim "the waits are still guarded" equal guarded "$(param kick_wait)"
		sched_stop
		say calm ;;
	lone)
		claim "CPUs wait for long" within 20 waits_for_long
		claim "rmmod says that it is in use" in_use
		claim "no wait had to be ended" equal 0 "$(param kick_waits)"
		sched_stop
		say calm ;;
	eject|ejectlate)
		claim "sysrq-S ejects it" ejected 60 "disabled by sysrq-S"
		claim "it is counted" equal 1 "$(param ejections)"
		claim "it is named" logged "has done nothing but wait in vain"
		say calm ;;
	churn)
		for round in 1:1 2:100 3:10; do
			churn "${round%:*}" "${round#*:}" "$2"
		done
		sched_stop
		say calm ;;
	rmmod)
		claim "rmmod waits as long as a CPU does" rmmod_waits
		sched_stop
		claim "rmmod succeeds" within 20 gone
		wait $rmmod
		hogs_stop
		claim "the guest does normal work without it" normal_work
		say calm
		return ;;
	lives)
		sleep 10
		sched_stop
		say calm
		hogs_stop
		claim "CPUs were kicked" kicked
		claim "the guest does normal work" normal_work
		return ;;
	native)
		sleep 5
		claim "nothing is ended" equal 0 "$(param kick_waits)"
		sched_stop
		say calm ;;
	esac
	hogs_stop
	say waits "$(param kick_waits)" "$(param kick_wait_longest_us)"
	claim "the guest does normal work" normal_work
	claim "rmmod succeeds" unload
	claim "the guest does normal work without it" normal_work
}

# With rings of one only CPU 0 waits. There is no cycle, but what changes the kernel's text waits
# for an answer from all CPUs, on one that does not get to the scheduler meanwhile.
ipis() {
	taskset 2 policy other sh -c "while :; do
		echo 1 >$tracing/events/sched/sched_wakeup/enable
		echo 0 >$tracing/events/sched/sched_wakeup/enable
	done" &
	hog_pids="$hog_pids $!"
}

# churn ROUND MS RING: another time limit, a CPU that goes off and, as it has no callbacks for
# that, another scheduler
churn() {
	local before

	write kick_wait_ms "$2"
	before=$(param kick_waits)
	claim "round $1: waits are ended after $2 ms" within 30 more_waits "$before"
	claim "round $1: a CPU goes off" eval 'echo 0 >/sys/devices/system/cpu/cpu1/online'
	claim "round $1: the scheduler goes" ejected 20 ".*"
	wait "$sched_pid"
	claim "round $1: the CPU comes back" eval 'echo 1 >/sys/devices/system/cpu/cpu1/online'
	sched scx_spin -k "$3"
	before=$(param kick_waits)
	claim "round $1: waits of the next scheduler are ended" within 30 more_waits "$before"
	claim "round $1: they are guarded" equal guarded "$(param kick_wait)"
}

# No wait has had to be ended yet, so that it does not say "in use". The waits begin with the hogs.
rmmod_waits() {
	local i=0 j

	while [ $i -lt 5 ]; do
		hog_pids=
		for j in 1 2 3 4; do
			taskset 3 policy other sh -c 'while :; do :; done' &
			hog_pids="$hog_pids $!"
		done
		rmmod scx_loopguard &
		rmmod=$!
		sleep 3
		! kill -0 $rmmod || return 0
		# it came too late
		hogs_stop
		sleep 5
		i=$((i + 1))
	done
	return 1
}

waits_for_long() {
	[ "$(param kick_wait_longest_us)" -gt 20000 ]
}

more_waits() {
	[ "$(param kick_waits)" -gt "$1" ]
}

gone() {
	not grep -q scx_loopguard /proc/modules
}

write() {
	printf '%s\n' "$2" >"$params/$1"
}

kicked() {
	grep 'kicks=[1-9]' /tmp/sched.log || { tail -n 3 /tmp/sched.log; return 1; }
}

positive_param() {
	positive "$(param "$1")"
}

host() {
	case $words in
	without,*|off,*|observe,*)
		claim "the guest gets as far as the storm" vm_wait_for 60 ' storm$'
		[ "${words%,*}" = without ] ||
			claim "the guard is off" [ "$(word_of kick_wait)" = off ]
		claim "the heartbeat of every CPU stops" silent_for 8 120
		claim "the watchdog does not help" [ -z "$(mark end)" ]
		# with the probe they may be in its handler, or out of line; who waits for the answer
		# to an IPI has IRQs on
		case $words in
		without,[!1]*)
			claim "every CPU has IRQs off, where it waits or waiting for one that does" \
				all_cpus_trapped ;;
		esac
		return ;;
	esac
	claim "the guest finishes" vm_wait 200
	# kick_wait_ms is 10 in all others
	case $words in
	lives,*|native,*|ejectlate,*|churn,*|rmmod,*) ;;
	*) claim "no CPU misses its heartbeat for 260 ms" beats_within 260 storm calm ;;
	esac
}
