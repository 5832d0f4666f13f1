# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# A module that was built for another kernel is refused by this one, with a line that says
# why, and nothing is left behind. What the kernel cannot tell from its own works.

kernel=unbounded
needs=foreign-build
variants="1"

# magic FILE: what the kernel compares
magic() {
	strings "$1" | sed -n 's/^vermagic=//p'
}

nothing_left() {
	not ls -d /sys/module/scx_loopguard* 2>/dev/null || return 1
	not grep scx_loopguard /proc/modules || return 1
	not grep . /sys/kernel/debug/kprobes/list
}

# refused NAME ERROR LINE
refused() {
	local name=$1 error=$2 line=$3 file=/builds/$1/scx_loopguard.ko

	mark_log
	claim "$name: it does not load" not sh -c "insmod $file 2>/tmp/load.log"
	claim "$name: the error is '$error'" grep -q "$file': $error\$" /tmp/load.log
	# busybox tries twice, by two system calls
	claim "$name: the kernel says why" equal "$line" \
		"$(news | sed 's/^.[^]]*. //' | grep scx_loopguard | grep -v taints | sort -u)"
	claim "$name: nothing is left" nothing_left
}

# other_magic NAME: what the kernel says to that
other_magic() {
	echo "scx_loopguard: version magic '$(magic /builds/$1/scx_loopguard.ko)' should be '$(magic /lib/scx_loopguard.ko)'"
}

works() {
	claim "$1: it is armed" equal armed "$(param state)"
	sched scx_spin -n 100
	hogs 1
	claim "$1: it trips" within 5 tripped
	hogs_stop
	sched_stop
	claim "$1: loops end at 32" equal 32 "$(param max_loops)"
	claim "$1: rmmod succeeds" unload
	claim "$1: nothing is left then" nothing_left
}

guest() {
	local bad="invalid module format"

	claim "stock: it has another magic" not equal \
		"$(magic /lib/scx_loopguard.ko)" "$(magic /builds/stock/scx_loopguard.ko)"
	# that comes before the magic
	refused stock "$bad" "module scx_loopguard: .gnu.linkonce.this_module section size must match the kernel's built struct module size at run time"
	refused release "$bad" "$(other_magic release)"
	claim "bounded: its magic is no other" equal \
		"$(magic /lib/scx_loopguard.ko)" "$(magic /builds/bounded/scx_loopguard.ko)"
	refused bounded "Invalid argument" "failed to validate module [scx_loopguard] BTF: -22"

	# while what it needs is there
	load
	claim "a module that is left is seen" not nothing_left
	insmod /builds/release/scx_loopguard_livepatch.ko 2>/tmp/load.log
	claim "release: its livepatch does not load either" \
		grep -q "livepatch.ko': $bad\$" /tmp/load.log
	claim "release: no livepatch is left" [ ! -d $livepatch ]
	works "its own"

	# what it needs of the kernel it finds when it is loaded
	claim "bounded, without BTF: it loads" insmod /builds/nobtf/scx_loopguard.ko
	claim "bounded, without BTF: it finds no bound here" equal 0 "$(param native_limit)"
	works "bounded, without BTF"
}

host() {
	claim "the guest finishes" vm_wait 120
}
