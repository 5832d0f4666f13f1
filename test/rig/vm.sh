# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# One virtual machine, seen from the host. Source it after lib.sh.
#
# In $vm_dir: results is what the guest's say wrote, beats.N what its beat wrote on
# CPU N, console is the serial console, monitor what QEMU's monitor answered.
#
# A guest is slow where its host is slow or busy. What proves something counts what the
# guest has done or the CPU time that the host has given to its CPUs. Host time only
# ends a guest that is dead, or one that comes to no end.

# shellcheck source=test/rig/bochs.sh
. "$top/test/rig/bochs.sh"

vm_dir=
vm_pid=
bound_pid=
qemu=("${LG_QEMU:-$("$top/test/build/qemu")}")

# What a case may override: the emulated CPU, the threads of each of its cores, and
# whether each CPU is a thread of QEMU.
cpu_model=max
smt=1
tcg_threads=multi

# qemu, or bochs, see bochs.sh
emulator=qemu

# machine_for KERNEL_DIR CPUS: set what differs by the processor of the kernel: qemu with what it
# is run by, machine, tty, and model.
machine_for() {
	case $(cat "$1/processor" 2>/dev/null) in
	arm64)
		tty=ttyAMA0
		# see guest/port.h: it names files that are there
		qemu=(env -C "$vm_dir" "$("$top/test/build/qemu" arm64)")
		machine=(-machine "virt,gic-version=3" -chardev "file,id=results,path=$vm_dir/results"
			-semihosting-config "enable=on,target=native,userspace=on,chardev=results")
		;;
	*)
		tty=ttyS0
		machine=(-chardev "file,id=results,path=$vm_dir/results"
			-device "isa-debugcon,iobase=0xe9,chardev=results")
		for cpu in $(seq 0 $(($2 - 1))); do
			machine+=(-chardev "file,id=beats$cpu,path=$vm_dir/beats.$cpu"
				-device "isa-debugcon,iobase=$((0x2100 + cpu)),chardev=beats$cpu")
		done
		[ "$2" -gt "$(nproc)" ] || model=$model,-hypervisor
		;;
	esac
}

# The limits of cases, in seconds, are for a host with nothing else to do.
patience=10

# A machine is ended after so many seconds of wall time, whatever its guest and the host's half of the
# case do. A slow kernel has more of them. So has a case that waits for longer, see vm_until.
wall=${LG_WALL:-1800}

# A timer interrupt may come late on a busy host, which the kernel is not to take for
# broken hardware (no_timer_check), nor a CPU that the host does not run for one that
# RCU waits for (rcu_cpu_stall_timeout). The heartbeats tell of a CPU that is trapped.
#
# Always TCG, as KVM is not to be had everywhere and timing differs too much to mix
# them. A guest that fits the host is not to know that it is one: with the
# hypervisor bit its kernel takes unfair spinlocks, and a CPU that waits for the rq
# lock of a looping one can starve for a second. A guest of more CPUs than the host
# needs just those: fair locks wait for whoever the host does not run.
vm_start() { # DIR KERNEL_DIR IMAGE CPUS APPEND [QEMU_OPTION...]
	local kernel=$2 image=$3 smp=$4 append=$5 fifo cpu machine tty model=$cpu_model

	# with one possible CPU every task counts as pinned to it, and scx_qmap
	# treats those in another way: leave the second one off
	[ "$smp" != 1 ] || { smp=2; append="$append maxcpus=1"; }

	vm_dir=$1
	shift 5
	rm -rf "$vm_dir"
	mkdir -p "$vm_dir"
	touch "$vm_dir"/{results,console,monitor}
	if [ $emulator = bochs ]; then
		bochs_start "$kernel" "$image" "$smp" "$append"
		vm_bound "$wall"
		return
	fi
	for cpu in $(seq 0 $((smp - 1))); do touch "$vm_dir/beats.$cpu"; done
	machine_for "$kernel" "$smp"
	for fifo in con mon; do mkfifo "$vm_dir/$fifo.in" "$vm_dir/$fifo.out"; done

	# it ends with this shell, however that ends
	setpriv --pdeathsig KILL "${qemu[@]}" -name debug-threads=on -accel "tcg,thread=$tcg_threads" -cpu "$model" \
		-smp "$smp,threads=$smt" -m 1G \
		-nodefaults -no-user-config -display none -no-reboot \
		-chardev pipe,id=con,path="$vm_dir/con" -serial chardev:con \
		-chardev pipe,id=mon,path="$vm_dir/mon" -mon chardev=mon,mode=readline \
		"${machine[@]}" \
		-kernel "$kernel/bzImage" -initrd "$image" \
		-append "console=$tty panic=-1 no_timer_check rcupdate.rcu_cpu_stall_timeout=150 $append" "$@" \
		>"$vm_dir/qemu.log" 2>&1 9>&- &
	vm_pid=$!
	vm_bound "$wall"
	setpriv --pdeathsig KILL cat "$vm_dir/con.out" >"$vm_dir/console" 9>&- &
	setpriv --pdeathsig KILL cat "$vm_dir/mon.out" >"$vm_dir/monitor" 9>&- &
	# held open, so that QEMU sees no end of file between two writes
	exec 7<>"$vm_dir/con.in" 8<>"$vm_dir/mon.in"
}

