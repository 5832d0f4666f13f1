# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# CPUs that wait for each other in hard interrupts (SCX_KICK_WAIT) hang a kernel before 7.0, with
# the dispatch loop's bound too; with the module each is let go after kick_wait_ms. Where the kernel
# waits with IRQs on there is nothing to guard.

kernel=bounded
# WHAT,RING: "without" is the control, "off" the same with the module there
variants="2:without,0 2:guarded,0"
more_variants="
2:without,0@unbounded 2:guarded,0@unbounded 2:off,0
8:without,0 8:guarded,0 8:without,2 8:guarded,2 8:guarded,3 2:guarded,1 8:guarded,1
2:guarded,0@clang 2:guarded,0@debug 2:guarded,0@depth 2:guarded,0@nosyms
2:eject,0 8:eject,0
2:native,0@next 2:native,0@nextbounded
"
case ${words-} in
without,*|off,*) hangs=yes ;;
esac
no_debug='*without,* *off,*'	# nobody is left to report anything

longest_is_short() {
	# whoever waits looks at the clock all the time, but an emulated CPU may be held up
	between 10000 260000 "$(param kick_wait_longest_us)"
}

guest() {
	say loop "$(extents kick_cpus_irq_workfn | cut -d' ' -f2)"
	case $1 in
	without) ;;
	off)     load kick_wait_ms=0; say kick_wait "$(param kick_wait)" ;;
	eject)   load eject_ms=2000 ;;
	*)       load ;;
	esac
	hogs $(($(cpus) * 2))
	case $1 in
	without|off)
		say storm
		sched scx_spin -k "$2"
		within 60 false
		return ;;
	esac
	case $1 in
	native) claim "the kernel waits with IRQs on" equal native "$(param kick_wait)" ;;
	*)      claim "the waits are guarded" equal guarded "$(param kick_wait)" ;;
	esac
	sched scx_spin -k "$2"
	say storm
	case $1 in
	guarded)
		claim "waits are ended" within 20 positive_param kick_waits
		sleep 5
		claim "rmmod says that it is in use" in_use
		claim "none has taken much longer than kick_wait_ms" longest_is_short
		claim "it is in the log" logged \
			'kick wait: BPF scheduler "spin", CPU [0-9]* has waited [0-9]* us for CPU'
		claim "the waits are still guarded" equal guarded "$(param kick_wait)"
		sched_stop
		say calm ;;
	eject)
		claim "sysrq-S ejects it" ejected 40 "disabled by sysrq-S"
		claim "it is counted" equal 1 "$(param ejections)"
		claim "it is named" logged "has done nothing but wait in vain"
		say calm ;;
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

positive_param() {
	positive "$(param "$1")"
}

host() {
	case $words in
	without,*|off,*)
		claim "the guest gets as far as the storm" vm_wait_for 60 ' storm$'
		[ "${words%,*}" = without ] ||
			claim "the guard is off" [ "$(word_of kick_wait)" = off ]
		claim "the heartbeat of every CPU stops" silent_for 8 120
		claim "the watchdog does not help" [ -z "$(mark end)" ]
		claim "every CPU has IRQs off, where it waits or waiting for one that does" \
			all_cpus_trapped
		return ;;
	esac
	claim "the guest finishes" vm_wait 150
	[ "${words%,*}" = native ] ||
		claim "no CPU misses its heartbeat for 260 ms" beats_within 260 storm calm
}
