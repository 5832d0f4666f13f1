# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# The kernel's command line turns the protection off at the next boot, whatever
# modprobe.d says: by Debian's modprobe, from where DKMS puts the module.

kernel=unbounded
needs=tracers
variants="1:off@stock73 1:on@stock73"
more_variants="1:off 1:on 1:off@bounded 1:off@next"

[ "${words-}" != off ] || append=scx_loopguard.enforce=N

guest() {
	local dir

	dir=/lib/modules/$(uname -r)
	mkdir -p "$dir/updates/dkms" /etc/modprobe.d
	cp /lib/scx_loopguard.ko "$dir/updates/dkms"
	touch "$dir/modules.builtin" "$dir/modules.order"
	claim "depmod succeeds" /sbin/depmod
	echo "options scx_loopguard limit=16 enforce=Y" >/etc/modprobe.d/lg.conf
	claim "modprobe succeeds" /sbin/modprobe scx_loopguard
	claim "it has the option of modprobe.d" equal 16 "$(param limit)"
	case $1 in
	off)
		claim "enforce is N" equal N "$(param enforce)"
		# the kernel's own bound stays
		state=observing
		[ "$(param native_limit)" = 0 ] || state=native
		claim "the state says so" equal $state "$(param state)"
		claim "the line in the log too" logged "scx_loopguard: .* loaded: state=$state, .* enforce=N "
		claim "it can be turned on" sh -c "echo Y >$params/enforce"
		claim "it is on then" equal armed "$(param state)" ;;
	on)
		claim "enforce is Y" equal Y "$(param enforce)"
		claim "the state is armed" equal armed "$(param state)" ;;
	esac
	claim "modprobe -r succeeds" /sbin/modprobe -r scx_loopguard
}
