# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# One machine of Bochs in place of QEMU's, for what TCG does not emulate. vm.sh sources it for a
# case that sets emulator=bochs.
#
# Results come by port e9 here too, to Bochs' standard output. There are no heartbeats and no
# monitor. Time is a count of instructions, so a busy host does not show.

# Instructions in a second of the guest, in millions. CPUID claims another frequency.
bochs_mips=200

# bochs_start KERNEL_DIR IMAGE CPUS APPEND: in $vm_dir
bochs_start() {
	local bochs dir=$vm_dir/cd

	"$top/test/build/deps" xorriso isolinux syslinux-common
	bochs=$("$top/test/build/bochs")
	touch "$vm_dir/beats.none"
	mkdir "$dir"
	cp "$1/bzImage" "$dir/bzimage"
	cp "$2" "$dir/image"
	cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 "$dir"
	cat >"$dir/isolinux.cfg" <<-END
		default guest
		label guest
		kernel bzimage
		append initrd=image console=ttyS0 panic=-1 no_timer_check tsc_early_khz=$((bochs_mips * 1000)) $4
	END
	xorriso -as mkisofs -quiet -o "$vm_dir/cd.iso" -b isolinux.bin -c boot.cat -no-emul-boot \
		-boot-load-size 4 -boot-info-table "$dir"
	rm -r "$dir"
	cat >"$vm_dir/bochsrc" <<-END
		cpu: model=arrow_lake, count=$3, ips=$((bochs_mips * 1000000)), quantum=32, reset_on_triple_fault=0, ignore_bad_msrs=1
		memory: guest=1024, host=1024
		romimage: file=$bochs/root/usr/share/bochs/BIOS-bochs-latest
		vgaromimage: file=$bochs/root/usr/share/bochs/VGABIOS-lgpl-latest
		boot: cdrom
		ata0-master: type=cdrom, path=$vm_dir/cd.iso, status=inserted
		pci: enabled=1, chipset=i440fx
		com1: enabled=1, mode=file, dev=$vm_dir/console
		port_e9_hack: enabled=1
		sound: driver=dummy
		clock: sync=none, time0=utc
		display_library: rfb, options="timeout=0"
		log: $vm_dir/qemu.log
		panic: action=fatal
		error: action=ignore
		info: action=ignore
		debug: action=ignore
	END
	echo c >"$vm_dir/commands"
	# its screen is served to the network, of which there is none
	setpriv --pdeathsig KILL unshare --net "$bochs/bochs" -q -f "$vm_dir/bochsrc" -rc "$vm_dir/commands" \
		>"$vm_dir/results" 2>"$vm_dir/bochs.log" </dev/null 9>&- &
	vm_pid=$!
}
