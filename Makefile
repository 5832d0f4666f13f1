# SPDX-License-Identifier: GPL-2.0-only
#
# Build, install and test scx_loopguard; "make help" lists the targets.

VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
SOURCE  := /usr/src/scx_loopguard-$(VERSION)
DOCDIR  ?= /usr/share/doc/scx-loopguard

# KDIR alone says which kernel it is for.
ifeq ($(KDIR),)
override KVER := $(or $(KVER),$(shell uname -r))
override KDIR := $(patsubst %/Makefile,%,$(firstword $(wildcard \
	/lib/modules/$(KVER)/build/Makefile /usr/src/kernels/$(KVER)/Makefile \
	/usr/src/linux-headers-$(KVER)/Makefile) /lib/modules/$(KVER)/build))
endif

# A value with odd characters is safe in the environment, where the shell can quote it.
export KDIR KVER DESTDIR DOCDIR INSTALL_MOD_PATH SVG
export OVERRIDES := $(MAKEOVERRIDES)

# DKMS passes KERNELRELEASE on for its own purposes; kbuild finds it out by itself. The others
# would send kbuild or cd elsewhere.
unexport KERNELRELEASE KBUILD_OUTPUT KBUILD_EXTMOD CDPATH

# depmod and dkms are not on everybody's PATH.
export PATH := $(PATH):/usr/sbin:/sbin

# "make -j clean all" is to do one after the other. The -j is for kbuild.
.NOTPARALLEL:

kbuild = umask 022 && $(MAKE) -C "$$KDIR" M="$$(pwd -P)/module" $$(sh scripts/kernel flags)

all: module

module:
	@sh scripts/kernel prepare
	@$(kbuild) modules

# kbuild runs depmod only where there is a System.map, which headers in packages have not.
install: install-check module
	@$(kbuild) INSTALL_MOD_DIR=updates INSTALL_MOD_PATH="$$(sh scripts/kernel root)" modules_install
	@sh scripts/kernel depmod

install-check:
	@sh scripts/kernel check
	@sh scripts/kernel may-install

uninstall:
	@sh scripts/kernel uninstall
	@sh scripts/files remove "$$DESTDIR$$DOCDIR"

# On this machine, that is without DESTDIR, nobody's files are to be lost.
install-source:
	@if [ "$$DESTDIR" ]; then sh scripts/files install source "$$DESTDIR$(SOURCE)"; \
	else sh scripts/files keep source "$(SOURCE)"; fi

install-doc:
	@if [ "$$DESTDIR" ]; then sh scripts/files install doc "$$DESTDIR$$DOCDIR"; \
	else sh scripts/files keep doc "$$DOCDIR"; fi

dkms-install:
	@sh scripts/kernel check
	@sh scripts/dkms install "$(VERSION)"

dkms-uninstall:
	@sh scripts/dkms uninstall "$(VERSION)"

deb:
	@sh scripts/deb "$(VERSION)"

rpm:
	@contrib/packaging/rpm rpm

tools scheds install-tools:
	@$(MAKE) -C tools $@

print-version:
	@echo "$(VERSION)"

# No kernel is needed to clean up.
clean:
	@sh scripts/kernel clean

demo:
	@test/tools/demo $${SVG:+"$$SVG"}

check:
	@test/run $(CASES)

check-all:
	@test/run --all $(CASES)

torture:
	@test/tools/torture $(or $(SECONDS),3600) $(SEED)

bench:
	@test/tools/figures --write targets cost storm scale

help:
	@echo 'make                 build the module for the running kernel'
	@echo 'make install         install it under /lib/modules/KVER/updates'
	@echo 'make uninstall       delete what make install and make install-doc have installed'
	@echo 'make dkms-install    install it by DKMS, for KVER and every later kernel'
	@echo 'make dkms-uninstall  undo that, for every kernel'
	@echo 'make deb             build the packages for Debian, in deb/'
	@echo 'make rpm             build the package for Fedora and its kin, in rpm/'
	@echo 'make tools           build scx-loopguard-check, which says what the module would do on a kernel, in tools/'
	@echo 'make scheds          build the test schedulers, in tools/'
	@echo 'make install-tools   install the checker, and the self-test with the scheduler that it runs'
	@echo 'make clean           delete what was built'
	@echo 'make demo            show a hang without the module and the rescue with it, in virtual machines; SVG=FILE for its picture'
	@echo 'make check           run the tests, in virtual machines; CASES="rescue-* hang-*" for some'
	@echo 'make check-all       run the tests on every kernel there is a recipe for, but for what takes long'
	@echo 'make torture         races, bad input and tracers for an hour (SECONDS=), from a seed (SEED=), with a report'
	@echo 'make bench           measure what the module costs, in instructions of virtual machines, 20 minutes, and write it into Documentation/results.md'
	@echo ''
	@echo 'For packages: make install-source, make install-doc, make print-version'
	@echo ''
	@echo "KVER=     the kernel to build for (now $$KVER)"
	@echo "KDIR=     its headers or build tree (now $$KDIR)"
	@echo 'LLVM=     build with clang; set by itself for a kernel that was'
	@echo 'CROSS_COMPILE=  prefix of the compiler, for a kernel of another processor'
	@echo 'DESTDIR=  install below this directory'

.PHONY: all module install install-check uninstall install-source install-doc dkms-install dkms-uninstall rpm \
	deb tools scheds install-tools print-version clean demo check check-all torture bench help
