# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What a check (test/checks) uses to state claims. Source it after lib.sh.

check=$(basename "$0")
log=${1:?usage: $0 OUT}.log
failed=0

# claim WHAT COMMAND...
claim() {
	local what=$1

	shift
	if "$@" >"$log" 2>&1; then
		echo "ok $check: $what"
	else
		echo "not ok $check: $what ($(tail -c 300 "$log" | tr '\n' ' '))"
		failed=1
	fi
}

not() {
	! "$@"
}

# A check that leaves something of its own has another one.
cleanup() {
	:
}

# Exit with what the claims amount to, or with what the check itself ended early with.
finish() {
	local status=$?

	rm -f "$log"
	cleanup
	[ $status != 0 ] || exit "$failed"
}
trap finish EXIT
