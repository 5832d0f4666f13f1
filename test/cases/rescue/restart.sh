# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# What the module does not save, nor the kernel's own bound (7.1 and later): with core scheduling in
# use the kernel picks anew whenever a dispatch has dropped the rq lock, IRQs off. A scheduler
# that always does so traps the CPU outside of the loop, and never for more iterations than
# the limit. Where this fails Documentation/traps.md has to be mended.

kernel=next
more_variants="2:armed 2:native@nextbounded 2:armed,off 2:native,off@nextbounded"
smt=2
case ${words-} in
*,off)	;;	# without core scheduling: the control
*)	hangs=yes ;;
esac
no_debug='*'	# nobody is left to report anything

guest() {
	local cpu

	say_where
	load engine=loopsite
	claim "it is $1" equal "$1" "$(param state)"
	# each CPU finds tasks that the other one has queued
	hogs 0
	for cpu in 0 0 1 1; do
		taskset $((cpu + 1)) policy other sh -c 'while :; do :; done' &
		hog_pids="$hog_pids $!"
	done
	# shellcheck disable=SC2086
	[ "${2-}" ] || claim "core scheduling is turned on" coresched on $hog_pids
	say storm
	sched scx_hostile unlock
	if [ "${2-}" ]; then
		claim "the watchdog ejects the scheduler" ejected 40 "runnable task stall"
		claim "loops end at the limit" equal 32 "$(param max_loops)"
		hogs_stop
	else
		within 60 false
	fi
}

host() {
	claim "the guest gets as far as the storm" vm_wait_for 60 ' storm$'
	case $words in
	*,off) claim "the guest finishes" vm_wait 120; return ;;
	esac
	claim "the heartbeat of every CPU stops" silent_for 8 60
	claim "the watchdog does not help" [ -z "$(mark end)" ]
	claim "every CPU has IRQs off, in dispatch or waiting for one that is" \
		all_cpus_trapped
}
