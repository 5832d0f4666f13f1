# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Status and tuning: one value a file, bad input changes nothing and is named.

kernel=unbounded
variants="2"

status="budget_trips ejections hits kick_wait kick_wait_longest_us kick_waits kicks last_trip_cpu last_trip_ns last_trip_ops layout
live max_loops native_limit nmissed restart restarts state target trips"

one_line() {
	[ "$(wc -l <"$1")" = 1 ] && [ -n "$(cat "$1")" ] &&
		[ -z "$(tail -c 1 "$1" | tr -d '\n')" ]
}

write() {
	# echo is the one that says which error it was
	echo -n -e "$2" >"$params/$1"
}

# refuses NAME VALUE: EINVAL, the old value stays, dmesg names the value.
refuses() {
	local old

	old=$(param "$1")
	mark_log
	write "$1" "$2" 2>/tmp/write.log && { echo "accepted"; return 1; }
	grep -q "Invalid argument" /tmp/write.log || { cat /tmp/write.log; return 1; }
	equal "$old" "$(param "$1")" || return 1
	newly_logged "scx_loopguard: $1: '$2' is "
}

not_loaded() {
	! grep -q scx_loopguard /proc/modules
}

# load_fails OPTION PATTERN: with that line in dmesg, and nothing left behind.
load_fails() {
	mark_log
	load "$1" 2>/tmp/load.log && { echo "it loads"; return 1; }
	newly_logged "$2" || { dmesg | tail -n 2; return 1; }
	not_loaded && not grep -q . /sys/kernel/debug/kprobes/list
}

guest() {
	local p value

	for p in $status; do
		claim "$p=1 at load is refused" \
			load_fails "$p=1" "scx_loopguard: $p is read-only"
	done
	for value in 0 4097 -1 abc 99999999999 1x; do
		claim "limit=$value at load is refused" load_fails \
			"limit=$value" "limit: '$value' is not a number from 1 to 4096"
	done
	for value in 1000001 -1 abc 1x; do
		claim "budget_us=$value at load is refused" load_fails \
			"budget_us=$value" "budget_us: '$value' is not a number from 0 to 1000000"
	done
	for value in 30001 -1 abc 1x; do
		claim "eject_ms=$value at load is refused" load_fails \
			"eject_ms=$value" "eject_ms: '$value' is not a number from 0 to 30000"
	done
	for value in 1001 -1 abc 1x; do
		claim "kick_wait_ms=$value at load is refused" load_fails \
			"kick_wait_ms=$value" "kick_wait_ms: '$value' is not a number from 0 to 1000"
	done
	claim "enforce=maybe at load is refused" \
		load_fails enforce=maybe "enforce: 'maybe' is neither Y nor N"

	for value in Loopsite loopsites 1 livepatch; do
		claim "engine=$value at load is refused" \
			load_fails "engine=$value" \
			"engine: '$value' is not auto, loopsite or callsite"
	done

	claim "an unknown option does not stop it" load limt=5
	claim "an unknown option is named" logged "unknown parameter 'limt' ignored"
	claim "the load line shows the settings" logged \
		"scx_loopguard: .* loaded: state=armed, loopsite at $(loop_function)+0x.*, native_limit=0 limit=32 enforce=Y budget_us=0 eject_ms=0, kick_wait=guarded kick_wait_ms=10 restart=native"
	unload

	load limit=0x10 enforce
	claim "limit=0x10 is 16" equal 16 "$(param limit)"
	claim "a bare enforce is Y" equal Y "$(param enforce)"
	unload

	load
	claim "there are these files and no others" equal \
		"$(printf '%s\n' $status engine limit enforce budget_us eject_ms kick_wait_ms | sort)" "$(ls -1 $params)"
	for p in "$params"/*; do
		p=${p##*/}
		claim "$p is one line" one_line "$params/$p"
		claim "$p is readable by everyone" equal r \
			"$(stat -c %A "$params/$p" | cut -c8)"
		claim "$p is writable by root alone" equal -- \
			"$(stat -c %A "$params/$p" | cut -c6,9)"
	done
	claim "the version is shown" one_line /sys/module/scx_loopguard/version
	claim "engine" equal loopsite "$(param engine)"
	claim "it is not live before it is hit" equal N "$(param live)"
	claim "native_limit" equal 0 "$(param native_limit)"
	claim "layout is that of 6.12" equal pointer+12 "$(param layout)"
	claim "target is a place in the loop's function" \
		[ "$(param target | cut -d+ -f1)" = "$(loop_function)" ]
	claim "no trip yet" equal "-1 0 none" \
		"$(param last_trip_cpu) $(param last_trip_ns) $(param last_trip_ops)"

	for value in 0 4097 -1 abc 99999999999 1x "1 2"; do
		claim "limit: '$value' is refused" refuses limit "$value"
	done
	claim "limit: a value with a newline is refused" not write limit "0x\n"
	claim "limit: it is quoted without it" \
		logged "scx_loopguard: limit: '0x' is not a number from 1 to 4096"
	claim "limit: nothing is refused" not write limit "\n"
	for p in budget_us eject_ms; do
		claim "$p is off" equal 0 "$(param $p)"
		for value in 1000001 -1 abc 99999999999 1x "1 2"; do
			claim "$p: '$value' is refused" refuses $p "$value"
		done
		for value in 1 30000 0; do
			write $p "$value\n"
			claim "$p: $value is taken" equal "$value" "$(param $p)"
		done
	done
	claim "kick_wait_ms is 10" equal "10 guarded" "$(param kick_wait_ms) $(param kick_wait)"
	for value in 1001 -1 abc 99999999999 1x "1 2"; do
		claim "kick_wait_ms: '$value' is refused" refuses kick_wait_ms "$value"
	done
	for value in 0:off 1:guarded 1000:guarded; do
		write kick_wait_ms "${value%:*}\n"
		claim "kick_wait_ms: ${value%:*} is taken" equal "$value" \
			"$(param kick_wait_ms):$(param kick_wait)"
	done
	for value in 2 nonsense noo "N N" offf; do
		claim "enforce: '$value' is refused" refuses enforce "$value"
	done
	for p in $status engine; do
		claim "$p cannot be written" not write "$p" 1
	done
	for value in 1 4096 32; do
		write limit "$value\n"
		claim "limit: $value is taken" equal "$value" "$(param limit)"
	done
	write enforce 0
	claim "enforce: 0 is N" equal "N observing off" \
		"$(param enforce) $(param state) $(param kick_wait)"
	for value in Yes:Y FALSE:N true:Y Off:N; do
		write enforce "${value%:*}\n"
		claim "enforce: ${value%:*} is ${value#*:}" equal "${value#*:}" "$(param enforce)"
	done
	write enforce on
	claim "enforce: on is Y" equal "Y armed" \
		"$(param enforce) $(param state)"

	claim "rmmod succeeds" unload
}
