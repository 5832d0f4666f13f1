# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Another release of Debian, from where this machine gets its own. Source it after
# lib.sh and call suite_use.
#
# apt has lists of its own for it in the cache: the machine's are left alone, and the
# archive's keys are those that the machine trusts already.

suite_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# suite_use CODENAME [ARCHITECTURE]: what the functions below work on. Without the latter
# packages are those for this machine.
suite_use() {
	suite=$1
	suite_arch=${2-}
	suite_dir=$cache/suite-$suite${suite_arch:+-$suite_arch}
}

# mirror_of SUITE: where this machine gets that suite from, if it is one of its own
# release. apt says so from its sources alone: there may be no lists yet.
mirror_of() {
	apt-get update --print-uris |
		sed -n "s#^'\(.*/\)dists/\(.*\)/main/binary-[^/]*/Packages.*#\2 \1#p" |
		awk -v s="$1" '$1 == s && !seen++ { print $2 }'
}

# The suite of this machine's release in its sources: the codename, or stable and the like.
own_suite() {
	local name

	for name in "$(own_codename)" stable oldstable oldoldstable testing unstable; do
		[ -z "$(mirror_of "$name")" ] || break
	done
	echo "$name"
}

# The release of this machine, for mirror_of.
own_codename() {
	(. /etc/os-release && echo "${VERSION_CODENAME-}")
}

# The archive itself, which all releases share.
suite_mirror() {
	mirror_of "$(own_suite)"
}

# Lines of a sources.list for the suite, its backports and, if this machine has any,
# its security updates.
suite_sources() {
	local main security

	main=$(suite_mirror)
	[ -n "$main" ] || die "apt's sources do not say where this release is from"
	security=$(mirror_of "$(own_suite)-security")
	# nothing is backported to it; and it is valid for a week only, which is less than the age of
	# some mirrors
	if [ "$suite" = sid ]; then
		echo "deb [signed-by=$suite_keyring check-valid-until=no] $main $suite main"
		return
	fi
	echo "deb [signed-by=$suite_keyring] $main $suite main"
	echo "deb [signed-by=$suite_keyring] $main $suite-backports main"
	[ -z "$security" ] ||
		echo "deb [signed-by=$suite_keyring] $security $suite-security main"
}

# suite_apt COMMAND...: with the lists of the suite. The machine's apt.conf.d still
# counts, as a proxy may be set there.
suite_apt() {
	local command=$1

	shift
	"$command" -qq ${suite_arch:+-o APT::Architecture="$suite_arch" -o APT::Architectures="$suite_arch"} \
		-o Dir::State="$suite_dir" -o Dir::Cache="$suite_dir" \
		-o Dir::State::status=/dev/null \
		-o Dir::Etc::SourceList="$suite_dir/sources.list" \
		-o Dir::Etc::SourceParts=/dev/null \
		-o Dir::Etc::Preferences=/dev/null \
		-o Dir::Etc::PreferencesParts=/dev/null \
		-o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 -o Acquire::Retries=1 \
		-o APT::Sandbox::User="$(id -un)" "$@"
}

# The lists, not older than a day, so that a new version is noticed, and of the mirror that
# this machine has now. Old ones do when the mirror cannot be reached, which is not tried
# again for ten minutes.
suite_update() {
	suite_sources >"$suite_dir.sources.$$"
	if ! cmp -s "$suite_dir.sources.$$" "$suite_dir/sources.list" ||
		[ -z "$(find "$suite_dir/updated" -mtime -1 2>/dev/null)" ]; then
		[ -n "$(find "$suite_dir/failed" -mmin -10 2>/dev/null)" ] || suite_refresh || true
	fi
	rm -f "$suite_dir.sources.$$"
}

# When the lists were got last.
suite_got_at() {
	stat -c %.9Y "$suite_dir/updated" 2>/dev/null || true
}

# suite_refresh: get the lists now, unless somebody else has done so while this one waited.
suite_refresh() {
	local got before

	mkdir -p "$suite_dir/lists/partial" "$suite_dir/archives/partial"
	before=$(suite_got_at)
	exec 8>"$suite_dir/lock"
	flock 8
	if [ "$(suite_got_at)" != "$before" ]; then
		exec 8>&-
		return 0
	fi
	suite_sources >"$suite_dir/sources.list"
	if quietly "$suite_dir/log" suite_apt apt-get update 8>&- \
		-o APT::Update::Error-Mode=any; then
		rm -f "$suite_dir/failed"
		touch "$suite_dir/updated" "$suite_dir"
		got=0
	else
		progress "the mirror of $suite cannot be reached: going on with what the cache has"
		touch "$suite_dir/failed"
		got=1
	fi
	exec 8>&-
	return $got
}

# suite_cached WHAT PREFIX WANTED COMMAND...: print a directory of the cache, PREFIX and NAME,
# which COMMAND makes. WANTED prints NAME, and words for COMMAND, from the lists. If these
# are too old for the mirror they are got again. If the mirror cannot be reached, what was
# used last of that PREFIX does.
suite_cached() {
	local what=$1 prefix=$cache/$2 wanted=$3 again='' name words dir

	shift 3
	mkdir -p "$suite_dir"
	suite_update
	while :; do
		# while nobody gets new lists
		exec 8>"$suite_dir/lock"
		flock -s 8
		read -r name words <<<"$($wanted 8>&-)"
		exec 8>&-
		dir=$prefix$name
		if [ -n "$name" ]; then
			[ -d "$dir" ] || progress "$what: fetching"
			# shellcheck disable=SC2086
			if (cached "$dir" quietly "${prefix%-*}.log" "$@" $words); then
				echo "$dir"
				return
			fi
		fi
		[ -z "$again" ] && suite_refresh || break
		again=y
	done
	dir=$(find "$cache" -maxdepth 1 -type d -path "$prefix*" ! -name '*.new.*' \
		-printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2-)
	[ -n "$dir" ] || die "$what: not to be had from $suite, and not in the cache"
	progress "$what: not to be had from $suite now, going on with ${dir##*/}"
	touch "$dir"
	echo "$dir"
}

# suite_newest REGEX: the newest of the packages whose whole name matches.
suite_newest() {
	suite_apt apt-cache search --names-only "^$1\$" |
		awk '{ print $1 }' | sort -V | tail -n 1
}

# suite_version PACKAGE: the newest version that any of the suites has.
suite_version() {
	suite_apt apt-cache madison "$1" | awk '{ print $3 }' | sort -V | tail -n 1
}

# suite_root DIR: make it a root directory of the suite, in which test/rig/chroot can install.
suite_root() {
	local proxy

	# debootstrap knows no proxy that only apt is told of
	eval "$(apt-config shell proxy Acquire::http::Proxy)"
	[ -z "${proxy-}" ] || export http_proxy=$proxy

	# it mounts proc in there, which is not to outlive it
	unshare --mount --pid --fork --kill-child debootstrap --variant=minbase --keyring="$suite_keyring" \
		"$suite" "$1" "$(suite_mirror)"
	suite_sources >"$1/etc/apt/sources.list"
	# the host's kernel is not to be set up by the services of this root
	printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
	chmod +x "$1/usr/sbin/policy-rc.d"
	# there is no pseudo-terminal to write a log of, nor anyone to shield apt from
	printf '%s;\n' 'Dpkg::Use-Pty "0"' 'APT::Sandbox::User "root"' \
		>"$1/etc/apt/apt.conf.d/rig"
	printf '%s\n' force-unsafe-io 'path-exclude=/usr/share/doc/*' \
		>"$1/etc/dpkg/dpkg.cfg.d/rig"
}
