# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# A kernel with the bound from patches/ saves itself: the watchdog ejects the scheduler
# without any module, and every CPU goes on. The module finds the bound in it.
# The control is hang.sh, on the same kernels without the patch.

more_variants="2@l1bounded 2@l2bounded 2@midbounded 2@g2bounded 2@rebounded"

guest() {
	claim "the module is not there" not grep -q scx_loopguard /proc/modules
	hogs "$(cpus)"
	sched scx_qmap -l 5
	say storm
	claim "the watchdog ejects the scheduler" \
		ejected 40 "runnable task stall"
	say ejected
	hogs_stop
	claim "the guest does normal work" normal_work

	load
	claim "the state is native" equal native "$(param state)"
	claim "the kernel's limit is shown" equal 32 "$(param native_limit)"
	say state "$(param state)"
	say limit "$(param native_limit)"
	claim "rmmod succeeds" unload
}

host() {
	claim "the guest finishes" vm_wait 120
	gap=$(longest_gap "$(mark storm)" "$(mark end)")
	claim "no CPU misses its heartbeat for a second" at_most 1000 "$gap"
	patch=$(awk -v n="$kernel_name" '$1 == n { sub(".*,", "", $3); print $3 }' \
		"$top/test/kernel/kernels")
	# for test/tools/figures
	echo "figure patched $kernel_name $patch $(mark storm) $(mark ejected) $gap $(word_of state) $(word_of limit)"
}
