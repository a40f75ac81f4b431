# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# User-mode Linux, built from Debian's linux-source. To be sourced by lib.sh.

source_package=linux-source-6.12

source_version()
{
	dpkg-query -W -f '${Version}' $source_package 2>/dev/null ||
		candidate $source_package
}

source_dir()
{
	echo "$cache/$source_package-$(source_version)"
}

fragments()
{
	echo "$vm/config/uml"
	[ "$kernel" = uml ] || echo "$vm/config/$kernel"
}

kernel_dir()
{
	local version hash

	version=$(source_version)
	# shellcheck disable=SC2046 # one word per file is meant
	hash=$(cat $(fragments) | sha256sum | cut -c 1-12)
	printf '%s/%s-%s-%s' "$cache" "$kernel" "$version" "$hash"
}

# Both flavours share one source tree; nothing is built in it.
unpack_source()
{
	local tmp=$cache/.unpacking source_lock

	is_built "$1" && return
	exec {source_lock}>"$cache/.lock-source"
	flock "$source_lock"
	if ! is_built "$1"; then
		say "unpacking $source_package"
		rm -rf "$tmp"
		mkdir "$tmp"
		tar -C "$tmp" --strip-components=1 -xf "/usr/src/$source_package.tar.xz"
		mark_built "$tmp"
		rm -rf "$1"
		mv -T "$tmp" "$1"
	fi
	exec {source_lock}>&-
}

kernel_packages()
{
	need_packages $source_package gcc make flex bison bc libelf-dev libc6-dev \
		kmod xz-utils
}

kernel_build()
{
	local out=$1 src

	src=$(source_dir)
	unpack_source "$src"
	say "building $kernel in $built, which takes minutes"
	# Objects know the path of the source but not their own.
	: >"$build_log"
	logged uml_make "$src" "$out"
}

uml_make()
{
	local src=$1 out=$2 jobs

	jobs=$(nproc)
	# shellcheck disable=SC2046 # one word per file is meant
	make -C "$src" ARCH=um O="$out" defconfig &&
		"$src/scripts/kconfig/merge_config.sh" -m -O "$out" \
			"$out/.config" $(fragments) &&
		make -C "$src" ARCH=um O="$out" olddefconfig &&
		make -C "$src" ARCH=um O="$out" -j"$jobs" &&
		make -C "$src" ARCH=um O="$out" modules_install \
			INSTALL_MOD_PATH="$out/mods"
}

kernel_modules()
{
	echo "$built/mods"
}

kernel_image()
{
	echo "$built/linux"
}

kernel_kdir()
{
	echo "KDIR=$built ARCH=um"
}

kernel_make()
{
	"$@"
}

# The first console takes the kernel's log to stderr, the second one COMMAND's
# output to stdout.
kernel_command()
{
	[ "$smp" = "" ] || [ "$smp" -eq 1 ] || die "$kernel has one CPU"
	machine=("$(kernel_image)" mem="${memory}M" root=/dev/root
		rootfstype=hostfs rootflags=/ ro
		con=null con0=null,fd:2 con1=null,fd:1 oops=panic panic=-1
		uml_dir="$1" init="$vm/init" dstm_kind=uml dstm_out=/dev/tty1 dstm_share="$1")
}
