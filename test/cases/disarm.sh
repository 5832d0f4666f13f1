# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# ftrace gives up for good at the moment when it is to disarm the module's last probe. Then
# unregister_kprobe() leaves that probe in the kernel's table, in memory that goes with the module, and
# the next to turn all kprobes on writes to wherever that points.
#
# The kernel gives up by itself, at the hands of a tracer: a function whose kprobe is
# disarmed while kernel.ftrace_enabled is 0 keeps a flag (6.12, ftrace_check_record()), and when the
# last user of ftrace, whoever that is, has gone, ftrace_shutdown() takes the flag for
# a sign of corruption.

kernel=unbounded
more_variants="2:kretprobe 2:without"
# it is a WARN of the kernel's own
no_debug="2:*"
known="WARNING: .* (ftrace_shutdown|disarm_kprobe_ftrace)"

kprobes=/sys/kernel/debug/kprobes
ftrace=/proc/sys/kernel/ftrace_enabled

off_and_on() {
	echo 0 >$kprobes/enabled && echo 1 >$kprobes/enabled
}

# guest ENGINE, or "without" the module
guest() {
	claim "a tracer has a kprobe on ftrace" kprobe_on schedule
	echo 0 >$ftrace
	claim "it goes while ftrace is off" kprobe_off
	echo 1 >$ftrace
	if [ "$1" = without ]; then
		claim "a kprobe on another function comes" kprobe_on wake_up_process
		claim "and goes" kprobe_off
		claim "and ftrace has given up" not kprobe_on schedule
		return
	fi

	claim "the module is loaded" load engine="$1"
	claim "it is armed" equal armed "$(param state)"
	claim "rmmod succeeds" rmmod scx_loopguard
	claim "and ftrace has given up" not kprobe_on schedule
	kprobe_off
	claim "the module has met that" logged "scx_loopguard: the kernel could not disarm a kprobe"
	claim "no kprobe is left" not grep -q . $kprobes/list
	claim "all kprobes are turned off and on" off_and_on

	claim "what wants ftrace is refused" not load engine="$1"
	claim "what wants none is loaded" load
	claim "all kprobes are turned off and on around that" off_and_on
	sched scx_spin -n 100
	normal_work
	claim "it ends loops" tripped
	sched_stop
	claim "rmmod succeeds again" rmmod scx_loopguard
	claim "no kprobe is left then" not grep -q . $kprobes/list
}

host() {
	claim "the guest finishes" vm_wait 180
}
