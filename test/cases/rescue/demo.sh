# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# What test/tools/demo shows: the kernel's own scx_qmap loops in dispatch, without and with
# the module. No part of "make check", which claims the same and more.

kernel=unbounded
variants=
hangs=yes

guest() {
	if [ "$1" = with ]; then
		load
		say state "$(param state)"
		say target "$(param target)"
	fi
	say_where
	hogs "$(cpus)"
	say storm
	sched scx_qmap -l 5
	while scx_state enabled; do
		[ "$1" = without ] || say trips "$(param trips)"
		usleep 100000
	done
	say ejected
	say trips "$(param trips)"
	# its state is seen before the line is, see ejected()
	within 5 logged 'BPF scheduler "qmap" disabled'
	say reason "$(dmesg | sed -n 's/.*BPF scheduler "qmap" disabled (\(.*\))/\1/p' |
		tr ' ' _)"
	say kicks "$(param kicks)"
	say max_loops "$(param max_loops)"
	hogs_stop
	normal_work && say work yes
	unload && say rmmod yes
	usleep 1500000
}

host() {
	if [ "$words" = with ]; then
		claim "the guest finishes" vm_wait 90
	else
		claim "the guest gets as far as the storm" vm_wait_for 60 ' storm$'
		claim "the heartbeat of every CPU stops" silent_for 8 60
		claim "every CPU has IRQs off, in the dispatch loop or waiting for one that is" \
			all_cpus_trapped
	fi
}
