# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# The kernel's own programs that wait for kicked CPUs. Its selftest of cycles of them hangs a
# kernel before 7.0, and passes with the module. scx_pair, which needs such waits, gets as much done
# with the module as without, in guest instructions.

kernel=bounded
needs=kickers
more_variants="3:cycles,without 3:cycles,guarded 2:pair"
case ${words-} in
*without) hangs=yes ;;
pair)
	tcg_threads=single
	qemu_options="-icount shift=1,sleep=off" ;;
esac
no_debug='*'

rounds=10

guest() {
	"$@"
}

cycles() {
	say loop "$(extents kick_cpus_irq_workfn | cut -d' ' -f2)"
	if [ "$1" = without ]; then
		say storm
		selftest
		return
	fi
	load
	say storm
	claim "the kernel's own test of it passes" selftest
	say calm
	claim "waits were ended" positive "$(param kick_waits)"
	say waits "$(param kick_waits)" "$(param kick_wait_longest_us)"
	claim "rmmod succeeds" unload
}

selftest() {
	normally /kickers/runner -t cyclic_kick_wait >/tmp/runner.log 2>&1
	cat /tmp/runner.log
	grep -q '^ok 1 cyclic_kick_wait # *$' /tmp/runner.log
}

# counter CGROUP: a task in there that counts until it is stopped
counter() {
	# policy itself, see normally
	policy other sh -c 'echo $$ >"/sys/fs/cgroup/$1/cgroup.procs"
		i=0
		trap "echo \$i >>/tmp/counts; exit" TERM
		while :; do i=$((i + 1)); done' - "$1" &
	pids="$pids $!"
}

# progress: what two tasks a CPU in two cgroups count in five seconds
progress() {
	local g

	pids=
	: >/tmp/counts
	for g in a a b b; do
		counter $g
	done
	sleep 5
	# shellcheck disable=SC2086
	kill $pids
	# shellcheck disable=SC2086
	wait $pids
	awk '{ n += $1 } END { print n + 0, NR }' /tmp/counts
}

pair() {
	local round=0

	mount -t cgroup2 cgroup2 /sys/fs/cgroup
	echo +cpu >/sys/fs/cgroup/cgroup.subtree_control
	mkdir /sys/fs/cgroup/a /sys/fs/cgroup/b
	# before it is enabled it makes 4096 queues, and waits for a grace period of RCU for each
	echo 1 >/sys/kernel/rcu_expedited
	sched /kickers/scx_pair
	claim "scx_pair is enabled" scx_state enabled
	scx_state enabled || return
	echo 0 >/sys/kernel/rcu_expedited
	while [ $round -lt $rounds ]; do
		say progress without "$(progress)"
		load
		say progress with "$(progress)"
		say waits "$(param kick_waits)" "$(param kick_wait_longest_us)"
		claim "round $round: it has waited" positive "$(param kick_wait_longest_us)"
		claim "round $round: no wait had to be ended" equal 0 "$(param kick_waits)"
		unload
		round=$((round + 1))
	done
	claim "scx_pair is still enabled" scx_state enabled
	sched_stop
}

# progress_of with|without: the median of what was counted; nothing if a round is not known. A
# round in a dozen is 2 % off, either way.
progress_of() {
	awk -v which="$1" '$2 == "progress" && $3 == which && $5 == 4 { print $4 }' \
		"$vm_dir/results" | sort -n | awk -v rounds=$rounds '
			{ n[NR] = $1 }
			END { if (NR == rounds) print int((n[NR / 2] + n[NR / 2 + 1]) / 2) }'
}

# as_much WITHOUT WITH: within 1 %
as_much() {
	[ $# = 2 ] || { echo "a round is not known"; return 1; }
	echo "$1 without, $2 with the module"
	[ $((100 * $2)) -ge $((99 * $1)) ]
}

host() {
	case $words in
	*without)
		claim "the guest gets as far as the storm" vm_wait_for 60 ' storm$'
		claim "the heartbeat of every CPU stops" silent_for 8 120
		claim "every CPU has IRQs off, where it waits or waiting for one that does" \
			all_cpus_trapped ;;
	pair)
		claim "the guest finishes" vm_wait 400
		both="$(progress_of without) $(progress_of with)"
		# shellcheck disable=SC2086
		claim "it gets as much done" as_much $both
		echo "figure pair $both" ;;
	*)
		claim "the guest finishes" vm_wait 200
		claim "no CPU misses its heartbeat for 260 ms" beats_within 260 storm calm ;;
	esac
}
