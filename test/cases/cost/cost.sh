# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# What the module costs while a scheduler behaves, in guest instructions: with -icount
# an instruction is two guest nanoseconds, whatever the host does meanwhile. Each
# ratio is of one boot, of rounds that take turns. Under scx_flatcg a task of wake never gets to
# its end.

kernel=unbounded
variants="2:scx_simple,pipe,cross"
long_variants="
2:scx_simple 2:scx_qmap 2:scx_central 2:scx_flatcg,pipe,cross 2:scx_spin 2:none
2:native,scx_simple@bounded 2:native,scx_qmap@bounded 2:native,scx_central@bounded
2:native,scx_flatcg,pipe,cross@bounded 2:native,scx_spin@bounded 2:native,none@bounded
2:scx_simple,pipe,cross@next 2:scx_central,pipe,cross@next
1:scx_simple,pipe 8:scx_simple,pipe,cross 32:scx_simple,pipe,cross
"
no_debug='*'	# other costs
timeout=900
tcg_threads=single
qemu_options="-icount shift=1,sleep=off"

rounds=3

# count KIND: how much of it takes some 0.1 s of guest time.
count() {
	case $1 in
	pipe)  echo 4000 ;;
	cross) echo 4000 ;;
	wake)  echo 10000 ;;
	fork)  echo 100 ;;
	yield) echo 20000 ;;
	esac
}

# load_as SETTING OPTION...: load it, and tell when that was done.
load_as() {
	local setting=$1

	shift
	load "$@" && say loaded "$setting"
}

# with SETTING, without SETTING: the module as it says, e.g. loopsite+livepatch.
with() {
	local options=

	case $1 in
	unloaded)
		# what rmmod has left to be done would be counted: on 32 CPUs a quarter
		sleep 2
		return
		;;
	*-budget) options=budget_us=1000 ;;
	*-unguarded) options=kick_wait_ms=0 ;;
	*-breakpoint) echo 0 >/proc/sys/debug/kprobes-optimization ;;
	esac
	say loading "$1"
	claim "$1: it loads" load_as "$1" engine="${1%%[+-]*}" $options
	claim "$1: it is armed" equal "armed ${1%%[+-]*}" "$(param state) $(param engine)"
	case $1 in
	*+livepatch)
		livepatch
		;;
	loopsite | loopsite-budget | loopsite-unguarded)
		# it takes a while until a probe is a jump
		claim "kprobes replaces the breakpoint by a jump" within 5 is_jump
		sleep 1
		;;
	*-breakpoint)
		sleep 1
		claim "kprobes leaves the breakpoint there when told to" not is_jump
		;;
	esac
}

without() {
	case $1 in
	unloaded) return ;;
	*+livepatch)
		echo 0 >$livepatch/enabled
		within 20 livepatch_gone
		rmmod scx_loopguard_livepatch
		;;
	esac
	say unloading "$1"
	unload
	say unloaded "$1"
	[ "${1%-breakpoint}" = "$1" ] || echo 1 >/proc/sys/debug/kprobes-optimization
}

# settings CPUS SCHEDULER: what takes turns. What differs between schedulers is measured with each.
settings() {
	echo unloaded loopsite
	[ "$1" != 2 ] || echo loopsite-unguarded callsite loopsite+livepatch
	[ "$1,$2" != 2,scx_simple ] || echo loopsite-budget loopsite-breakpoint callsite+livepatch
}

# The shell and its children get a cgroup of their own, which scx_flatcg is about.
in_cgroup() {
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
	echo +cpu >/sys/fs/cgroup/cgroup.subtree_control
	mkdir /sys/fs/cgroup/work
	echo $$ >/sys/fs/cgroup/work/cgroup.procs
}

reads=500

# reads FILE: read a status so often, by this shell alone.
reads() {
	local i=0 value

	say reading "$1"
	while [ $i -lt $reads ]; do
		read -r value <$params/"$1"
		i=$((i + 1))
	done
	say read "$1"
}

guest() {
	local s all='' round=0 setting kind

	# the kernel with a bound of its own is there to be compared with
	[ "$1" != native ] || { all=unloaded; shift; }
	s=$1
	shift
	all=${all:-$(settings "$(cpus)" "$s")}
	case $#,$s in
	0,scx_simple | 0,none) set -- pipe cross wake fork yield ;;
	0,*) set -- pipe cross wake ;;
	esac
	case $s in
	none) ;;
	scx_flatcg)
		in_cgroup
		sched scx_flatcg
		;;
	scx_central)
		sched scx_simple
		sched_stop
		init_on_cpu0
		sched scx_central
		;;
	*)
		sched "$s"
		;;
	esac
	while [ $round -lt $rounds ]; do
		for setting in $all; do
			with "$setting"
			for kind; do
				say cost "$setting" "$kind" \
					"$(normally work "$kind" "$(count "$kind")")"
			done
			without "$setting"
		done
		round=$((round + 1))
	done
	[ "$s" = none ] || claim "$s is still enabled" scx_state enabled
	case $all in
	*loopsite*)
		with loopsite
		reads trips
		without loopsite
		;;
	esac
}

# added SETTING KIND: what it adds to the unloaded kernel's, in 1/100 %. Nothing if it is not
# known of each round.
added() {
	awk -v setting="$1" -v kind="$2" -v rounds=$rounds '
		$2 == "cost" && $4 == kind && $5 > 0 { ns[$3] += $5; n[$3]++ }
		END {
			if (n["unloaded"] == rounds && n[setting] == rounds)
				printf "%.0f\n", (ns[setting] / ns["unloaded"] - 1) * 10000
		}' "$vm_dir/results"
}

# costs SETTING KIND MOST: the figure to be kept, in 1/100 %.
costs() {
	claim "$1 adds at most $3/100 % to $2" at_most "$3" "$(added "$1" "$2")"
}

host() {
	local scheduler=${words#native,} figure kept=

	# what "make check" holds the module to is part of what "make bench" measures
	[ "$kernel_name:$cpus:$words" != unbounded:2:scx_simple,pipe,cross ] || kept=y
	scheduler=${scheduler%%,*}
	figure="figure ${kept:+kept-}cost $kernel_name $cpus $scheduler"
	claim "the guest finishes" vm_wait $timeout
	# for test/tools/figures
	awk -v figure="$figure" -v reads=$reads '
		$2 == "cost" { print figure, $3, $4, $5 }
		$2 ~ /^(un)?loading$/ { at = $1 }
		$2 ~ /^(un)?loaded$/ { print figure, $3, $2, $1 - at }
		$2 == "reading" { at = $1 }
		$2 == "read" { print figure, "loopsite", "read-" $3, ($1 - at) / reads }
	' "$vm_dir/results"
	# one boot differs from another by some 0.2 %
	if [ -n "$kept" ]; then
		costs loopsite pipe 20
		costs loopsite cross 190
		costs loopsite-budget cross 190
		costs loopsite-breakpoint pipe 20
		costs loopsite-breakpoint cross 750
		costs loopsite+livepatch pipe 290
		costs loopsite+livepatch cross 600
		costs callsite pipe 20
		costs callsite cross 480
	fi
}
