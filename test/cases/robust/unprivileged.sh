# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Who is not root cannot change anything, nor make the module write to the log, and is
# told no address of the kernel's.

kernel=unbounded
variants="2"
more_variants="2@next"
append=log_buf_len=4M

files="/sys/module/scx_loopguard /sys/module/scx_loopguard_livepatch"
address='ffff[89a-f][0-9a-f]{11}'

# mode MODE FILE
mode() {
	equal "$1" "$(stat -c %a "$2")"
}

# cannot_write DIRECTORY: nobody can write nor truncate any file below, root aside.
cannot_write() {
	local file n=0

	find "$1" -type f >/tmp/files
	while read -r file; do
		nobody sh -c "echo 1 >$file" 2>/dev/null && { echo "$file"; return 1; }
		n=$((n + 1))
	done </tmp/files
	[ $n -gt 10 ] || { echo "only $n files"; return 1; }
}

# addresses [nobody]: what looks like one in all files that can be read. The control is
# root, who is shown where the sections are.
addresses() {
	# shellcheck disable=SC2086
	find $files -type f -exec $1 cat {} + 2>/dev/null | grep -cE "$address"
}

flood() {
	nobody sh -c "i=0
		while [ \$i -lt 100 ]; do
			echo bad >$params/limit
			echo bad >$figures/reset
			insmod /lib/scx_loopguard.ko limit=bad
			unload
			cat $params/* $figures/*
			i=\$((i + 1))
		done" >/dev/null 2>&1
}

lines() {
	dmesg | grep -c scx_loopguard
}

guest() {
	local p restrict before

	# the initramfs is root's alone
	chmod 755 / /bin /lib
	load
	livepatch
	sched scx_spin -n 100
	normal_work
	claim "it trips" tripped

	for p in limit enforce budget_us eject_ms kick_wait_ms; do
		claim "$p: mode 644" mode 644 $params/$p
	done
	for p in "$params"/*; do
		case ${p##*/} in
		limit|enforce|budget_us|eject_ms|kick_wait_ms) ;;
		*) claim "${p##*/}: mode 444" mode 444 "$p" ;;
		esac
	done
	for p in "$figures"/*; do
		case ${p##*/} in
		reset) claim "reset: mode 200" mode 200 "$p" ;;
		*)     claim "livepatch's ${p##*/}: mode 444" mode 444 "$p" ;;
		esac
	done

	claim "nobody is nobody" equal 65534 "$(nobody id -u)"
	claim "nobody can read the state" equal armed "$(nobody cat $params/state)"
	before="$(param limit) $(param enforce) $(param budget_us) $(param eject_ms) $(param kick_wait_ms)"
	claim "nobody can write a file of the module" cannot_write /sys/module/scx_loopguard
	claim "nobody can write a file of the livepatch's" \
		cannot_write /sys/module/scx_loopguard_livepatch
	claim "nobody can disable the livepatch" \
		not nobody sh -c "echo 0 >$livepatch/enabled"
	claim "nobody can unload" not nobody rmmod scx_loopguard_livepatch
	claim "nobody can load" not nobody insmod /lib/scx_loopguard.ko
	claim "nothing was changed" equal "$before" \
		"$(param limit) $(param enforce) $(param budget_us) $(param eject_ms) $(param kick_wait_ms)"
	claim "it is still armed" equal armed "$(param state)"

	echo 0 >/proc/sys/kernel/kptr_restrict
	claim "root is shown addresses" positive "$(addresses)"
	for restrict in 0 1 2; do
		echo $restrict >/proc/sys/kernel/kptr_restrict
		claim "kptr_restrict=$restrict: nobody is shown none" \
			equal 0 "$(addresses nobody)"
		claim "kptr_restrict=$restrict: none in a status, even for root" \
			equal 0 "$(cat $params/* $figures/* 2>/dev/null | grep -cE "$address")"
	done
	echo 1 >$params/limit
	echo bad >$params/limit 2>/dev/null
	claim "the log has lines of the module's" positive "$(lines)"
	claim "none of them has an address" \
		equal 0 "$(dmesg | grep scx_loopguard | grep -cE "$address")"

	sched_stop
	before=$(lines)
	flood
	claim "whatever nobody tries is no line in the log" equal "$before" "$(lines)"
	livepatch_off
	claim "rmmod succeeds" unload
}

host() {
	claim "the guest finishes" vm_wait 240
}
