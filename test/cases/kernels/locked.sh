# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Where modules have to be signed, what is not signed with a key that the kernel knows is
# refused and leaves nothing behind. What is signed does there all that it does elsewhere,
# under lockdown too.

kernel=locked
needs=signed
# Debian's own kernel refuses for want of a signature before it does for want of sched_ext;
# there is no key of it to sign with
variants="1:enforce@stock 1:integrity@stock"
# a kernel of its own, which takes long to build
more_variants="1:confidentiality@stock 2:none 2:enforce 2:integrity 2:confidentiality"

case ${words-} in
enforce)
	append=module.sig_enforce=1 ;;
integrity|confidentiality)
	append=lockdown=$words
	# no process gets a port then: say writes to the second serial line
	qemu_options="-chardev file,id=line,path=$out/results,append=on -device isa-serial,chardev=line" ;;
esac

kprobes=/sys/kernel/debug/kprobes

nothing_left() {
	not ls -d /sys/module/scx_loopguard* 2>/dev/null || return 1
	not grep scx_loopguard /proc/modules || return 1
	not grep . $kprobes/list
}

# refused WHAT FILE ERROR [LINE]: with that line of the kernel's and no other, or with none
refused() {
	local what=$1 file=$2 error=$3 line=${4-}

	# what lockdown refuses is not logged more than ten times in five seconds
	sleep 1
	mark_log
	claim "$what: it does not load" not sh -c "insmod $file 2>/tmp/load.log"
	claim "$what: the error is '$error'" grep -q "$file': $error\$" /tmp/load.log
	# busybox tries twice, by two system calls
	claim "$what: the kernel says '$line'" equal "$line" \
		"$(news | sed 's/^.[^]]*. //' | grep -v -e 'callbacks suppressed' -e clocksource | sort -u)"
}

# tainted WHAT FILE: it loads, and the kernel takes note
tainted() {
	claim "$1: it loads" insmod "$2"
	claim "$1: it is armed" equal armed "$(param state)"
	claim "$1: the taint is OE" equal OE "$(cat /sys/module/scx_loopguard/taint)"
	claim "$1: rmmod succeeds" unload
}

# What the mode lets in without a good signature, and what it does not.
unsigned() {
	local file bad unsigned foreign

	bad="Key was rejected by service"
	case $1 in
	enforce)
		unsigned="Loading of unsigned module is rejected"
		foreign="Loading of module with unavailable key is rejected"
		for file in scx_loopguard scx_loopguard_livepatch; do
			refused "unsigned $file" /lib/$file.ko "$bad" "$unsigned"
			refused "foreign $file" /foreign/$file.ko "$bad" "$foreign"
		done ;;
	integrity|confidentiality)
		unsigned="Lockdown: insmod: unsigned module loading is restricted; see man kernel_lockdown.7"
		for file in scx_loopguard scx_loopguard_livepatch; do
			refused "unsigned $file" /lib/$file.ko "Operation not permitted" "$unsigned"
			refused "foreign $file" /foreign/$file.ko "Operation not permitted" "$unsigned"
		done ;;
	none)
		tainted unsigned /lib/scx_loopguard.ko
		tainted foreign /foreign/scx_loopguard.ko
		claim "the kernel says so" logged \
			"scx_loopguard: module verification failed: signature and/or required key missing - tainting kernel" ;;
	esac
	# with a key that it does not know the kernel does not look any further
	[ ! -d /signed ] || for file in scx_loopguard scx_loopguard_livepatch; do
		refused "tampered $file" /tampered/$file.ko "$bad"
		refused "forged $file" /forged/$file.ko "$bad"
	done
	claim "of all that nothing is left" nothing_left
}

