# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# On a CPU that enforces indirect branch tracking each engine rescues, with the livepatch and
# without. Two plants show that a fault would be seen: a call of what has no ENDBR, in a module
# and in the middle of the function with the loop, where the livepatch goes.

kernel=unbounded
more_variants="2:loopsite 2:callsite 2:plant 2:plant,body"
emulator=bochs
no_debug='*'	# they are too slow for it
# it takes its time, and there is no heartbeat to tell that it lives
slow=4 append="slow=4"
case "${words-}" in
plant*) hangs=yes ;;
esac

logged_at_boot() {
	dmesg | grep -q "$1"
}

# symbol NAME OFFSET
symbol() {
	printf '0x%x\n' $((0x$(grep " $1\$" /proc/kallsyms | cut -d ' ' -f 1) + $2))
}

rescues() {
	sched scx_spin -l 5
	claim "$1: the watchdog ejects the scheduler" ejected 40 "runnable task stall"
	wait "$sched_pid"
	claim "$1: loops were ended" positive "$(param trips)"
	claim "$1: the highest count is the limit" equal 32 "$(param max_loops)"
}

guest() {
	claim "the CPU has indirect branch tracking" grep -qw ibt /proc/cpuinfo
	claim "the kernel turns it on" \
		logged_at_boot "CET detected: Indirect Branch Tracking enabled"
	if [ "$1" = plant ]; then
		say planted
		# behind the call of fentry
		insmod /lib/unmarked.ko ${2:+at=$(symbol "$(loop_function)" 5)}
		say survived
		within 600 false
	fi
	load engine="$1"
	hogs 2
	rescues "$1"
	livepatch
	rescues "$1 and the livepatch"
	livepatch_off
	echo 0 >/proc/sys/debug/kprobes-optimization
	rescues "$1 as a breakpoint"
	hogs_stop
	claim "rmmod succeeds" unload
}

faulted() {
	grep -q "Missing ENDBR" "$vm_dir/console"
}

host() {
	case $words in
	plant*)
		claim "the guest gets as far as the call" vm_wait_for 60 ' planted$'
		claim "the CPU does not let it happen" vm_until 60 faulted
		claim "nothing goes on behind it" [ -z "$(mark survived)" ]
		;;
	*)
		claim "the guest finishes" vm_wait 300
		;;
	esac
}
