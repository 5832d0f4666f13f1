# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Another distribution's packages: a Debian 13 that has its tools builds them and installs
# them, and passes for that distribution before DKMS. Source it after claims.sh, with its ID
# (os-release).

# shellcheck source=test/rig/debian.sh
. "$top/test/rig/debian.sh" 13

root=$("$top/test/build/distributions" "$debian")
next=$version.1

# over this root, not over that of a user
in_debian() {
	"$top/test/rig/chroot" --over "$work" "$root" "$@"
}

mkdir "$work"/changes/{etc,root}
echo "ID=$1" >"$work/changes/etc/os-release"

# Two more kernels, before the one that it is for: DKMS excludes the first, which has no
# sched_ext, and cannot build for the second, of which not all is there.
modules=$work/changes/usr/lib/modules
mkdir -p "$modules"/{1-excluded,2-broken}/build/include
echo "CONFIG_MODULES=y" >"$modules/1-excluded/build/.config"
printf '%s\n' CONFIG_SCHED_CLASS_EXT=y CONFIG_KPROBES=y >"$modules/2-broken/build/.config"

# The headers of the kernel that it is for are not there, until they are given back.
take_headers() {
	in_debian mv "/lib/modules/$release/build" /root
}

give_headers() {
	in_debian mv /root/build "/lib/modules/$release"
}

# tree DIR VERSION: what packages are built from, below the directory of that Debian.
tree() {
	local dir=$work/changes$1

	whole_source "$dir"
	cp -r "$top/contrib/packaging" "$dir/contrib"
	sed -i "s/^PACKAGE_VERSION=.*/PACKAGE_VERSION=\"$2\"/" "$dir/dkms.conf"
	# the developer may have built in place
	touch "$dir/module/left.o" "$dir/module/left.ko" "$dir/module/left.mod.c"
}

# small_tree DIR VERSION SAYS: modules that DKMS builds fast, and that have that version.
small_tree() {
	local m dir=$work/changes$1

	tree "$1" "$2"
	rm -r "$dir"/module/*
	for m in scx_loopguard scx_loopguard_livepatch; do
		echo "obj-m += $m.o" >>"$dir/module/Kbuild"
		printf '%s\n' '#include <linux/module.h>' 'MODULE_LICENSE("GPL");' \
			"MODULE_VERSION(\"$3\");" >"$dir/module/$m.c"
	done
}

# files_are COMMAND...: the files that it lists are those of contrib/packaging/files, and what
# else the package has is neither source nor documentation.
files_are() {
	diff <(cd "$top"
		{
			sh scripts/files list source | sed "s,^,/usr/src/scx_loopguard-$version/,"
			sh scripts/files list doc | sed "s,^,/usr/share/doc/scx-loopguard-dkms/,"
		} | sort) <("$@" | grep -E '^/usr/(src|share/doc)/' | sort)
}

# dkms_has VERSION [SAYS]: DKMS has that one alone, for the one kernel that it can be for.
# SAYS is what both modules say that they are, if it is not that.
dkms_has() {
	local m

	status_is "scx_loopguard/$1, $release, x86_64: installed" || return 1
	for m in scx_loopguard scx_loopguard_livepatch; do
		[ "$(in_debian find /lib/modules/ -name "$m.ko*" | wc -l)" = 1 ] &&
			[ "$(in_debian modinfo -k "$release" -F version $m)" = "${2-$1}" ] ||
			{ in_debian modinfo -k "$release" $m; return 1; }
	done
}
