# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# The kernel's own tests of livepatching and of sched_ext say the same with the
# modules as without.

kernel=selftests
needs=selftests
more_variants="2:livepatch,without 2:livepatch,with 2:livepatch,beside 2:sched_ext"
append=log_buf_len=4M	# a complaint of the kernel's is not to be lost

scripts="test-callbacks.sh test-ftrace.sh test-livepatch.sh test-shadow-vars.sh test-state.sh test-syscall.sh test-sysfs.sh"

guest() {
	claim "the suite is there" cd "/selftests/$1"
	suite=$1
	shift
	"suite_$suite" "$@"
	[ ! -d $params ] || claim "rmmod succeeds" unload
	claim "normal work goes on" normal_work
}

# As their authors run them; nothing but the path says that this is no Debian.
selftest() {
	normally env PATH=/selftests/bin:/bin KDIR=/ "$@"
}

# script NAME [STATUS]: it exits with that.
script() {
	local status=0

	selftest bash "./$1" >/tmp/script.log 2>&1 || status=$?
	[ $status = "${2-0}" ] ||
		{ echo "exit status $status"; grep -v '^ ' /tmp/script.log; return 1; }
}

said() {
	grep -qF "$1" /tmp/script.log || { cat /tmp/script.log; return 1; }
}

# suite_livepatch HOW: without the modules, with the first, or beside our livepatch.
suite_livepatch() {
	local s

	ln -s /proc/self/fd /dev/fd			# bash's <()
	ln -sf /selftests/bin/stat /bin/stat		# is called by its path
	claim "these are all scripts" equal "$scripts" "$(echo test-*.sh)"

	[ "$1" = without ] || load
	for s in $scripts; do
		"$1" "$s"
		[ "$1" = without ] ||
			claim "it is armed after $s" equal armed "$(param state)"
	done
}

without() {
	claim "$1 passes" script "$1"
}

with() {
	claim "$1 passes with scx_loopguard" script "$1"
}

beside() {
	livepatch
	case $1 in
	test-ftrace.sh)
		# the kernel holds ftrace for every livepatch
		claim "$1 skips itself with a livepatch in force" script "$1" 4
		claim "$1 says why" \
			said "SKIP: failed to set kernel.ftrace_enabled = 0"
		;;
	test-livepatch.sh)
		# it counts all livepatches of the system, and ours is one more
		claim "$1 sees one livepatch more" script "$1" 1
		claim "$1 says so" \
			said "ERROR: Expecting three modules listed, found 4"
		rmmod_all test_klp_callbacks_demo test_klp_syscall test_klp_livepatch
		sed -i 's/"\$nmods" -ne 3 /"$nmods" -ne 4 /' "$1"
		claim "$1 passes with the livepatch when told of it" script "$1"
		;;
	*)
		claim "$1 passes with the livepatch" script "$1"
		;;
	esac

	case $1 in
	test-callbacks.sh|test-livepatch.sh|test-state.sh|test-sysfs.sh)
		# these have a livepatch that replaces all others
		claim "$1 has replaced the livepatch" livepatch_is replaced
		claim "after $1 it works without" equal loopsite "$(param engine)"
		claim "rmmod of the replaced livepatch succeeds" \
			rmmod scx_loopguard_livepatch
		;;
	*)
		claim "$1 leaves the livepatch alone" livepatch_is active
		livepatch_off
		;;
	esac
}

# What a script that gave up has left.
rmmod_all() {
	local mod

	for mod; do
		echo 0 >"/sys/kernel/livepatch/$mod/enabled"
		within 20 [ ! -d "/sys/kernel/livepatch/$mod" ]
		claim "what it has left goes: $mod" rmmod "$mod"
	done
}

suite_sched_ext() {
	local t hits

	run_tests without
	awk '{ print $1 }' /tmp/without >/tmp/names
	claim "each test reports once" diff names /tmp/names
	load
	run_tests with
	hits=$(param hits)
	claim "they go through the hook" positive "$hits"
	livepatch
	run_tests livepatch
	claim "they go through the hook with the livepatch" \
		positive $(($(param hits) - hits))
	claim "and through the livepatch" positive "$(figure invocations)"
	claim "it is armed" equal armed "$(param state)"
	livepatch_off

	for t in $(cat names); do
		claim "$t passes without the modules" equal pass "$(result without "$t")"
		claim "$t: the same with scx_loopguard" \
			equal "$(result without "$t")" "$(result with "$t")"
		claim "$t: the same with the livepatch" \
			equal "$(result without "$t")" "$(result livepatch "$t")"
	done
}

# run_tests WHERE: lines "TEST pass", "TEST skip" or "TEST fail" in /tmp/WHERE. A test
# that forks before its output is written makes a line appear twice.
run_tests() {
	selftest ./runner >/tmp/runner.log 2>/tmp/runner.err
	sed -nE 's/^ok [0-9]+ ([^ ]+) # SKIP $/\1 skip/p
		s/^ok [0-9]+ ([^ ]+) # $/\1 pass/p
		s/^not ok [0-9]+ ([^ ]+) # .*/\1 fail/p' /tmp/runner.log |
		sort -u >"/tmp/$1"
}

result() {
	awk -v t="$2" '$1 == t { print $2 }' "/tmp/$1"
}

host() {
	claim "the guest finishes" vm_wait 1200
}
