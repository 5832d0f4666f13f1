# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Bouncing tasks that are pinned elsewhere takes an iteration each. A CPU that is
# cut short in it by a small limit goes on after the kick, and all of them run.

kernel=unbounded
variants="2"

# Forty tasks, all pinned to CPU 1, each of which leaves a file.
pinned_work() {
	local i=0

	mkdir -p /tmp/pinned
	while [ $i -lt 40 ]; do
		normally taskset 2 sh -c "n=0
			while [ \$n -lt 300 ]; do n=\$((n + 1)); done
			: >/tmp/pinned/$i" &
		i=$((i + 1))
	done
	within 30 all_done
}

all_done() {
	[ "$(find /tmp/pinned -type f | wc -l)" = 40 ]
}

guest() {
	load limit=2
	sched scx_spin -B -W 30000	# its watchdog is a task, and late where all debug code is
	hogs 1
	claim "all tasks that are pinned elsewhere run" pinned_work
	claim "the scheduler is still enabled" scx_state enabled
	claim "loops were cut short" positive "$(param trips)"
	claim "the highest count is the limit" equal 2 "$(param max_loops)"
	hogs_stop
	sched_stop
	claim "tasks were bounced" \
		positive "$(sed -n 's/.*bounced=//p' /tmp/sched.log | tail -n 1 | cut -d' ' -f1)"
	claim "rmmod succeeds" unload
}
