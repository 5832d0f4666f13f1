# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# One virtual machine, seen from the host. Source it after lib.sh.
#
# In $vm_dir: results and beats are what the guest's say and beat wrote, console is
# the serial console, monitor what QEMU's monitor answered.

vm_dir=
vm_pid=

# KVM is used only where it has been asked for: timing differs too much from TCG
# to mix them in one table.
vm_start() { # DIR KERNEL_DIR IMAGE CPUS APPEND [QEMU_OPTION...]
	local kernel=$2 image=$3 cpus=$4 append=$5 fifo

	vm_dir=$1
	shift 5
	rm -rf "$vm_dir"
	mkdir -p "$vm_dir"
	: >"$vm_dir/results" >"$vm_dir/beats" >"$vm_dir/console" >"$vm_dir/monitor"
	for fifo in con mon; do mkfifo "$vm_dir/$fifo.in" "$vm_dir/$fifo.out"; done

	qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp "$cpus" -m 1G \
		-nodefaults -no-user-config -display none -no-reboot \
		-chardev pipe,id=con,path="$vm_dir/con" -serial chardev:con \
		-chardev pipe,id=mon,path="$vm_dir/mon" -mon chardev=mon,mode=readline \
		-chardev file,id=results,path="$vm_dir/results" \
		-device isa-debugcon,iobase=0xe9,chardev=results \
		-chardev file,id=beats,path="$vm_dir/beats" \
		-device isa-debugcon,iobase=0xea,chardev=beats \
		-kernel "$kernel/bzImage" -initrd "$image" \
		-append "console=ttyS0 panic=-1 $append" "$@" \
		>"$vm_dir/qemu.log" 2>&1 9>&- &
	vm_pid=$!
	cat "$vm_dir/con.out" >"$vm_dir/console" 9>&- &
	cat "$vm_dir/mon.out" >"$vm_dir/monitor" 9>&- &
	# held open, so that QEMU sees no end of file between two writes
	exec 7<>"$vm_dir/con.in" 8<>"$vm_dir/mon.in"
}

vm_running() {
	kill -0 "$vm_pid" 2>/dev/null
}

vm_stop() {
	kill "$vm_pid" 2>/dev/null || true
	wait "$vm_pid" 2>/dev/null || true
	exec 7>&- 8>&-
}

# vm_wait SECONDS: until it has powered off.
vm_wait() {
	local end=$((SECONDS + $1))

	while vm_running && [ $SECONDS -lt $end ]; do sleep 0.1; done
	! vm_running
}

# vm_wait_for SECONDS PATTERN: until a line of results matches.
vm_wait_for() {
	local end=$((SECONDS + $1))

	while [ $SECONDS -lt $end ]; do
		! grep -qE "$2" "$vm_dir/results" || return 0
		vm_running || break
		sleep 0.1
	done
	grep -qE "$2" "$vm_dir/results"
}

# monitor COMMAND: what the monitor answers. The prompt ends the answer.
monitor() {
	local from end=$((SECONDS + 5)) answer

	from=$(stat -c %s "$vm_dir/monitor")
	printf '%s\n' "$*" >&8
	while [ $SECONDS -lt $end ]; do
		answer=$(tail -c +$((from + 1)) "$vm_dir/monitor" | tr -d '\r\0')
		case $answer in
		*"(qemu) ") break ;;
		esac
		sleep 0.05
	done
	printf '%s\n' "$answer"
}

# silent_for SECONDS LIMIT: no heartbeat for so long, within LIMIT seconds.
silent_for() {
	local end=$((SECONDS + $2)) size last=-1 since=$SECONDS

	while [ $SECONDS -lt $end ]; do
		size=$(stat -c %s "$vm_dir/beats")
		if [ "$size" != "$last" ]; then
			last=$size
			since=$SECONDS
		fi
		[ $((SECONDS - since)) -lt "$1" ] || return 0
		vm_running || return 1
		sleep 0.2
	done
	return 1
}

# longest_gap FROM TO: the longest time in ms, between two guest times in ns, in
# which some CPU gave no heartbeat. A CPU that gave none at all counts in full.
longest_gap() {
	[ -n "$1" ] && [ -n "$2" ] || return 0	# no such time, no such gap
	awk -v from="$1" -v to="$2" -v cpus="$cpus" '
		NF == 2 && $2 >= from && $2 <= to {
			at = ($1 in last) ? last[$1] : from
			if ($2 - at > gap) gap = $2 - at
			last[$1] = $2
		}
		END {
			for (c = 0; c < cpus; c++) {
				at = (c in last) ? last[c] : from
				if (to - at > gap) gap = to - at
			}
			printf "%d\n", gap / 1e6
		}' "$vm_dir/beats"
}

# mark NAME: guest time in ns of the guest's "say NAME".
mark() {
	awk -v n="$1" '$2 == n { print $1; exit }' "$vm_dir/results"
}

# word_of NAME: the word behind it in the guest's "say NAME WORD".
word_of() {
	awk -v n="$1" '$2 == n { print $3; exit }' "$vm_dir/results"
}

# all_cpus_trapped ADDRESS SIZE: has every CPU IRQs off, and a return address in
# the function there on its stack, each time that one looks?
all_cpus_trapped() {
	local cpu look regs rsp rfl

	[ -n "$1" ] || { echo "no address"; return 1; }
	for look in 1 2 3 4 5; do
		for cpu in $(seq 0 $((cpus - 1))); do
			monitor "cpu $cpu" >/dev/null
			regs=$(monitor "info registers")
			rfl=$(sed -n 's/.*RFL=\([0-9a-f]*\).*/\1/p' <<<"$regs")
			rsp=$(sed -n 's/.*RSP=\([0-9a-f]*\).*/\1/p' <<<"$regs")
			if [ -z "$rfl" ] || [ $((0x$rfl & 0x200)) != 0 ]; then
				echo "cpu $cpu, look $look: RFL=$rfl"
				return 1
			fi
			monitor "x /256gx 0x$rsp" | returns_into "$1" "$2" || {
				echo "cpu $cpu, look $look: not there; $regs"
				return 1
			}
		done
		sleep 0.2
	done
}

# Is a word of the memory dump between ADDRESS and ADDRESS + SIZE?
returns_into() {
	local word

	for word in $(tr -d '\r' | sed 's/^[^:]*://'); do
		[[ $word == 0xffffffff* ]] || continue
		((word > 0x$1 && word < 0x$1 + $2)) && return 0
	done
	return 1
}
