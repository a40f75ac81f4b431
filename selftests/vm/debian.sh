# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Debian's own kernels for this release, unpacked and not installed, and QEMU to
# run them in. To be sourced by lib.sh.

. "$vm/qemu.sh"

# A metapackage names the newest kernel of its series.
newest()
{
	local meta=$1 found

	candidate "$meta" >/dev/null
	found=$(apt-cache depends "$meta" |
		sed -n 's/^  Depends: \(linux-\(image\|headers\)-.*\)/\1/p' | head -n 1)
	[ -n "$found" ] || die "apt does not say what $meta depends on"
	echo "$found"
}

# The plain kernel: the one for clouds has no 9p.
image_package()
{
	case $kernel in
	6.1)	newest linux-image-amd64 ;;
	*)	newest "linux-image-$kernel-amd64" ;;
	esac
}

# To ask apt takes seconds, and its answer changes with its lists.
kernel_dir()
{
	local answer=$cache/.newest-$kernel image version

	if [ ! "$answer" -nt /var/lib/apt/lists ]; then
		image=$(image_package) && version=$(candidate "$image") || return
		echo "$image-$version" >"$answer.$$"
		mv "$answer.$$" "$answer"
	fi
	printf '%s/%s' "$cache" "$(<"$answer")"
}

# What the headers of IMAGE need to be of use.
header_packages()
{
	local headers=${1/image/headers}

	echo "$headers"
	apt-cache depends "$headers" |
		sed -n 's/^  Depends: \(linux-\(headers\|kbuild\)-.*\)/\1/p'
}

kernel_packages()
{
	need_packages gcc-12 make pahole qemu-system-x86 busybox-static kmod cpio \
		xz-utils zstd
}

kernel_build()
{
	local dir=$1 image deb

	image=$(image_package)
	say "fetching $image and its headers"
	mkdir "$dir/debs"
	# shellcheck disable=SC2046 # one word per package is meant
	(cd "$dir/debs" && apt-get -qq -o APT::Sandbox::User=root \
		download "$image" $(header_packages "$image")) ||
		die "can not download $image; apt-get update may help"
	for deb in "$dir"/debs/*.deb; do
		dpkg-deb -x "$deb" "$dir"
	done
	rm -rf "$dir/debs"
	# The headers say where they would have been installed.
	sed -i "s,/usr/src/,$built/usr/src/," \
		"$dir"/usr/src/linux-headers-*-amd64/Makefile
	depmod -b "$dir" "${image#linux-image-}"
	make_initramfs "$dir" "${image#linux-image-}"
	slim_modules "$dir" "${image#linux-image-}"
}

kernel_modules()
{
	echo "$built"
}

kernel_image()
{
	echo "$built"/boot/vmlinuz-*
}

# Links to the headers, in a folder where the compiler works then. ccache knows a source
# by its way from there, which so is the same in each clone.
kernel_kdir()
{
	local headers links=$repo/.build/$kernel/kdir

	headers=$(echo "$built"/usr/src/linux-headers-*-amd64)
	if [ "$(readlink "$links/Makefile")" != "$headers/Makefile" ]; then
		rm -rf "$links"
		mkdir -p "$links.$$"
		cp -rsT "$headers" "$links.$$"
		mv -T "$links.$$" "$links"
	fi
	echo "KDIR=$links"
}

kernel_make()
{
	"$@"
}
