# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Where it cannot help it refuses, with one line and a fitting errno, and leaves
# nothing behind. Each variant is a kernel, or a state of it, made for one refusal.

variants="1:disarmed@unbounded 1:noext@stock"
more_variants="1:rfc@rfc 1:renamed@renamed 1:layout@wide 1:noloop@inlined"

guest() {
	local line error

	case $1 in
	noext)
		line="not loaded: this kernel has no sched_ext"
		error="No such device" ;;
	rfc|renamed)
		line="not loaded: the dispatch loop keeps no nr_tasks"
		error="Operation not supported" ;;
	layout)
		line="not loaded: unknown layout: nr_tasks of struct scx_dsp_ctx is not a u32"
		error="Operation not supported" ;;
	noloop)
		line="not loaded: no dispatch loop found"
		error="Operation not supported" ;;
	disarmed)
		echo 0 >/sys/kernel/debug/kprobes/enabled
		line="not loaded: arming not confirmed"
		error="Input/output error" ;;
	esac

	mark_log
	claim "$1: it does not load" not load
	claim "$1: it says why" newly_logged "scx_loopguard: $line"
	# busybox tries twice, by two system calls; the other lines are the kernel's
	[ "$1" = disarmed ] ||
		say module-refuses "$(news | sed -n 's/.*scx_loopguard: not loaded: //p' | head -n 1)"
	claim "$1: in one line" equal 1 "$(news | sed 's/^.[^]]*. //' |
		grep '^scx_loopguard: ' | sort -u |
		grep -cv -e 'taints kernel' -e 'verification failed')"
	load 2>/tmp/load.log
	claim "$1: the error is '$error'" grep -q "$error" /tmp/load.log
	claim "$1: no module is left" not grep -q scx_loopguard /proc/modules
	claim "$1: no kprobe is left" \
		not grep -q . /sys/kernel/debug/kprobes/list
	claim "$1: normal work goes on" normal_work
}
