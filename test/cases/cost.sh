# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# What the module costs while a scheduler behaves, in guest instructions: with -icount
# an instruction is two guest nanoseconds, whatever the host does meanwhile. Each
# ratio is of one boot, of rounds that take turns.

kernel=unbounded
variants="2:scx_simple,pipe,cross"
more_variants="
2:scx_simple 2:scx_qmap 2:scx_central 2:scx_spin 2:none
2:scx_simple@bounded
"
timeout=600
tcg_threads=single
qemu_options="-icount shift=1,sleep=off"

rounds=3

# count KIND: how much of it takes some 0.1 s of guest time.
count() {
	case $1 in
	pipe)  echo 4000 ;;
	cross) echo 4000 ;;
	wake)  echo 10000 ;;
	fork)  echo 100 ;;
	yield) echo 20000 ;;
	esac
}

# with SETTING, without SETTING: the module as it says, e.g. loopsite+livepatch.
with() {
	case $1 in
	unloaded) return ;;
	esac
	load engine="${1%+*}"
	case $1 in
	*+livepatch)
		insmod /lib/scx_loopguard_livepatch.ko
		within 20 livepatch_is active
		;;
	*-optimization)
		echo 0 >/proc/sys/debug/kprobes-optimization
		;;
	esac
	# it takes a while until a probe is a jump
	sleep 1
}

without() {
	case $1 in
	unloaded) return ;;
	*+livepatch)
		echo 0 >$livepatch/enabled
		within 20 livepatch_gone
		rmmod scx_loopguard_livepatch
		;;
	esac
	rmmod scx_loopguard
}

guest() {
	local s=$1 round setting kind settings

	shift
	[ $# -gt 0 ] || set -- pipe cross wake fork yield
	settings="unloaded loopsite kretprobe loopsite+livepatch kretprobe+livepatch"
	[ "$s" = none ] || sched "$s"
	round=0
	while [ $round -lt $rounds ]; do
		for setting in $settings; do
			with "$setting"
			for kind; do
				say cost "$setting" "$kind" \
					"$(normally work "$kind" "$(count "$kind")")"
			done
			without "$setting"
		done
		round=$((round + 1))
	done
	[ "$s" = none ] || claim "$s is still enabled" scx_state enabled
}

host() {
	claim "the guest finishes" vm_wait $timeout
	sed -n "s/^[0-9]* cost /figure cost $kernel_name ${words%%,*} /p" "$vm_dir/results"
}
