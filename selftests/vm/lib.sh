# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What every script in this folder needs. To be sourced.

# Of apt's words, and others', some are looked for.
export LC_ALL=C.UTF-8

vm=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$vm/../.." && pwd)
cache=${DSTM_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/dstm}
kernels="uml uml-debug uml-7.x uml-smp 6.1 6.12 7.x"

die()
{
	echo "${0##*/}: $*" >&2
	exit 2
}

# make, sed and QEMU would take it for something else.
[[ $cache != *[[:space:],\&:]* ]] ||
	die "a cache can not have blanks, commas, & or : in its name, as $cache; DSTM_CACHE names another one"

say()
{
	echo "${0##*/}: $*" >&2
}

# The file that knows how to build and to boot a kernel of this name. Each of
# them defines the functions kernel_packages, kernel_dir,
# kernel_build, kernel_modules, kernel_image, kernel_kdir,
# kernel_make and kernel_command.
load_kernel()
{
	kernel=$1
	case $kernel in
	uml|uml-*)	. "$vm/uml.sh" ;;
	6.1|6.12)	. "$vm/debian.sh" ;;
	7.x)		. "$vm/trixie.sh" ;;
	*)		die "no kernel '$kernel' (there are: $kernels)" ;;
	esac
}

# In the cache, a folder without a stamp is half built: somebody interrupted it.
is_built()
{
	[ -e "$1/.done" ]
}

mark_built()
{
	touch "$1/.done"
}

# Sets built, the kernel's folder in the cache. A kernel is built once, whoever
# wants it at the same time. The builder's children must not inherit the lock:
# some daemons outlive their parents.
ensure_built()
{
	mkdir -p "$cache"
	kernel_packages
	built=$(kernel_dir) || exit
	is_built "$built" && return
	exec {lock}>"$cache/.lock-$kernel"
	flock "$lock"
	is_built "$built" || CCACHE_DISABLE=1 build_anew </dev/null >&2 {lock}>&-
	exec {lock}>&-
}

# The folder gets its name when it is complete. Under the name before that there
# can be only what an interrupted build left.
build_anew()
{
	local tmp=$cache/.building-$kernel
	build_log=$cache/.building-$kernel.log

	rm -rf --one-file-system "$tmp"
	mkdir "$tmp"
	kernel_build "$tmp"
	mark_built "$tmp"
	rm -rf --one-file-system "$built" "$build_log"
	mv -T "$tmp" "$built"
}

# logged COMMAND...: its output is of interest only when it fails.
logged()
{
	"$@" >>"$build_log" 2>&1 && return
	tail -n 30 "$build_log" >&2
	die "$kernel can not be built, see $build_log"
}

# apt-get update does not wait for another one.
update_lists()
{
	local said more=60

	until said=$(apt-get -qq update 2>&1); do
		if [[ $said != *"Could not get lock"* ]] || [ $((more--)) -eq 0 ]; then
			echo "$said" >&2
			return 1
		fi
		sleep 5
	done
}

# The version of PACKAGE that apt would install; asks the mirror for its lists
# only if there are none, as in a fresh container.
candidate()
{
	local version

	version=$(apt-cache policy "$1" | sed -n 's/^  Candidate: //p')
	if [ -z "$version" ] || [ "$version" = "(none)" ]; then
		update_lists
		version=$(apt-cache policy "$1" | sed -n 's/^  Candidate: //p')
	fi
	if [ -z "$version" ] || [ "$version" = "(none)" ]; then
		die "apt knows no package $1"
	fi
	printf '%s' "$version"
}

need_packages()
{
	local p installed missing=()

	installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null) || :
	for p; do
		grep -qx "$p installed" <<<"$installed" || missing+=("$p")
	done
	[ ${#missing[@]} -eq 0 ] && return
	say "installing ${missing[*]}"
	candidate "${missing[0]}" >/dev/null
	# Others may be installing something, too.
	DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 \
		install -y --no-install-recommends "${missing[@]}" </dev/null >&2 ||
		die "can not install ${missing[*]}"
}
