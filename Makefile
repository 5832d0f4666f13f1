# SPDX-License-Identifier: GPL-2.0-only
#
# Build, install and test scx_loopguard; "make help" lists the targets.

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build

NAME    := scx_loopguard
VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
DKMS_SRC := /usr/src/$(NAME)-$(VERSION)
DOCDIR  ?= /usr/share/doc/scx-loopguard
DEB      := $(CURDIR)/deb
DEB_SRC  := $(DEB)/scx-loopguard-$(VERSION)

# DKMS passes these on for its own purposes; kbuild finds them out by itself.
unexport KERNELRELEASE

auto_conf := $(KDIR)/include/config/auto.conf
config = $(shell grep -s '^CONFIG_$(1)=y' $(auto_conf))

# A kernel built by clang wants its modules built by clang.
ifneq ($(call config,CC_IS_CLANG),)
LLVM ?= 1
export LLVM
endif

kbuild = $(MAKE) -C $(KDIR) M=$(CURDIR)/module

all: module

module: kernel-check
	$(kbuild) modules

# Say what is wrong before kbuild says something else.
kernel-check:
	@test -d $(KDIR) || { echo "error: no kernel headers in $(KDIR): install the headers of $(KVER) (Debian: linux-headers-$(KVER)), or set KVER or KDIR" >&2; exit 1; }
	@test -f $(auto_conf) || { echo "error: $(KDIR) is not configured: $(auto_conf) is missing" >&2; exit 1; }
	@test -n "$(call config,SCHED_CLASS_EXT)" || { echo "error: this kernel has no sched_ext (CONFIG_SCHED_CLASS_EXT is off): there is no loop to guard" >&2; exit 1; }
	@test -n "$(call config,KPROBES)" || { echo "error: this kernel has no kprobes (CONFIG_KPROBES is off)" >&2; exit 1; }

install: module
	$(kbuild) INSTALL_MOD_DIR=updates modules_install
	@# kbuild runs it only where there is a System.map, which headers in packages have not
	depmod $(if $(INSTALL_MOD_PATH),-b $(INSTALL_MOD_PATH)) $$(cat $(KDIR)/include/config/kernel.release)

export DESTDIR DOCDIR

# Without DESTDIR it is this machine, on which nobody's files are to be lost.
install-source:
	@if [ "$$DESTDIR" ]; then sh scripts/files install source "$$DESTDIR$(DKMS_SRC)"; \
	else sh scripts/files keep source "$(DKMS_SRC)"; fi

install-doc:
	@if [ "$$DESTDIR" ]; then sh scripts/files install doc "$$DESTDIR$$DOCDIR"; \
	else sh scripts/files keep doc "$$DOCDIR"; fi

print-version:
	@echo $(VERSION)

dkms-install: kernel-check
	@command -v dkms >/dev/null || { echo "error: dkms is not installed" >&2; exit 1; }
	rm -rf $(DKMS_SRC)
	mkdir -p $(DKMS_SRC)
	cp -r module patches dkms.conf Makefile README.md LICENSE $(DKMS_SRC)
	@# without --force DKMS is content with what it has of that version, or of a later one
	dkms build --force $(NAME)/$(VERSION) -k $(KVER)
	dkms install --force $(NAME)/$(VERSION) -k $(KVER)

# The package's version is DKMS's. It is built from a copy: debhelper leaves traces.
deb:
	@command -v dh_dkms >/dev/null || { echo "error: what builds packages is missing (Debian: apt install build-essential debhelper dh-dkms)" >&2; exit 1; }
	rm -rf $(DEB)
	mkdir -p $(DEB_SRC)
	cp -r ABI Makefile README.md contrib debian dkms.conf module $(DEB_SRC)
	$(MAKE) -C $(DEB_SRC) clean
	sed 's/@VERSION@/$(VERSION)/; s/@DATE@/'"$$(date -R)"'/' debian/changelog.in >$(DEB_SRC)/debian/changelog
	cd $(DEB_SRC) && dpkg-buildpackage -b -us -uc
	rm -rf $(DEB_SRC)
	@ls $(DEB)/*.deb

# No kernel is needed to clean up.
clean:
	find module -type f \( -name '*.o' -o -name '*.ko' -o -name '*.mod' -o \
		-name '*.mod.c' -o -name '.*.cmd' -o -name modules.order -o \
		-name Module.symvers \) -delete

demo:
	@test/demo $(SVG)

check:
	@test/run $(CASES)

check-all:
	@test/run --all $(CASES)

torture:
	@test/torture $(or $(SECONDS),3600) $(SEED)

bench:
	@test/figures --print targets cost storm scale

help:
	@echo 'make               build the module for the running kernel'
	@echo 'make install       install it under /lib/modules/KVER/updates'
	@echo 'make dkms-install  install it by DKMS, for KVER and every later kernel'
	@echo 'make deb           build the package scx-loopguard-dkms for Debian, in deb/'
	@echo 'make clean         delete what was built'
	@echo 'make demo          show a hang without the module and the rescue with it, in virtual machines; SVG=FILE for its picture'
	@echo 'make check         run all tests, in virtual machines; CASES="rescue-* hang-*" for some'
	@echo 'make check-all     the same on every kernel there is a recipe for, an hour and a half more the first time'
	@echo 'make torture       races, bad input and strangers for an hour (SECONDS=), from a seed (SEED=), with a report'
	@echo 'make bench         measure what the module costs, in instructions of virtual machines, 40 minutes'
	@echo ''
	@echo 'KVER=  the kernel to build for (now $(KVER))'
	@echo 'KDIR=  its headers or build tree (now $(KDIR))'
	@echo 'LLVM=  build with clang; set by itself for a kernel that was'

.PHONY: all module kernel-check install install-source install-doc print-version dkms-install deb clean demo check check-all torture bench help
