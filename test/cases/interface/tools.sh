# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# What Documentation/parameters.md says to run of perf, trace-cmd and bpftrace shows trips, each with its
# fields. They are Debian's.

kernel=unbounded
needs=tracers
variants="2:loopsite@stock73"
more_variants="2:loopsite 2:loopsite@bounded 2:loopsite@next"

# one_liner TOOL: how the page has it
one_liner() {
	grep "^$1 " /one-liners
}

# storm: a few thousand trips, until the module ends it
storm() {
	hogs "$(cpus)"
	sched scx_spin -l 5
	claim "$1: the scheduler is ejected" ejected 10 "disabled by sysrq-S"
	wait "$sched_pid"
	hogs_stop
}

# start TOOL: its one-liner, in a shell of its own as it may be two commands. On a busy host it
# takes longer than that listens until a storm has come and gone.
start() {
	one_liner "$1" | sed 's/sleep 10/sleep 40/' >"/tmp/$1.sh"
	sh "/tmp/$1.sh" >/tmp/out 2>&1 &
	tool_pid=$!
}

# until_over SECONDS: it ends by itself
until_over() {
	within "$1" not kill -0 "$tool_pid"
}

# interrupted TOOL: until it takes notice. A background job starts with SIGINT ignored, so one
# that comes before the tool has its handler is lost.
interrupted() {
	local tries

	for tries in 1 2 3 4 5 6; do
		kill -INT "$(pidof "$1")"
		until_over 10 && return
		echo "try $tries"
	done
	return 1
}

# lines REGEX: how many it has printed
lines() {
	grep -c -E "$1" /tmp/out
}

# shows COUNT REGEX: so many at least
shows() {
	[ "$(lines "$2")" -ge "$1" ] || { tail -n 5 /tmp/out; return 1; }
}

# Whoever listens to a tracepoint by perf has a hold on its module.
is_heard() {
	[ "$(cat /sys/module/scx_loopguard/refcnt)" -gt 0 ] || { tail -n 5 /tmp/out; return 1; }
}

guest() {
	claim "there is room for what they write" cd /tmp
	load engine="$1" limit=16 eject_ms=300
	claim "the page has three" equal 3 "$(wc -l </one-liners)"

	start perf
	claim "perf attaches" within 60 is_heard
	storm perf
	claim "perf is done" until_over 120
	claim "perf has trips, with their fields" \
		shows 1 'scx_loopguard:trip: ops=spin cpu=[01] loops=16 duration=[1-9][0-9]* budget=0 more=[0-9]+ comm='
	say perf "$(lines scx_loopguard:trip:)"

	start trace-cmd
	sleep 3
	storm trace-cmd
	claim "trace-cmd is done" until_over 120
	claim "trace-cmd has trips, with their fields" \
		shows 1 'trip: *ops=spin cpu=[01] loops=16 duration=[1-9][0-9]* budget=0 more=[0-9]+ comm='
	claim "and the ejection" shows 1 'eject: *ops=spin '
	say trace-cmd "$(lines ' trip: ')"

	start bpftrace
	claim "bpftrace attaches" within 60 is_heard
	claim "it listens" is_heard
	storm bpftrace
	claim "bpftrace is done" interrupted bpftrace
	claim "bpftrace has the scheduler and both CPUs" \
		shows 2 '^@\[spin, [01]\]: [0-9]+$'
	say bpftrace "$(sed -n 's/^@.*: //p' /tmp/out | awk '{ n += $1 } END { print n }')"
	claim "rmmod succeeds" unload
}

host() {
	claim "the guest finishes" vm_wait 400
	echo "figure tools $kernel_name $words $(word_of perf) $(word_of trace-cmd) $(word_of bpftrace)"
}
