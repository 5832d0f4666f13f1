# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Thousands of seeded tries of bad input to every writable parameter, at run time and at
# load: each value is taken as the kernel's own rules say, or refused and nothing
# changes. badinput in test/guest has the rules.

kernel=unbounded
variants="2:1000,40,${LG_SEED-1}"
long_variants="2:10000,200,${LG_SEED-2} 2:3000,60,${LG_SEED-3}@next 2:3000,60,${LG_SEED-4}@debug
2:1000,40,${LG_SEED-5}@kcsan"

append=log_buf_len=8M

# tries WHAT ARGUMENT...: badinput has nothing to say against it.
tries() {
	local what=$1

	shift
	claim "$what" badinput "$@"
	say "tries $what:" "$(tail -n 1 /tmp/claim.log)"
}

readable() {
	local p

	for p in "$1"/*; do
		# one is write-only
		[ "${p##*/}" = reset ] || cat "$p" >/tmp/value || { echo "$p"; return 1; }
	done
}

# guest TRIES LOADS SEED
guest() {
	local p

	# the tries would fill the console
	dmesg -n 1
	say seed "$3"
	tries "at load" load "$3" "$2" /lib/scx_loopguard.ko /sys/module/scx_loopguard
	claim "no module is left" not grep -q scx_loopguard /proc/modules
	claim "no kprobe is left" not grep -q . /sys/kernel/debug/kprobes/list

	load
	livepatch
	claim "every writable parameter is tried" equal \
		"budget_us eject_ms enforce kick_wait_ms limit reset" \
		"$(cd /sys/module && find scx_loopguard*/parameters -type f -perm -200 |
			sed 's,.*/,,' | sort | xargs)"
	tries limit write "$3" "$1" $params/limit number 1 4096
	tries budget_us write "$3" "$1" $params/budget_us number 0 1000000
	tries eject_ms write "$3" "$1" $params/eject_ms number 0 30000
	tries kick_wait_ms write "$3" "$1" $params/kick_wait_ms number 0 1000
	tries enforce write "$3" "$1" $params/enforce bool
	tries reset write "$3" "$1" $figures/reset one
	claim "all of the status can be read" readable $params
	claim "all of the figures can be read" readable $figures

	# and it works as it did
	echo Y >$params/enforce
	echo 32 >$params/limit
	echo 0 >$params/budget_us
	echo 0 >$params/eject_ms
	claim "it is armed" equal armed "$(param state)"
	sched scx_spin -n 100
	claim "normal work goes on" normal_work
	claim "loops end at 32" equal 32 "$(param max_loops)"
	sched_stop
	livepatch_off
	claim "rmmod succeeds" unload
}

host() {
	claim "the guest finishes" vm_wait 900
	sed -n "s/^[0-9]* tries /figure badinput $kernel_name $words /p" "$vm_dir/results"
}
