# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# What "make scheds" builds in Debian 12 for 6.12 and in Debian 13 for 7.3 is for any kernel: each
# scx_spin loads, lets tasks run, and goes wrong as it is asked to. No BPF program can call some
# kfuncs of Debian's 7.1 and 7.2, of each image other ones: what needs these is refused.

kernel=unbounded
needs=scheds
variants="2@stock73"
more_variants="2 2@image-7.2 2@image-7.1 2:refused@image-7.1.8 2@image-7.0 2@image-6.16"

exits_with() {
	within 20 grep -q "^EXIT: .*$1" /tmp/sched.log || { tail -n 3 /tmp/sched.log; return 1; }
}

is_enabled() {
	scx_state enabled || { tail -n 3 /tmp/sched.log; return 1; }
}

# ends_with STATUS: of itself
ends_with() {
	wait "$sched_pid"
	equal "$1" $?
}

# refuses OPTION KFUNC: for want of that
refuses() {
	not "$spin" "$1" 30 2>/tmp/sched.log || return 1
	equal "scx_spin: $1: no BPF program can call this kernel's $2()" "$(cat /tmp/sched.log)"
}

# Loops that the kernel or the module ends, until the watchdog ejects it.
loops() {
	[ ! -e /lib/scx_loopguard.ko ] || load
	sched "$spin" -l 20 -W 2000
	claim "$spin -l: the watchdog ejects it" exits_with "runnable task stall"
	claim "$spin -l: its exit status is 2" ends_with 2
	[ ! -e /lib/scx_loopguard.ko ] || claim "rmmod succeeds" unload
}

guest() {
	hogs 3
	for spin in /usr/libexec/scx-loopguard/scx_spin /debian12/libexec/scx-loopguard/scx_spin; do
		sched "$spin"
		claim "$spin is enabled" is_enabled
		scx_state enabled || continue
		claim "$spin: normal work" normal_work
		claim "$spin: a signal ends it" sched_stop
		claim "$spin: it has the kernel's word" exits_with "unregistered from user space"
		loops
		if [ "${1-}" = refused ]; then
			claim "$spin: -e is refused" refuses -e scx_bpf_error_bstr
			claim "$spin: -n is refused" refuses -n scx_bpf_create_dsq
		else
			sched "$spin" -e 30
			claim "$spin -e: it ends so" exits_with "error on request"
			claim "$spin -e: its exit status is 2" ends_with 2
		fi
	done
	hogs_stop
}

host() {
	claim "the guest finishes" vm_wait 300
}
