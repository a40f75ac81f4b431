# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Kernels' sources: 6.12 is this Debian release's, 7.x what trixie.sh boots. To be
# sourced by who has set source to one of them.

source_package=linux-source-$source

source_version()
{
	case $source in
	6.12)	dpkg-query -W -f '${Version}' $source_package 2>/dev/null ||
			candidate $source_package ;;
	7.x)	basename "$cache"/trixie/lib/modules/* ;;
	esac
}

source_dir()
{
	echo "$cache/$source_package-$(source_version)"
}

source_packages()
{
	case $source in
	6.12)	need_packages $source_package xz-utils ;;
	7.x)	"$vm/build" 7.x >/dev/null ;;
	esac
}

# The tarball, compressed.
source_tarball()
{
	case $source in
	6.12)	cat "/usr/src/$source_package.tar.xz" ;;
	7.x)	(load_kernel 7.x && built=$(kernel_dir) && kernel_source) ;;
	esac
}

# All who build from a source share it; nothing is built in it.
unpack_source()
{
	local dir=$1 tmp=$cache/.unpacking source_lock

	is_built "$dir" && return
	exec {source_lock}>"$cache/.lock-source"
	flock "$source_lock"
	if ! is_built "$dir"; then
		say "unpacking $source_package"
		rm -rf "$tmp"
		mkdir "$tmp"
		source_tarball | tar -C "$tmp" --strip-components=1 -xJ
		mark_built "$tmp"
		rm -rf "$dir"
		mv -T "$tmp" "$dir"
	fi
	exec {source_lock}>&-
}
