# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# A Debian with DKMS (test/kernel/debian) that a check may change as it likes: what it
# does goes to a copy of its own. Source it after claims.sh, with the number.

debian=$("$top/test/kernel/debian" "$1")
release=$(cat "$debian/release")
stock=$(cat "$debian/stock")
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$top/dkms.conf")

# beside what it is laid over: not every file system can be
work=$(mktemp -d "$cache/work.XXXXXX")
cleanup() {
	rm -rf "$work"
}
mkdir "$work/changes"

in_debian() {
	"$top/test/rig/chroot" --over "$work" "$debian/root" "$@"
}

# whole_source DIR: our source there, without the tests.
whole_source() {
	(
		cd "$top"
		for section in source doc; do sh scripts/files install $section "$1"; done
		cp -r debian scripts "$1"
	)
}

# source_in DIR [VERSION]: our source, below the directory of that Debian.
source_in() {
	local dir=$work/changes$1

	whole_source "$dir"
	[ $# -eq 1 ] ||
		sed -i "s/^PACKAGE_VERSION=.*/PACKAGE_VERSION=\"$2\"/" "$dir/dkms.conf"
}

# own_kernel: a kernel of one's own that has sched_ext, as far as one builds for it. Sets
# own, its release.
own_kernel() {
	local kernel

	kernel=$("$top/test/kernel/build" unbounded)
	own=$(cat "$kernel/build/include/config/kernel.release")
	mkdir -p "$work/changes/usr/src" "$work/changes/usr/lib/modules/$own"
	cp -r "$kernel/build" "$work/changes/usr/src/linux-headers-$own"
	ln -s "/usr/src/linux-headers-$own" "$work/changes/usr/lib/modules/$own/build"
}

# The headers of the release's own kernel, without its image: dpkg is told not to mind.
stock_headers() {
	in_debian sh -c 'dpkg -i --force-depends /var/cache/apt/archives/linux-*.deb'
}

# installed FIELD KERNEL: what modinfo has of the module in there.
installed() {
	in_debian modinfo -k "$2" -F "$1" scx_loopguard
}

# status_is LINE...: what dkms says of all its modules.
status_is() {
	diff <(printf '%s\n' "$@") <(in_debian dkms status)
}

# excluded KERNEL: dkms install says that it is, with the status for that.
excluded() {
	local status=0

	in_debian dkms install "scx_loopguard/$version" -k "$1" || status=$?
	[ $status = 77 ] || { echo "exit status $status"; return 1; }
	grep -q BUILD_EXCLUSIVE "$log"
}

# nothing_of KERNEL...: no file of the module is there for that kernel.
nothing_of() {
	local k found

	for k; do
		found=$(in_debian find "/lib/modules/$k/" "/var/lib/dkms/" \
			-path "*$k*scx_loopguard*" -o -path "*scx_loopguard*$k*")
		[ -z "$found" ] || { echo "$found"; return 1; }
	done
}

# What there is below /, but for what keeps a record of it all: logs, dpkg's own files, what
# depmod has made, and the key that DKMS makes when it signs for the first time.
listing() {
	in_debian find / -xdev -path /proc -prune -o -path /root -prune -o -path /tmp -prune -o \
		-path /var/log -prune -o -path /var/lib/dpkg -prune -o -path /var/cache -prune -o \
		-path '*/lib/modules/*/modules.*' -o -path '/var/lib/dkms/mok.*' -o -print |
		LC_ALL=C sort
}

# figure_distribution NAME KERNEL EXPECT: for test/tools/figures, once all claims hold.
figure_distribution() {
	local dkms

	dkms=$(in_debian dkms --version)
	echo "figure distribution $1 | $2 | ${dkms#dkms-} | $3 | $(date +%F)"
}
