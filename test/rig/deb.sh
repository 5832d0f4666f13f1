# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The life of the package in a Debian with DKMS: it is built and looked at where its
# tools are, and installed where a user would. Source it after debian.sh, with the number.

packager=$("$top/test/build/packager" "$1")
package=scx-loopguard-dkms
next=$version.1
mkdir -p "$work/packager/changes/root" "$work/changes/root"

in_packager() {
	"$top/test/rig/chroot" --over "$work/packager" "$packager" "$@"
}

# build_deb VERSION: make deb, after dkms.conf has got that version, in a path with a space.
build_deb() {
	local dir="$work/packager/changes/root/of $1"

	whole_source "$dir"
	sed -i "s/^PACKAGE_VERSION=.*/PACKAGE_VERSION=\"$1\"/" "$dir/dkms.conf"
	# the developer may have built in place
	touch "$dir/module/left.o" "$dir/module/left.ko" "$dir/module/scx_loopguard.mod.c"
	in_packager sh -c 'umask 077 && make -C "$1" deb' - "/root/of $1"
	cp "$dir/deb/${package}_$1_all.deb" "$work/changes/root"
}

# deb_field VERSION FIELD
deb_field() {
	in_debian dpkg-deb -f "/root/${package}_$1_all.deb" "$2"
}

lintian_finds_nothing() {
	in_packager sh -c 'lintian --allow-root --fail-on error,warning "/root/of $1"/deb/*.changes' \
		- "$1" >"$work/lintian" 2>&1 && [ ! -s "$work/lintian" ] ||
		{ cat "$work/lintian"; return 1; }
}

no_objects() {
	! in_debian dpkg-deb -c "/root/${package}_$1_all.deb" | grep -E '[.](o|ko|cmd|mod[.]c)$'
}

# has_whole SECTION VERSION DIR: what the list has in that section is there in the package.
has_whole() {
	diff <(cd "$top" && sh scripts/files list "$1" | grep -v ^LICENSE | sort) \
		<(in_debian dpkg-deb -c "/root/${package}_$2_all.deb" |
			sed -n 's#^-[^ ]* .* [.]'"$3"'/##p' |
			grep -vE '^(copyright|changelog.*)$' | sort)
}

# Links in a page that is in the package lead to what is in it, or to no file.
links_lead_somewhere() {
	local page link root=$work/unpacked

	rm -rf "$root"
	dpkg-deb -x "$work/changes/root/${package}_$1_all.deb" "$root"
	find "$root/usr/share/doc" -name '*.md' | while read -r page; do
		grep -oE '\]\([^)#:]+[)#]' "$page" | sed 's/^](//; s/[)#]$//' | while read -r link; do
			[ -e "$(dirname "$page")/$link" ] || echo "${page##*/}: $link"
		done
	done >"$work/dangling"
	[ ! -s "$work/dangling" ] || { cat "$work/dangling"; return 1; }
}

# package_life KERNEL SUFFIX: all of it. The module is for KERNEL, its file ends in SUFFIX.
package_life() {
	local kernel=$1 suffix=$2

	claim "make deb makes the package" build_deb "$version"
	claim "it has dkms.conf's version" [ "$(deb_field "$version" Version)" = "$version" ]
	claim "it needs a DKMS" [ -n "$(deb_field "$version" Depends | grep '^dkms ')" ]
	claim "it has no build output" no_objects "$version"
	claim "it has the whole source" has_whole source "$version" "/usr/src/scx_loopguard-$version"
	claim "it has the whole documentation" has_whole doc "$version" "/usr/share/doc/$package"
	claim "links in that lead somewhere" links_lead_somewhere "$version"
	claim "lintian finds nothing" lintian_finds_nothing "$version"
	claim "make deb makes the next version's" build_deb "$next"

	listing >"$work/before"
	claim "it installs" in_debian dpkg -i "/root/${package}_${version}_all.deb"
	claim "for $kernel DKMS has installed it" \
		status_is "scx_loopguard/$version, $kernel, x86_64: installed"
	claim "modinfo finds it" [ "$(installed version "$kernel")" = "$version" ]
	claim "no file of it is there for $stock" nothing_of "$stock"
	claim "the next version installs over it" \
		in_debian dpkg -i "/root/${package}_${next}_all.deb"
	claim "modinfo finds that" [ "$(installed version "$kernel")" = "$next" ]
	claim "DKMS has that alone" \
		status_is "scx_loopguard/$next, $kernel, x86_64: installed"
	claim "both modules are there, once" diff \
		<(printf '%s\n' scx_loopguard.ko"$suffix" scx_loopguard_livepatch.ko"$suffix") \
		<(in_debian find "/lib/modules/$kernel/" -name 'scx_loopguard*' |
			sed 's/.*\///' | sort)
	claim "the sources are that version's" diff <(echo "scx_loopguard-$next") \
		<(in_debian find /usr/src -maxdepth 1 -name "scx_loopguard*" -printf "%f\n")
	claim "it is purged" in_debian dpkg --purge "$package"
	claim "nothing is left of it" diff "$work/before" <(listing)
	claim "DKMS knows nothing of it" [ -z "$(in_debian dkms status)" ]
	claim "dpkg knows nothing of it" not in_debian dpkg-query -W "$package"
}
