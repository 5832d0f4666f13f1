# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Another release of Debian, from where this machine gets its own. Source it after
# lib.sh and call suite_use.
#
# apt has lists of its own for it in the cache: the machine's are left alone, and the
# archive's keys are those that the machine trusts already.

suite_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# suite_use CODENAME: what the functions below work on.
suite_use() {
	suite=$1
	suite_dir=$cache/suite-$suite
}

# mirror_of CODENAME[-security]: where this machine gets that suite from, if it is one
# of its own release.
mirror_of() {
	apt-get indextargets --format '$(RELEASE) $(REPO_URI)' "Created-By: Packages" |
		awk -v r="$1" '$1 == r { print $2; exit }'
}

# The release of this machine, for mirror_of.
own_codename() {
	(. /etc/os-release && echo "$VERSION_CODENAME")
}

# The archive itself, which all releases share.
suite_mirror() {
	mirror_of "$(own_codename)"
}

# Lines of a sources.list for the suite, its backports and, if this machine has any,
# its security updates.
suite_sources() {
	local main security

	main=$(suite_mirror)
	[ -n "$main" ] || die "apt does not know where this release is from"
	security=$(mirror_of "$(own_codename)-security")
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
	"$command" -qq -o Dir::State="$suite_dir" -o Dir::Cache="$suite_dir" \
		-o Dir::State::status=/dev/null \
		-o Dir::Etc::SourceList="$suite_dir/sources.list" \
		-o Dir::Etc::SourceParts=/dev/null \
		-o Dir::Etc::Preferences=/dev/null \
		-o Dir::Etc::PreferencesParts=/dev/null \
		-o APT::Sandbox::User="$(id -un)" "$@"
}

# The lists, not older than a day, so that a new version is noticed. Old ones do when
# the mirror cannot be reached.
suite_update() {
	mkdir -p "$suite_dir/lists/partial" "$suite_dir/archives/partial"
	exec 8>"$suite_dir/lock"
	flock 8
	if [ -z "$(find "$suite_dir/updated" -mtime -1 2>/dev/null)" ]; then
		suite_sources >"$suite_dir/sources.list"
		if quietly "$suite_dir/log" suite_apt apt-get update 8>&- \
			-o APT::Update::Error-Mode=any; then
			touch "$suite_dir/updated" "$suite_dir"
		else
			[ -e "$suite_dir/updated" ] || die "no lists of $suite"
		fi
	fi
	exec 8>&-
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
