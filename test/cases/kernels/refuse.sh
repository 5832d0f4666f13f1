# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Where it cannot help it refuses, with one line and a fitting errno, and leaves
# nothing behind. Each variant is a kernel, or a state of it, made for one refusal.

variants="1:disarmed@unbounded 1:noext@stock"
# what is refused of these is the loop alone
more_variants="1:rfc@rfc 1:renamed@renamed 1:layout@wide 1:noloop@inlined"

# loads_for_waits WHAT LINE: for them alone, and says why; by request of an engine it does not
loads_for_waits() {
	mark_log
	claim "$1: it loads" load
	claim "$1: it says why the loop is not guarded" newly_logged \
		"scx_loopguard: the dispatch loop is not guarded: $2"
	claim "$1: the load line names both" newly_logged \
		"loaded: state=disabled, no hook at none, .* kick_wait=guarded kick_wait_ms=10"
	claim "$1: so does the status" equal "disabled none none guarded" \
		"$(param state) $(param engine) $(param target) $(param kick_wait)"
	claim "$1: rmmod succeeds" unload
}

guest() {
	local line error="" options=""

	case $1 in
	noext)
		line="not loaded: this kernel has no sched_ext"
		error="No such device" ;;
	rfc|renamed) line="the dispatch loop keeps no nr_tasks" ;;
	layout)      line="unknown layout: nr_tasks of struct scx_dsp_ctx is not a u32" ;;
	noloop)      line="no dispatch loop found" ;;
	disarmed)
		echo 0 >/sys/kernel/debug/kprobes/enabled
		line="not loaded: arming not confirmed"
		error="Input/output error" ;;
	esac

	if [ -z "$error" ]; then
		loads_for_waits "$1" "$line"
		line="not loaded: $line" error="Operation not supported"
		options=engine=loopsite
	fi
	mark_log
	# shellcheck disable=SC2086
	claim "$1: it does not load" not load $options
	claim "$1: it says why" newly_logged "scx_loopguard: $line"
	# busybox tries twice, by two system calls; the other lines are the kernel's
	[ "$1" = disarmed ] ||
		say module-refuses "$(news | sed -n 's/.*scx_loopguard: not loaded: //p' | head -n 1)"
	claim "$1: in one line" equal 1 "$(news | sed 's/^.[^]]*. //' |
		grep '^scx_loopguard: ' | sort -u |
		grep -cv -e 'taints kernel' -e 'verification failed')"
	# shellcheck disable=SC2086
	load $options 2>/tmp/load.log
	claim "$1: the error is '$error'" grep -q "$error" /tmp/load.log
	claim "$1: no module is left" not grep -q scx_loopguard /proc/modules
	claim "$1: no kprobe is left" \
		not grep -q . /sys/kernel/debug/kprobes/list
	claim "$1: normal work goes on" normal_work
}