# Schedulers that say why they end do so by a helper that reads the kernel's memory, as those
# of the kernel's own tools. Sets what to run instead.
schedulers() {
	spin=scx_spin
	[ "$1" = confidentiality ] || return 0
	for spin in "scx_simple" "scx_spin -l 5"; do
		claim "$spin does not load" not sh -c \
			"timeout 20 policy other $spin >/tmp/sched.log 2>&1"
		claim "$spin: the kernel says why" \
			grep -q "cannot use helper bpf_probe_read" /tmp/sched.log
	done
	spin="scx_spin -q"
}

# What else is closed, of all that the module has to do with.
closed() {
	local files

	claim "the probe is listed" grep -q . $kprobes/list
	case $1 in
	integrity|confidentiality)
		claim "kprobes cannot be disarmed" not sh -c "echo 0 >$kprobes/enabled"
		claim "it is armed all the same" equal armed "$(param state)" ;;
	esac
	files=$(ls -d $tracing/events/scx_loopguard 2>/dev/null)
	if [ "$1" = confidentiality ]; then
		claim "there is no tracefs" equal "" "$files"
	else
		claim "its tracepoints are there" equal $tracing/events/scx_loopguard "$files"
	fi
}

# gap FROM: the longest one in ms, where the host has no heartbeats
gap() {
	awk -v from="$1" '
		FNR == 1 { at = from }
		$1 > from { if ($1 - at > gap) gap = $1 - at; at = $1 }
		END { printf "%d\n", gap / 1e6 }' "$2"
}

# rescue ENGINE
rescue() {
	local now

	load engine="$1"
	claim "$1: it is armed" equal "armed $1" "$(param state) $(param engine)"
	claim "$1: the taint is O alone" equal O "$(cat /sys/module/scx_loopguard/taint)"
	closed "$mode"
	livepatch
	claim "$1: the livepatch's taint is OK" equal OK \
		"$(cat /sys/module/scx_loopguard_livepatch/taint)"
	hogs "$(cpus)"
	sched $spin -l 5
	say "storm-$1"
	now=$(awk '{ printf "%.0f", $1 * 1e9 }' /proc/uptime)
	claim "$1: the watchdog ejects the scheduler" ejected 40 "runnable task stall"
	say "ejected-$1"
	[ ! -e /tmp/beats.1 ] || for file in /tmp/beats.*; do
		claim "$1: no gap in $file for a second" between 1 1000 "$(gap "$now" $file)"
	done
	hogs_stop
	claim "$1: invocations were ended" positive "$(param trips)"
	livepatch_claims
	claim "$1: loops end at 32" equal 32 "$(param max_loops)"
	livepatch_off
	claim "$1: normal work goes on" normal_work
	claim "$1: rmmod succeeds" unload
	claim "$1: nothing is left" nothing_left
}

guest() {
	local file

	mode=$1
	mount -t securityfs security /sys/kernel/security
	case $1 in
	integrity|confidentiality) file="\[$1\]" ;;
	*)                         file="\[none\]" ;;
	esac
	claim "lockdown is as asked for" grep -q "$file" /sys/kernel/security/lockdown
	claim "so is the need for signatures" \
		equal "$([ "$1" = enforce ] && echo Y || echo N)" \
		"$(cat /sys/module/module/parameters/sig_enforce)"
	# of what it was refused at its start the kernel has logged as much
	sleep 5
	unsigned "$1"
	claim "normal work goes on" normal_work
	# Debian's own key is not to be had
	! uname -r | grep -q deb || return 0
	claim "signed modules are there" [ -d /signed ]
	schedulers "$1"
	# what all else loads
	cp /signed/*.ko /lib
	rescue loopsite
	rescue callsite
}

host() {
	claim "the guest finishes" vm_wait 400
	case $words@$kernel_name in
	none@locked|enforce@locked)
		# to enable a BPF scheduler takes its time, as in rescue.sh
		for engine in loopsite callsite; do
			claim "$engine: no CPU misses its heartbeat for a second" at_most 1000 \
				"$(longest_gap "$(mark storm-$engine)" "$(mark ejected-$engine)")"
		done ;;
	esac
}
