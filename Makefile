# SPDX-License-Identifier: GPL-2.0
#
#   make                   module and tools for the running kernel
#   make tools             dstm-nl and the daemons, which need no kernel headers
#   make module KDIR=...   the module for another kernel; ARCH=um for UML
#   make install           module, tools, documentation; DESTDIR and PREFIX
#   make install-tools     the same without the module
#   make uninstall         takes away what these two have installed, for any kernel
#   make dkms-install      the module by dkms, which builds it for each kernel anew
#   make check             tests; installs what it needs (Debian); KERNELS="6.12 6.1"
#   make check-long        the random tests, with a long budget
#   make bench             what a packet costs, against the other ways Linux has
#   make bench-server      how many leases a second dstm-server gives
#   make demo              how a host gets IPv4, by hand and by lease, shown step by step
#   make spec              what is generated from the netlink spec; spec-check compares
#   make clean             removes what was built here

VERSION := 0.1
KDIR ?= /lib/modules/$(shell uname -r)/build
# Where the module is built: one folder a kernel, so that one checkout serves
# several of them.
MO ?= $(CURDIR)/.build/$(notdir $(patsubst %/build,%,$(abspath $(KDIR))))
PREFIX ?= /usr/local
export PREFIX DESTDIR

kbuild = $(MAKE) -C $(KDIR) $(if $(ARCH),ARCH=$(ARCH)) M=$(MO)

all: module tools

# Kbuild writes beside its sources: give it a folder of links to them.
module:
	@test -e "$(KDIR)/Makefile" || { \
		echo "$(KDIR): no kernel to build for; install its headers or name one with KDIR=" >&2; \
		exit 1; }
	@mkdir -p $(MO)
	@cp -rsfT $(CURDIR)/kernel $(MO)/kernel
	@cp -rsfT $(CURDIR)/uapi $(MO)/uapi
	@ln -sf $(CURDIR)/Kbuild $(MO)/Kbuild
	+$(kbuild) $(if $(W),W=$(W)) $(if $(C),C=$(C)) modules

tools:
	$(MAKE) -C user O=$(CURDIR)/.build/user

install: install-module install-tools

# Into one folder by any kernel's Makefile, where uninstall finds it. The index of a
# tree below DESTDIR is not ours to make.
install-module: module
	+$(kbuild) INSTALL_MOD_DIR=updates \
		$(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR) DEPMOD=true) modules_install
	$(if $(DESTDIR),,depmod -a $$($(MAKE) -s --no-print-directory -C $(KDIR) \
		$(if $(ARCH),ARCH=$(ARCH)) kernelrelease))

install-tools: tools
	$(MAKE) -C user O=$(CURDIR)/.build/user install

uninstall:
	$(MAKE) -C user O=$(CURDIR)/.build/user uninstall
	@for d in $(DESTDIR)/lib/modules/*/updates; do \
		ls $$d/dstm.ko* >/dev/null 2>&1 || continue; \
		rm $$d/dstm*.ko* && rmdir --ignore-fail-on-non-empty $$d || exit 1; \
		$(if $(DESTDIR),,depmod -a $$(basename $${d%/updates});) \
	done

dkms-install:
	install -d $(DESTDIR)/usr/src/dstm-$(VERSION)
	cp -r Kbuild kernel uapi $(DESTDIR)/usr/src/dstm-$(VERSION)
	printf '%s\n' 'PACKAGE_NAME="dstm"' 'PACKAGE_VERSION="$(VERSION)"' \
		'BUILT_MODULE_NAME[0]="dstm"' \
		'DEST_MODULE_LOCATION[0]="/updates"' 'AUTOINSTALL="yes"' \
		> $(DESTDIR)/usr/src/dstm-$(VERSION)/dkms.conf
	$(if $(DESTDIR),,dkms build --force dstm/$(VERSION))
	$(if $(DESTDIR),,dkms install --force dstm/$(VERSION))

spec spec-check:
	selftests/spec.sh $@

check:
	selftests/check.sh

check-long:
	selftests/packages.sh check
	$(MAKE) -s tools
	selftests/check-long.sh

demo:
	selftests/packages.sh demo
	$(MAKE) -s tools
	selftests/vm/run -- selftests/demo.sh

bench:
	selftests/bench.sh

bench-server:
	selftests/packages.sh demo
	$(MAKE) -C user O=$(CURDIR)/.build/user $@

clean-module:
	rm -rf $(MO)

clean:
	rm -rf .build

.PHONY: all module tools install install-module install-tools uninstall dkms-install \
	spec spec-check check check-long demo bench bench-server clean clean-module
