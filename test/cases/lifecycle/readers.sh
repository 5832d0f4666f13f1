# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Somebody reads the state at the very moment when the module goes, and when that takes a look
# at the kernel's livepatches, as ours has just gone. Neither waits for the other for ever.

kernel=unbounded
variants="2"

# with_reader: from load to unload, under a reader
with_reader() {
	load && insmod /lib/scx_loopguard_livepatch.ko || return 1
	within 20 livepatch_is active || return 1
	param state >/dev/null
	echo 0 >$livepatch/enabled
	within 60 livepatch_gone
	rmmod scx_loopguard_livepatch
	while cat $params/state; do :; done >/tmp/states 2>/dev/null &
	unload || return 1
	wait $!
	! grep -vx -e armed -e disabled /tmp/states
}

guest() {
	local i=0

	while [ $i -lt 4 ]; do
		claim "round $i: it goes, and the reader sees nothing but the truth" with_reader
		i=$((i + 1))
	done
	claim "nobody said that it was lost" not logged "scx_loopguard: lost"
	claim "no module is left" not grep -q scx_loopguard /proc/modules
	claim "normal work goes on" normal_work
}

host() {
	claim "the guest finishes" vm_wait 240
}