# vm_bound SECONDS: end the machine after so many from now on, and leave a file "overdue" that says so.
# A process of its own does, as this shell may be busy with anything.
vm_bound() {
	[ -z "$bound_pid" ] || kill -KILL "$bound_pid" 2>/dev/null || true
	# shellcheck disable=SC2016
	setpriv --pdeathsig KILL bash -c '
		timeout "$1" tail --pid="$2" -f /dev/null
		[ $? = 124 ] || exit
		echo "the machine was ended, as it was not done within $1 s of wall time" >"$3"
		kill -KILL "$2"' - \
		$(($1 * ${slow:-1})) "$vm_pid" "$vm_dir/overdue" >/dev/null 2>&1 9>&- &
	bound_pid=$!
}

vm_running() {
	kill -0 "$vm_pid" 2>/dev/null
}

vm_stop() {
	# QEMU may be too busy to end when it is asked to
	kill -KILL "$bound_pid" "$vm_pid" 2>/dev/null || true
	wait "$bound_pid" "$vm_pid" 2>/dev/null || true
	[ $emulator = qemu ] || return 0
	# one that QEMU has never opened still waits for that
	: <>"$vm_dir/con.out" <>"$vm_dir/mon.out"
	exec 7>&- 8>&-
}

# cpu_time: what the host has given to a CPU of the guest so far, in 1/100 s, to the one
# that has got least. A CPU that spins gets all that there is.
cpu_time() {
	local task comm stat share least=

	for task in /proc/"$vm_pid"/task/*; do
		{ read -r comm <"$task/comm" && read -r stat <"$task/stat"; } 2>/dev/null ||
			continue
		share=1
		# shellcheck disable=SC2154 # the case has set cpus
		case $comm in
		"ALL CPUs/TCG") share=$cpus ;;
		"CPU "*/TCG)
			comm=${comm#CPU }
			[ "${comm%/*}" -lt "$cpus" ] || continue
			;;
		*) continue ;;
		esac
		# utime and stime, counted from behind the name
		read -ra stat <<<"${stat##*) }"
		share=$(((stat[11] + stat[12]) / share))
		[ -n "$least" ] && [ "$least" -le $share ] || least=$share
	done
	echo "${least:-0}"
}

# watch NAME FILE...: set quiet, the seconds, and spent, the CPU time, for which nothing
# has come to these files since the first call of vm_until.
declare -A seen=() since=() had=()
watch() {
	local name=$1 size now

	shift
	size=$(stat -c %s "$@" | paste -sd+)
	now=$(cpu_time)
	if [ "$size" != "${seen[$name]-}" ]; then
		seen[$name]=$size since[$name]=$SECONDS had[$name]=$now
	fi
	quiet=$((SECONDS - since[$name])) spent=$((now - had[$name]))
}

