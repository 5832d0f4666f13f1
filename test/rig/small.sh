# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Our Makefile, scripts and dkms.conf around modules that are built in a moment. For checks of
# how they are built and installed. Source it after claims.sh.

kernel=$("$top/test/kernel/build" unbounded)
release=$(cat "$kernel/build/include/config/kernel.release")
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$top/dkms.conf")
# not every file system can be an overlay's
work=$(mktemp -d "$cache/work.XXXXXX")
cleanup() {
	rm -rf "$work"
}

# small_source DIR
small_source() {
	local name

	mkdir -p "$1/module" "$1/contrib"
	cp -r "$top"/{Makefile,dkms.conf,scripts,README.md,LICENSE,ABI} "$1"
	cp -r "$top/contrib/packaging" "$1/contrib"
	mkdir -p "$1/patches"
	for name in scx_loopguard scx_loopguard_livepatch; do
		echo "obj-m += $name.o"
		printf '%s\n' '#include <linux/module.h>' 'int lg_something;' \
			'MODULE_DESCRIPTION("small");' 'MODULE_LICENSE("GPL");' \
			>"$1/module/$name.c"
	done >"$1/module/Kbuild"
}

# kernel_like DIR: what builds for our kernel, of which any file may be replaced
kernel_like() {
	cp -rs "$kernel/build" "$1"
}

# replace FILE [SED-COMMAND]: make it a file of its own, which is older than anything built
replace() {
	sed -i "${2-}" "$1"
	touch -d 2001-01-01 "$1"
}

# says PATTERN COMMAND...: it fails, and the first thing that it says is this.
says() {
	local pattern=$1

	shift
	! "$@" >"$log.says" 2>&1 || { echo "it succeeds"; return 1; }
	head -n 1 "$log.says" | grep -q "^error: $pattern" || { cat "$log.says"; return 1; }
	rm -f "$log.says"
}

# with_mounts COMMAND...: where what is in $work/usr-src, var-lib-dkms and lib-modules is what
# /usr/src, /var/lib/dkms and /lib/modules have. $work/ro is mounted read-only on itself, and what
# is done to our kernel is done to a copy of it.
with_mounts() {
	local user=

	[ "$(id -u)" = 0 ] || user=-r
	mkdir -p "$work"/{usr-src,var-lib-dkms,lib-modules,ro,over/changes,over/work,kernel/changes,kernel/work}
	# shellcheck disable=SC2086
	unshare $user -m bash -euc '
		# a machine may have no /lib/modules to mount anything on
		mount -t overlay overlay /usr/lib -o \
			"lowerdir=/usr/lib,upperdir=$1/over/changes,workdir=$1/over/work"
		mkdir -p /usr/lib/modules
		mount -t overlay overlay "$2" -o \
			"lowerdir=$2,upperdir=$1/kernel/changes,workdir=$1/kernel/work"
		for x in usr/src var/lib/dkms lib/modules; do
			mount --bind "$1/${x//\//-}" "/$x"
		done
		mount --bind "$1/ro" "$1/ro"
		mount -o remount,bind,ro "$1/ro"
		shift 2
		exec "$@"' - "$work" "$kernel/build" "$@"
}
