# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Without the module the same schedulers take the machine away: every CPU falls
# silent, and QEMU shows it in the dispatch path with IRQs off. This is the control
# of rescue.sh: same kernel, same image.

kernel=unbounded
variants="
1:scx_spin,5 2:scx_spin,5 8:scx_spin,5
1:scx_qmap,5 2:scx_qmap,5 8:scx_qmap,5
"
hangs=yes

guest() {
	# where the loop is, for the host to recognise
	say loop "$(awk '$3 == "balance_scx" { print $1 }' /proc/kallsyms)"
	say storm
	sched "$1" -l "$2"
	within 60 false
}

host() {
	claim "the guest gets as far as the storm" vm_wait_for 60 ' storm$'
	claim "the heartbeat of every CPU stops" silent_for 8 60
	claim "the watchdog does not help" [ -z "$(mark end)" ]
	claim "every CPU is in the dispatch loop with IRQs off" all_cpus_trapped
}

# Is there, on the stack of every CPU, a return into the loop's function, and is
# the interrupt flag clear each time that one looks?
all_cpus_trapped() {
	local cpu look loop regs rsp rfl

	loop=$(value_of loop)
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
			monitor "x /256gx 0x$rsp" | returns_into "$loop" || {
				echo "cpu $cpu, look $look: not in the loop"
				echo "$regs"
				return 1
			}
		done
		sleep 0.2
	done
}

value_of() {
	awk -v n="$1" '$2 == n { print $3; exit }' "$vm_dir/results"
}

# Is an address between $1 and $1 + 1024 among the words of the dump?
returns_into() {
	local word

	for word in $(tr -d '\r' | sed 's/^[^:]*://'); do
		[[ $word == 0xffffffff* ]] || continue
		((word > 0x$1 && word < 0x$1 + 1024)) && return 0
	done
	return 1
}
