# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Loading and unloading at any time: under a scheduler, and in storms of finite loops, of
# endless ones and of those that the kernel ends itself. While the module ends loops it is in
# use; once the scheduler is ejected, or with enforce=N, it can be unloaded.

kernel=unbounded
variants="2:cycles,6 2:active 2:endless 2:killed 2:native@bounded"
more_variants="2:bursts"
long_variants="2:cycles,1000"

guest() {
	say begin
	"$@"
	claim "normal work goes on" normal_work
	claim "the module is gone" not grep -q scx_loopguard /proc/modules
	claim "no kprobe is left" not grep -q . /sys/kernel/debug/kprobes/list
}

active() {
	sched scx_simple
	claim "it loads under a scheduler" load
	claim "it is armed" equal armed "$(param state)"
	normal_work
	claim "it counts" positive "$(param hits)"
	claim "it unloads under a scheduler" rmmod scx_loopguard
	claim "normal work goes on" normal_work
	claim "the scheduler is still enabled" scx_state enabled
	sched_stop
}

# finite: a scheduler that is ended again and again, and does not need it
finite() {
	sched scx_spin -n 100
	hogs 3
}

finite_end() {
	claim "the scheduler is still enabled" scx_state enabled
	hogs_stop
	sched_stop
}

# Half of the cycles see that it is in use.
cycles() {
	local i=0 tripped=0

	finite
	while [ $i -lt "$1" ]; do
		load limit=8 || break
		[ "$(param engine)" = loopsite ] || break
		within 3 tripped && tripped=$((tripped + 1))
		[ $((i % 2)) = 0 ] || in_use || break
		echo N >$params/enforce
		unload || break
		i=$((i + 1))
	done
	claim "$1 cycles in a storm" equal "$1" "$i"
	claim "every one of them tripped" equal "$1" "$tripped"
	finite_end
}

endless() {
	local i=0

	load
	sched scx_spin -l 5 -W 20000
	claim "it trips" within 5 tripped
	while [ $i -lt 15 ]; do
		say asks
		in_use || break
		say asked
		usleep 200000
		i=$((i + 1))
	done
	claim "rmmod says that it is in use for as long as that goes on" equal 15 "$i"
	claim "it goes on ending loops" trips_go_on
	claim "and is armed" equal armed "$(param state)"
	echo S >/proc/sysrq-trigger
	claim "sysrq-S ejects the scheduler" ejected 5 "disabled by sysrq-S"
	claim "then rmmod succeeds" unload
}

trips_go_on() {
	local before

	before=$(param trips)
	within 5 more_trips_than "$before"
}

more_trips_than() {
	[ "$(param trips)" -gt "$1" ]
}

# A real-time task keeps the scheduler off the CPU for most of each second.
bursts() {
	local i=0 burst_pid

	load
	sched scx_spin -l 5 -c 0 -W 30000
	claim "it trips" within 5 tripped
	taskset -p 2 $$
	policy fifo taskset 1 sh -c "$burst" &
	burst_pid=$!
	while [ $i -lt 50 ] && in_use; do
		usleep 200000
		i=$((i + 1))
	done
	claim "it is in use however seldom the loop comes" equal 50 "$i"
	kill $burst_pid
	sched_stop
	claim "rmmod succeeds when the scheduler is gone" unload
}

# in hundredths of a second
burst='while :; do
	read -r up _ </proc/uptime
	end=$((${up%.*}${up#*.} + 85))
	while read -r up _ </proc/uptime; [ ${up%.*}${up#*.} -lt $end ]; do :; done
	usleep 150000
done'

# A signal may come at any time of rmmod.
killed() {
	local i=0 gone=0

	finite
	while [ $i -lt 5 ]; do
		load limit=8 || break
		within 3 tripped
		echo N >$params/enforce
		[ $((i % 4)) = 0 ] || sleep 3
		rmmod scx_loopguard 2>/dev/null &
		usleep $((i * 120000))
		kill $! 2>/dev/null
		wait $!
		grep -q scx_loopguard /proc/modules || gone=$((gone + 1))
		[ ! -d $params ] || unload || break
		i=$((i + 1))
	done
	claim "5 times a signal for rmmod" equal 5 "$i"
	claim "which at times came too late" positive "$gone"
	finite_end
}

# What the kernel ends itself needs no module.
native() {
	load
	finite
	claim "the kernel's own bound is hit" within 5 tripped
	claim "the module can be unloaded meanwhile" rmmod scx_loopguard
	load limit=8
	claim "with a tighter limit it trips" within 5 tripped
	claim "and is in use" in_use
	echo 32 >$params/limit
	claim "not with the kernel's own again" unload
	finite_end
}

host() {
	local cycles=${words#cycles,}

	[ "$cycles" != "$words" ] || cycles=0
	claim "the guest finishes" vm_wait $((cycles * 6 + 240))
	claim "no CPU misses its heartbeat for two seconds" beats_within 2000 begin end
	# the shortest, as the host may be busy
	[ "$words" != endless ] || claim "rmmod says so within 100 ms" \
		at_most $((100 * slow)) "$(awk '$2 == "asks" { at = $1 }
			$2 == "asked" && (!least || $1 - at < least) { least = $1 - at }
			END { printf "%d\n", least / 1e6 }' "$vm_dir/results")"
}
