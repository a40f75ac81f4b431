# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# How dstm.ko is built for a kernel. To be sourced after lib.sh.

# Sets out, the folder it is built in, which those share who want it at the same time.
lock_module()
{
	out=$repo/.build/$kernel
	mkdir -p "$out"
	exec {module_lock}>"$out/.lock"
	flock "$module_lock"
}

unlock_module()
{
	exec {module_lock}>&-
}

# What the compiler says is in out/make.log then.
build_module()
{
	is_made || make_module
}

# Even make with nothing to do takes seconds. The stamp out/.made names the kernel;
# a folder is newer when a file in it has come or gone.
is_made()
{
	[ "$(cat "$out/.made" 2>/dev/null)" = "$built" ] &&
		[ "$out/.made" -nt "$built/.done" ] &&
		[ -z "$(cd "$repo" && find kernel uapi Kbuild Makefile -newer "$out/.made" \
			-print -quit)" ]
}

make_module()
{
	local args

	rm -f "$out/.made"
	# As old as the beginning: what changes meanwhile is for the next time.
	echo "$built" >"$out/.making"
	# What is not compiled again does not warn again.
	! grep -qsi 'warning:' "$out/make.log" || find "$out" -name '*.o' -delete
	read -ra args <<<"$(kernel_kdir)"
	kernel_make make -s -C "$repo" module W=1 "${args[@]}" MO="$out" \
		</dev/null >"$out/make.log" 2>&1 && mv "$out/.making" "$out/.made"
}

module_failed()
{
	cat "$out/make.log" >&2
	die "dstm.ko does not build for $kernel"
}
