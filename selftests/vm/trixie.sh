# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The next Debian release's newest kernel, from its backports, in QEMU. Its
# headers want a compiler newer than this release's, so modules for it are built
# in a folder with that release in it. To be sourced by lib.sh.

. "$vm/qemu.sh"

suite=trixie

kernel_packages()
{
	need_packages debootstrap qemu-system-x86 busybox-static kmod cpio xz-utils
}

# One is enough: a new kernel is got by removing the folder.
kernel_dir()
{
	printf '%s/%s' "$cache" "$suite"
}

# The mirror this machine gets its own packages from, if debootstrap can do so, too:
# images for clouds have a file with a list of them.
mirror()
{
	local site

	site=$(apt-get indextargets --format '$(ORIGIN) $(SITE)' 'Created-By: Packages' |
		sed -n '/security/d; s,^Debian \(https*://\),\1,p' | head -n 1)
	echo "${site:-http://deb.debian.org/debian}"
}

# Nothing that happens in the folder may be seen outside of it.
in_folder()
{
	local dir=$1

	shift
	# shellcheck disable=SC2016 # for the inner shell
	unshare -m sh -c '
		mount --make-rprivate /
		mount -t proc proc "$0/proc"
		mkdir -p "$0/$1"
		mount --bind "$1" "$0/$1"
		dir=$0
		shift
		exec chroot "$dir" "$@"' "$dir" "$repo" "$@"
}

kernel_build()
{
	local dir=$1 from release

	from=$(mirror)
	say "installing $suite into $built, which takes minutes"
	: >"$build_log"
	# What it mounts there must not stay when it is interrupted.
	logged unshare -m debootstrap --variant=minbase \
		--include=gcc,make,ccache,ca-certificates "$suite" "$dir" "$from"
	echo "deb $from $suite-backports main" \
		>"$dir/etc/apt/sources.list.d/backports.list"
	cp /etc/resolv.conf "$dir/etc/" 2>/dev/null || :
	logged in_folder "$dir" sh -euc "$install_kernel" "$suite-backports"
	release=$(basename "$(dirname "$(echo "$dir"/lib/modules/*/vmlinuz)")")
	depmod -b "$dir" "$release"
	make_initramfs "$dir" "$release"
	slim_modules "$dir" "$release"
}

# Run in the folder; $0 is the archive to take it from.
# shellcheck disable=SC2016
install_kernel='
	export DEBIAN_FRONTEND=noninteractive
	apt-get -qq update
	apt-get -qq install -y --no-install-recommends -t $0 linux-headers-amd64
	release=$(ls -d /usr/src/linux-headers-*-amd64 | sed "s,.*linux-headers-,,")
	apt-get -qq install -y --no-install-recommends --download-only \
		-t $0 linux-image-$release
	# Installed, it would want to make an initramfs.
	for p in image binary modules; do
		for deb in /var/cache/apt/archives/linux-$p-$release*.deb; do
			[ ! -e "$deb" ] || dpkg-deb -x "$deb" /
		done
	done
	apt-get clean'

# The tarball with the source of just that kernel.
kernel_source()
{
	local release package version

	release=$(basename "$built"/lib/modules/*)
	package=linux-source-$(cut -d . -f 1,2 <<<"$release")
	version=$(in_folder "$built" dpkg-query -W -f '${Version}' "linux-headers-$release")
	in_folder "$built" sh -euc "cd /tmp && apt-get -qq download $package=$version" >&2
	dpkg-deb --fsys-tarfile "$built/tmp/$package"_*.deb |
		tar -xO --wildcards './usr/src/*.tar.xz'
	rm "$built/tmp/$package"_*.deb
}

kernel_modules()
{
	echo "$built"
}

kernel_image()
{
	echo "$built"/lib/modules/*/vmlinuz
}

# As seen in the folder.
kernel_kdir()
{
	local headers

	headers=$(echo "$built"/usr/src/linux-headers-*-amd64)
	echo "KDIR=${headers#"$built"}"
}

kernel_make()
{
	in_folder "$built" "$@"
}
