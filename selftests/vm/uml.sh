# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# User-mode Linux, built from Debian's linux-source. To be sourced by lib.sh.

# uml-smp has more than one CPU, which 6.12 can not have.
case $kernel in
uml)	source=6.12 ;;
*)	source=7.x ;;
esac
. "$vm/source.sh"

fragments()
{
	echo "$vm/config/uml"
	case $kernel in
	uml-debug|uml-smp)	echo "$vm/config/$kernel" ;;
	esac
}

kernel_dir()
{
	local version hash

	version=$(source_version)
	# shellcheck disable=SC2046 # one word per file is meant
	hash=$(cat $(fragments) | sha256sum | cut -c 1-12)
	printf '%s/%s-%s-%s' "$cache" "$kernel" "$version" "$hash"
}

kernel_packages()
{
	source_packages
	need_packages gcc make flex bison bc libelf-dev libc6-dev kmod
}

kernel_build()
{
	local out=$1 src

	src=$(source_dir)
	unpack_source "$src"
	[ "$kernel" != uml-debug ] || quick_traces "$src/arch/um/kernel/stacktrace.c"
	say "building $kernel in $built, which takes minutes"
	# Objects know the path of the source but not their own; newer makefiles do.
	: >"$build_log"
	logged uml_make "$src" "$out"
	sed -i "s,^\(export KBUILD_OUTPUT = \).*,\1$built," "$out/Makefile"
}

# KASAN and kmemleak keep a trace of each allocation: the return addresses that frame
# pointers lead to. But the kernel asks of every word on the stack whether it is the
# address of any code, before it asks that, which takes most of this kernel's time.
quick_traces()
{
	local file=$1 code='__kernel_text_address(addr)'
	local frame='(unsigned long)sp == bp + sizeof(long)'

	! grep -qF "if ($code)" "$file" ||
		sed -i "s/if ($code)/if ($frame \&\& $code)/" "$file"
}

# Kconfig leaves out in silence what it does not know, and what needs something else.
# Prints what is missing; of two lines about one thing the later counts.
all_configured()
{
	# shellcheck disable=SC2046 # one word per file is meant
	! awk -F= '/^CONFIG_/ { line[$1] = $0 } END { for (i in line) print line[i] }' \
		$(fragments) | grep -vxFf "$1/.config"
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
		all_configured "$out" &&
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
	local options=()

	[ -z "$instructions" ] || die "$kernel can not count instructions, it is not emulated"
	# Programs that are not traced take half the time; 6.12 has to trace them.
	[ "$source" = 6.12 ] || options+=(seccomp=on)
	if [ "$kernel" = uml-smp ]; then
		options+=(ncpus="$smp")
	elif [ "$smp" -ne 1 ]; then
		die "$kernel has one CPU"
	fi
	machine=("$(kernel_image)" "${options[@]}" mem="${memory}M" root=/dev/root
		rootfstype=hostfs rootflags=/ ro
		con=null con0=null,fd:2 con1=null,fd:1 oops=panic panic=-1
		uml_dir="$1" init="$vm/init" dstm_kind=uml dstm_out=/dev/tty1 dstm_share="$1")
}
