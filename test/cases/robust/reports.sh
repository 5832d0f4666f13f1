# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# A storm, every file read and written meanwhile, and the end of it: all of the module in
# short, for the kernels with debug code. test/tools/mutants plants bugs, each of which has to be
# reported by then.

more_variants="
2:loopsite@debug 2:callsite@debug 2:loopsite,livepatch@debug
2:loopsite@nextdebug 2:callsite@nextdebug 2:loopsite,livepatch@nextdebug
2:loopsite@kcsan 2:callsite@kcsan 2:loopsite,livepatch@kcsan
"

reads() {
	while [ -e /tmp/reads ]; do
		cat $params/* $figures/* >/dev/null 2>&1
		usleep 10000
	done
}

# write VALUE FILE, where there is one
write() {
	[ ! -e "$2" ] || echo "$1" >"$2"
}

guest() {
	local i=0

	load engine="$1"
	[ -z "${2-}" ] || livepatch
	hogs "$(cpus)"
	sched scx_spin -l 5
	claim "the storm trips" within 5 tripped
	: >/tmp/reads
	reads &
	while [ $i -lt 40 ]; do
		write $((i + 1)) $params/limit
		write Y $params/enforce
		write $((i % 2 * 100000)) $params/budget_us
		write $((i % 2 * 30000)) $params/eject_ms
		write 1 $figures/reset
		usleep 50000
		i=$((i + 1))
	done
	rm /tmp/reads
	echo S >/proc/sysrq-trigger
	# the watchdog may be faster
	claim "the storm ends" within 20 scx_state disabled
	hogs_stop
	[ -z "${2-}" ] || livepatch_off
	claim "rmmod succeeds" unload
}

host() {
	claim "the guest finishes" vm_wait 120
}
