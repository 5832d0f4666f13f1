# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What every script of the rig uses. Source it from bash.

set -euo pipefail

# "make check" is not to speak to the makes that are run in here
unset MAKEFLAGS MFLAGS MAKELEVEL KDIR KVER DESTDIR DOCDIR INSTALL_MOD_PATH OVERRIDES CDPATH

# shellcheck disable=SC2034 # used by those who source this
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# of its own, as what is old is deleted
cache=${LG_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}}/scx_loopguard
kernel_source=linux-source-6.12
jobs=$(($(nproc) + 1))
clang_version=19
new_clang_version=22	# for what 19 cannot build, see build/programs
mkdir -p "$cache"
cache=$(realpath "$cache")

die() {
	echo "error: $*" >&2
	exit 1
}

# The files of all cases. A name is there once, in whatever folder.
case_files() {
	find "$top/test/cases" -name '*.sh' | LC_ALL=C sort
}

# case_file NAME: that of one case
case_file() {
	case_files | grep "/$1\.sh$" || die "no case '$1' in test/cases"
}

# A line of progress, with the minutes and seconds since the run began.
: "${LG_STARTED:=$(date +%s)}"
export LG_STARTED
progress() {
	local s=$(($(date +%s) - LG_STARTED))

	printf '[%2d:%02d] %s\n' $((s / 60)) $((s % 60)) "$*" >&2
}

# key FILE-OR-STRING...: a short hash of the contents of files and of strings.
key() {
	local x

	for x in "$@"; do
		if [ -f "$x" ]; then
			sha256sum <"$x"
		else
			printf '%s\n' "$x"
		fi
	done | sha256sum | cut -c1-16
}

# discard DIR...: delete what is in the cache, but nothing that is only mounted there: a run
# that was killed may have left that.
discard() {
	local dir at

	for dir; do
		awk -v d="$dir/" 'index($5, d) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
			while read -r at; do umount -l "$at"; done
		rm -rf --one-file-system "$dir"
	done
}

# cached DIR COMMAND...: run COMMAND with a fresh directory as its last argument
# and rename that to DIR when it has succeeded, so that DIR is whole or not there.
# A lock keeps two runs from doing the same work.
cached() {
	local dir=$1 new=$1.new.$$

	shift
	exec 9>"$dir.lock"
	flock 9
	if [ ! -d "$dir" ]; then
		# whoever has left these has been killed
		discard "$dir".new.*
		mkdir -p "$new"
		if ! "$@" "$new" 9>&-; then
			discard "$new"
			die "$* failed"
		fi
		mv "$new" "$dir" || die "$dir cannot be made"
	fi
	exec 9>&-
	touch "$dir"
}

# free_slot SLOTS: wait until fewer jobs of this shell than that are running.
free_slot() {
	while [ "$(jobs -rp | wc -l)" -ge "$1" ]; do wait -n; done
}

# quietly LOG COMMAND...: keep the output in LOG, show its end on failure.
quietly() {
	local log=$1

	shift
	if ! "$@" >"$log" 2>&1; then
		tail -n 30 "$log" >&2
		return 1
	fi
}