# A guest that lives beats ten times a second, or writes to its console as it boots. One
# that is dead has had time enough for that. If all its CPUs sleep they get none.
dead() {
	local quiet spent

	watch life "$vm_dir"/{results,console} "$vm_dir"/beats.*
	if ((quiet >= 300 * ${slow:-1} || quiet >= 60 && spent >= 3000 * ${slow:-1})); then
		echo "the guest has shown no sign of life for $quiet s"
	else
		return 1
	fi
}

# vm_until SECONDS COMMAND...: until it succeeds, or there is nothing to wait for. A slow
# kernel has more of them. A long wait gives the machine three times as long, from then on.
vm_until() {
	local end=$((SECONDS + $1 * patience * ${slow:-1}))

	[ "$1" -le 600 ] || vm_bound $(($1 * 3))
	shift
	seen=()
	until "$@"; do
		sample
		vm_running || {
			"$@" || { cat "$vm_dir/overdue" || echo "the guest has ended"; return 1; }
			return
		}
		! dead || return 1
		[ $SECONDS -lt $end ] ||
			{ echo "the guest lives, but it has not come so far for too long"; return 1; }
		sleep 0.1
	done
} 2>/dev/null	# where the shell says that a job was killed

vm_over() {
	! vm_running && [ ! -e "$vm_dir/overdue" ]
}

# vm_wait SECONDS: until it has powered off.
vm_wait() {
	vm_until "$1" vm_over
}

# vm_wait_for SECONDS PATTERN: until a line of results matches.
vm_wait_for() {
	vm_until "$1" grep -qE "$2" "$vm_dir/results"
}

# monitor COMMAND: what the monitor answers. The prompt ends the answer.
monitor() {
	local from end=$((SECONDS + 60)) answer

	from=$(stat -c %s "$vm_dir/monitor")
	printf '%s\n' "$*" >&8
	while vm_running && [ $SECONDS -lt $end ]; do
		answer=$(tail -c +$((from + 1)) "$vm_dir/monitor" | tr -d '\r\0')
		case $answer in
		*"(qemu) ") break ;;
		esac
		sleep 0.05
	done
	printf '%s\n' "${answer-}"
}

# silent_for SECONDS LIMIT: no heartbeat for so long, within LIMIT seconds. A CPU that the
# host does not run is silent too: each has had a quarter of that time for itself.
silent_for() {
	vm_until "$2" silent "$1"
}

silent() {
	local quiet spent

	watch beats "$vm_dir"/beats.*
	((quiet >= $1 && spent >= $1 * 100 / 4))
}

# sample: add a line to held, the time of the host and for how long altogether one CPU or
# the other could have run and was not let, both in ns. Guest time that is counted in
# instructions does not go on meanwhile.
declare -A waited=()
held=0
sample() {
	local task comm wait most=0

	[[ ${qemu_options-} != *icount* ]] || return 0
	for task in /proc/"$vm_pid"/task/*; do
		{ read -r comm <"$task/comm" && read -r _ wait _ <"$task/schedstat"; } 2>/dev/null &&
			[[ $comm == *CPU*/TCG ]] || continue
		[ $((wait - ${waited[$task]-0})) -le $most ] || most=$((wait - ${waited[$task]-0}))
		waited[$task]=$wait
	done
	held=$((held + most))
	echo "${EPOCHREALTIME//[!0-9]/}000 $held" >>"$vm_dir/held"
}

# boot_time: the host's time in ns when the guest's began.
boot_time() {
	local file last

	for file in "$vm_dir"/beats.*; do
		last=$(tail -n 1 "$file")
		[ -z "$last" ] || echo $(($(date -r "$file" +%s%N) - last))
	done | sort -n | head -n 1
}

