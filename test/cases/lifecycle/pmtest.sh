# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# The machine goes to sleep again and again, as deep as the kernel's own tests of that go
# (pm_test), while loops are ended: a storm of finite ones, and endless ones that the freezer
# meets. Between two sleeps the module is unloaded and loaded at times.

kernel=locked
# a kernel of its own, which takes long to build; the debug one has pm_test too
more_variants="2:finite,loopsite,30 2:endless,loopsite,30 2:finite,callsite,15
2:endless,callsite,15 2:finite,callsite,10@debug"
append=log_buf_len=4M

power=/sys/power

# level I: what the I'th sleep is tested to. All but the first three are of mem alone.
level() {
	echo "freezer devices platform processors core" | cut -d' ' -f$(($1 % 5 + 1))
}

# to_sleep I: every other time to idle, where that can be
to_sleep() {
	local state=mem

	[ $(($1 % 10)) -gt 2 ] || state=freeze
	level "$1" >$power/pm_test
	echo $state >$power/state
}

trips_go_on() {
	[ "$(param trips)" -gt "$trips" ]
}

settled() {
	scx_state enabled || scx_state disabled
}

# tripping OPTION...: the scheduler is there, and invocations are ended just now. It may have
# been ejected: one without callbacks for that is when a CPU goes off, as in the last two
# levels.
tripping() {
	within 20 settled
	trips=$(param trips)
	scx_state enabled || sched scx_spin "$@"
	within 10 trips_go_on
}

reload() { # ENGINE LIMIT
	unload && load engine="$1" limit="$2"
}

# one ENGINE I OPTION...: from storm to storm
one() {
	local engine=$1 i=$2

	shift 2
	if [ $((i % 3)) = 2 ]; then
		limit=$((i % 20 + 8))
		reload "$engine" $limit || return 1
	fi
	tripping "$@" || { echo "no trips before it"; return 1; }
	to_sleep "$i" || { dmesg | tail -n 3; return 1; }
	equal armed "$(param state)" || return 1
	tripping "$@" || { echo "no trips after it"; return 1; }
	equal "armed Y $limit" "$(param state) $(param live) $(param max_loops)"
}

# guest KIND ENGINE SLEEPS
guest() {
	local option="-n 100" i=0

	[ "$1" = finite ] || option="-l 5"
	! grep -q deep $power/mem_sleep || echo deep >$power/mem_sleep
	say mem "$(cat $power/mem_sleep)"
	echo 0 >/sys/module/suspend/parameters/pm_test_delay
	limit=31
	load engine="$2" limit=$limit
	hogs 3
	while [ $i -lt "$3" ]; do
		# shellcheck disable=SC2086
		claim "sleep $i, $(level $i)" one "$2" $i $option
		i=$((i + 1))
	done
	claim "the kernel was put to sleep each time" equal "$3" \
		"$(dmesg | grep -c 'suspend debug: Waiting')"
	[ "$1" = endless ] || kill "$sched_pid"
	claim "the scheduler comes to an end" within 20 scx_state disabled
	hogs_stop
	claim "normal work goes on" normal_work
	claim "rmmod succeeds" unload
	claim "no kprobe is left" not grep -q . /sys/kernel/debug/kprobes/list
}

host() {
	claim "the guest finishes" vm_wait 500
}
