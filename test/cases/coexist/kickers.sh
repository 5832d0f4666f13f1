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

# counter CGROUP: a task in there that counts until it is stopped. On USR1 it says how far it is.
counter() {
	# policy itself, see normally
	policy other sh -c 'echo $$ >"/sys/fs/cgroup/$1/cgroup.procs"
		i=0
		trap "echo \$i >>/tmp/counts" USR1
		while :; do i=$((i + 1)); done' - "$1" &
	pids="$pids $!"
}

# counted: what the tasks in $pids have counted so far, and how many of them have said so
counted() {
	local n=0

	: >/tmp/counts
	# shellcheck disable=SC2086
	kill -USR1 $pids
	while [ "$(wc -l </tmp/counts)" -lt 4 ] && [ $n -lt 50 ]; do
		sleep 0.1
		n=$((n + 1))
	done
	awk '{ n += $1 } END { print n + 0, NR }' /tmp/counts
}

# progress WORD: what they count in five seconds, in each of the rounds
progress() {
	local round=0 before after

	before=$(counted)
	while [ $round -lt $rounds ]; do
		sleep 5
		after=$(counted)
		say progress "$1" $((${after% *} - ${before% *})) "${after#* }"
		before=$after
		round=$((round + 1))
	done
}

# Two tasks a CPU in two cgroups. They go idle only while the module is there, and it is loaded once:
# without it a CPU that waits when the other one goes idle, or pokes code, may wait for ever.
pair() {
	local g pids=

	mount -t cgroup2 cgroup2 /sys/fs/cgroup
	echo +cpu >/sys/fs/cgroup/cgroup.subtree_control
	mkdir /sys/fs/cgroup/a /sys/fs/cgroup/b
	# before it is enabled it makes 4096 queues, and waits for a grace period of RCU for each
	echo 1 >/sys/kernel/rcu_expedited
	sched /kickers/scx_pair
	claim "scx_pair is enabled" scx_state enabled
	scx_state enabled || return
	echo 0 >/sys/kernel/rcu_expedited
	for g in a a b b; do
		counter $g
	done
	sleep 1
	progress without
	load
	progress with
	say waits "$(param kick_waits)" "$(param kick_wait_longest_us)"
	claim "it has waited" positive "$(param kick_wait_longest_us)"
	claim "no wait had to be ended" equal 0 "$(param kick_waits)"
	claim "scx_pair is still enabled" scx_state enabled
	# shellcheck disable=SC2086
	kill $pids
	sched_stop
	claim "rmmod succeeds" unload
}

# progress_of WORD: the median of what was counted; nothing if a round is not known. A round in a
# dozen is 2 % off, either way.
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