# longest_gap FROM TO: the longest time in ms, between two guest times in ns, in
# which some CPU gave no heartbeat, but for what the host did not let it run. A CPU that
# gave none at all counts in full.
longest_gap() {
	[ -n "$1" ] && [ -n "$2" ] || return 0	# no such time, no such gap
	local cpu

	touch "$vm_dir/held"
	for cpu in $(seq 0 $((cpus - 1))); do
		awk -v from="$1" -v to="$2" -v boot="$(boot_time)" '
			function held(t,	part) {
				while (i < n && time[i + 1] <= t)
					i++
				if (!i || i == n)
					return sum[i] + 0
				part = (t - time[i]) / (time[i + 1] - time[i])
				return sum[i] + part * (sum[i + 1] - sum[i])
			}
			function gap_to(t,	h, g) {
				h = held(t)
				g = t - at - (h - held_at)
				if (g > gap)
					gap = g
				at = t
				held_at = h
			}
			FILENAME ~ /held$/ { time[++n] = $1 - boot; sum[n] = $2; next }
			!at { at = from; held_at = held(from) }
			$1 > from && $1 <= to { gap_to($1) }
			END {
				if (!at) { at = from; held_at = held(from) }
				gap_to(to)
				printf "%d\n", gap / 1e6
			}' "$vm_dir/held" "$vm_dir/beats.$cpu"
	done | sort -n | tail -n 1
}

# mark NAME: guest time in ns of the guest's "say NAME".
mark() {
	awk -v n="$1" '$2 == n { print $1; exit }' "$vm_dir/results"
}

# word_of NAME: the word behind it in the guest's "say NAME WORD".
word_of() {
	awk -v n="$1" '$2 == n { print $3; exit }' "$vm_dir/results"
}

# words_of NAME: all of them.
words_of() {
	sed -n "s/^[0-9]* $1 //p" "$vm_dir/results" | head -n 1
}

# all_cpus_trapped: each time that one looks, has every CPU IRQs off, and is one at
# least in the dispatch loop? The others may wait for one that is: for its rq lock,
# or for a task to leave it. The guest has said where the loop is, by say_where. Between
# two looks every CPU has run.
all_cpus_trapped() {
	local look cpu where looping

	for look in 1 2 3 4 5; do
		looping=0
		monitor stop >/dev/null
		for cpu in $(seq 0 $((cpus - 1))); do
			where=$(where_is "$cpu")
			case $where in
			loop) looping=$((looping + 1)) ;;
			on)   echo "cpu $cpu, look $look: IRQs on"; return 1 ;;
			esac
		done
		monitor cont >/dev/null
		[ $looping -gt 0 ] || { echo "look $look: none loops"; return 1; }
		vm_until 6 has_run $(($(cpu_time) + 10)) || return 1
	done
}

# has_run CPU_TIME: every CPU has had that.
has_run() {
	[ "$(cpu_time)" -ge "$1" ]
}

# where_is CPU: "on" with IRQs on, "loop" in the dispatch loop, or "elsewhere".
where_is() {
	local regs rip rsp rfl frames loop detour

	monitor "cpu $1" >/dev/null
	regs=$(monitor "info registers")
	rip=$(sed -n 's/.*RIP=\([0-9a-f]*\).*/\1/p' <<<"$regs")
	rsp=$(sed -n 's/.*RSP=\([0-9a-f]*\).*/\1/p' <<<"$regs")
	rfl=$(sed -n 's/.*RFL=\([0-9a-f]*\).*/\1/p' <<<"$regs")
	if [ -z "$rfl" ] || [ $((0x$rfl & 0x200)) != 0 ]; then
		echo on
		return
	fi
	frames=$(echo "rip: 0x$rip"; monitor "x /256gx 0x$rsp")
	for loop in $(words_of loop); do
		if has_word_in "0x${loop%-*}" "0x${loop#*-}" <<<"$frames"; then
			echo loop
			return
		fi
	done
	# the probe's detour is a jump, so it may stand in the loop's place
	detour=$(word_of detour)
	if [ -n "$detour" ] && has_word_in "0x$detour" "0x$detour + 4096" <<<"$frames"; then
		echo loop
	else
		echo elsewhere
	fi
}

# Is a word of the memory dump at START or behind it, and before END?
has_word_in() {
	local word

	for word in $(tr -d '\r' | sed 's/^[^:]*://'); do
		[[ $word == 0xffffffff* ]] || continue
		((word >= $1 && word < $2)) && return 0
	done
	return 1
}
