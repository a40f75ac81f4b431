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

# The mirror this machine gets its own packages from.
mirror()
{
	apt-get indextargets --format '$(ORIGIN) $(SITE)' 'Created-By: Packages' |
		sed -n 's/^Debian //p' | head -n 1
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
	local dir=$1 tmp=$1.tmp from release

	from=$(mirror)
	[ -n "$from" ] || die "apt names no Debian mirror"
	rm -rf --one-file-system "$tmp"
	say "installing $suite into $dir, which takes minutes"
	debootstrap --variant=minbase --include=gcc,make,ca-certificates \
		"$suite" "$tmp" "$from" >"$dir.log" 2>&1 || failed "$dir.log"
	echo "deb $from $suite-backports main" \
		>"$tmp/etc/apt/sources.list.d/backports.list"
	cp /etc/resolv.conf "$tmp/etc/" 2>/dev/null || :
	in_folder "$tmp" sh -euc '
		export DEBIAN_FRONTEND=noninteractive
		apt-get -qq update
		apt-get -qq install -y --no-install-recommends -t '$suite'-backports \
			linux-headers-amd64
		release=$(ls /lib/modules | tail -n 1)
		[ -n "$release" ] || release=$(ls -d /usr/src/linux-headers-*-amd64 |
			sed "s,.*linux-headers-,,")
		apt-get -qq install -y --no-install-recommends --download-only \
			-t '$suite'-backports linux-image-$release
		# Installed, it would want to make an initramfs.
		for p in image binary modules; do
			for deb in /var/cache/apt/archives/linux-$p-$release*.deb; do
				[ ! -e "$deb" ] || dpkg-deb -x "$deb" /
			done
		done
		apt-get clean
		' >>"$dir.log" 2>&1 || failed "$dir.log"
	release=$(basename "$(dirname "$(echo "$tmp"/lib/modules/*/vmlinuz)")")
	depmod -b "$tmp" "$release"
	make_initramfs "$tmp" "$release"
	mark_built "$tmp"
	rm -rf --one-file-system "$dir" "$dir.log"
	mv -T "$tmp" "$dir"
}

failed()
{
	tail -n 30 "$1" >&2
	die "$suite can not be installed, see $1"
}

kernel_modules()
{
	kernel_dir
}

kernel_image()
{
	echo "$(kernel_dir)"/lib/modules/*/vmlinuz
}

# As seen in the folder.
kernel_kdir()
{
	local headers

	headers=$(echo "$(kernel_dir)"/usr/src/linux-headers-*-amd64)
	echo "KDIR=${headers#"$(kernel_dir)"}"
}

kernel_make()
{
	in_folder "$(kernel_dir)" "$@"
}
