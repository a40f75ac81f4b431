#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What make install and make dkms-install put where, for one of the test kernels, that it
# is of use there, and that make uninstall leaves nothing of it: run on the machine itself,
# the rest happens in that kernel.
#
#   install.sh [KERNEL]

. "$(dirname "$0")/lib.sh"

need_root
cd "$SELFTESTS/.." || exit 1
kernel=${1:-uml}
# Where the test kernel sees it, too: its /tmp is its own.
tree=$PWD/.build/installed
rm -rf "$tree" "$tree".*
trap 'status=$?; cleanup; rm -rf "$tree" "$tree".*; exit $status' EXIT
read -ra kdir <<< "$(selftests/vm/kdir "$kernel")"

check "make install" make -s install "${kdir[@]}" MO="$tree.build" DESTDIR="$tree" PREFIX=/usr
ko=$(find "$tree/lib/modules" -name 'dstm.ko*')
check "the module is installed" [ -s "$ko" ]
for file in sbin/dstm-nl share/man/man8/dstm-nl.8 share/bash-completion/completions/dstm-nl \
	lib/sysusers.d/dstm.conf share/doc/dstm/examples/gateway.json \
	share/doc/dstm/examples/server-full.json share/doc/dstm/architecture.rst \
	share/dstm/schema/client.json share/dstm/dstm.yaml include/linux/dstm.h; do
	check "$file is installed below PREFIX" [ -s "$tree/usr/$file" ]
done
unit_paths()
{
	local unit program

	for unit in "$tree"/usr/lib/systemd/system/*.service; do
		program=$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$unit")
		echo "$unit: $program"
		[ -x "$tree$program" ] || return 1
	done
}
check "the units start what is installed" unit_paths
page_paths()
{
	local path

	! grep -r /usr/local "$tree/usr/share/man" || return 1
	for path in $(grep -rhoE '/usr/(share|lib)/[a-z0-9./-]*[a-z]' "$tree/usr/share/man"); do
		echo "$path"
		[ -e "$tree$path" ] || return 1
	done
	[ -n "$path" ]
}
check "the pages name what is installed, where it is" page_paths
outside()
{
	local found

	found=$(find "$tree" -type f ! -path "$tree/usr/*" ! -path "$tree/lib/modules/*")
	echo "$found"
	[ -z "$found" ]
}
check "and nothing beside it" outside

check "make dkms-install" make -s dkms-install DESTDIR="$tree"
source=$(echo "$tree"/usr/src/dstm-*)
check "its dkms.conf names the module" grep -q 'BUILT_MODULE_NAME\[0\]="dstm"' "$source/dkms.conf"
# As without DESTDIR, but in folders of our own and for the test kernel.
dkms_installs()
{
	local release

	release=$(basename "$tree"/lib/modules/*)
	mkdir -p "$tree/dkms-modules/$release"
	env "${kdir[@]:1}" dkms install --no-depmod "dstm/${source##*/dstm-}" --sourcetree "$tree/usr/src" \
		--dkmstree "$tree/dkms" --installtree "$tree/dkms-modules" \
		-k "$release" --kernelsourcedir "${kdir[0]#KDIR=}"
	find "$tree/dkms-modules" -name 'dstm.ko*' | grep .
}
check "dkms builds and installs it" dkms_installs

# The installed module in the place of the one just built, the installed tool first
# on PATH. The test kernel's /lib/modules is a folder of its own; make it ours.
cat > "$tree/try.sh" <<-'END'
	set -e
	tree=$(dirname "$0")
	release=$(uname -r)
	cp -a "/lib/modules/$release" /tmp/modules
	rm -f /tmp/modules/extra/dstm*.ko
	mkdir -p /tmp/lib/modules
	mv /tmp/modules "/tmp/lib/modules/$release"
	find "$tree/lib/modules" -name 'dstm*.ko*' -exec cp {} "/tmp/lib/modules/$release/extra/" \;
	depmod -b /tmp "$release"
	mount --bind /tmp/lib/modules /lib/modules
	export PATH="$tree/usr/sbin:$PATH"
	modprobe dstm
	modprobe -r dstm
	ip link add dstm0 type dstm role gateway local 2001:db8::1 2> /dev/null ||
		dstm-nl link add dstm0 role gateway local 2001:db8::1
	test -d /sys/module/dstm
	dstm-nl map add dev dstm0 ipv4 192.0.2.7 remote 2001:db8:1::7
	dstm-nl map show
	ip link del dstm0
	modprobe -r dstm
	ip link add type dstm || true
	test -d /sys/module/dstm && echo loaded by alias
END
in_kernel()
{
	local status=0

	selftests/vm/run -k "$kernel" --no-module -- bash "$tree/try.sh" > "$work/vm" 2>&1 ||
		status=$?
	cat "$work/vm"
	[ $status -eq 0 ] && grep -q '192\.0\.2\.7' "$work/vm" && grep -q 'loaded by alias' "$work/vm"
}
check "modprobe finds it, and ip link add type dstm loads it" in_kernel

# What dkms-install and this test have put there is not its business.
uninstalled()
{
	local found

	make -s uninstall DESTDIR="$1" PREFIX="$2" || return 1
	found=$(find "$1" ! -path "$1/usr/src/*" ! -path "$1/dkms*" ! -name try.sh \
		\( -type f -o -name dstm -o -name updates \))
	echo "$found"
	[ -z "$found" ]
}
check "make uninstall leaves nothing of make install" uninstalled "$tree" /usr
without_module()
{
	make -s install-tools KDIR=/nonexistent DESTDIR="$tree.tools" || return 1
	find "$tree.tools" -name 'dstm*'
	[ -x "$tree.tools/usr/local/sbin/dstm-server" ] && [ ! -e "$tree.tools/lib" ]
}
check "make install-tools needs no kernel" without_module
check "make uninstall leaves nothing of it" uninstalled "$tree.tools" /usr/local

cleaned()
{
	make -s clean-module MO="$tree.build" && [ ! -e "$tree.build" ]
}
check "make clean-module" cleaned

tap_done
