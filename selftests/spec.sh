#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# spec.sh spec|spec-check: write what is generated from the netlink spec, or
# fail where it differs from what is in the tree. The generator and the schema
# that the spec is validated against are the kernel's own.
set -eu

repo=$(cd "$(dirname "$0")/.." && pwd)
spec=Documentation/netlink/specs/dstm.yaml
tar=/usr/src/linux-source-6.12.tar.xz
cache=${DSTM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dstm}
ynl=$cache/ynl-6.12

[ -e $tar ] || { echo "$tar is missing: apt-get install linux-source-6.12" >&2; exit 1; }
if [ ! -e "$ynl/.done" ]; then
	mkdir -p "$ynl"
	tar -C "$ynl" --strip-components=1 -xf $tar \
		linux-source-6.12/tools/net/ynl \
		linux-source-6.12/Documentation/netlink
	touch "$ynl/.done"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The generator takes the folder that has MAINTAINERS for the kernel's root.
mkdir -p "$work/Documentation/netlink/specs"
touch "$work/MAINTAINERS"
cp "$ynl"/Documentation/netlink/*.yaml "$work/Documentation/netlink"
cp "$repo/$spec" "$work/$spec"

status=0
generate()
{
	local out=$1
	shift
	mkdir -p "$work/out/$(dirname "$out")"
	timeout 60 /usr/bin/python3 "$ynl/tools/net/ynl/ynl-gen-c.py" \
		--spec "$work/$spec" -o "$work/out/$out" "$@"
	if [ "$action" = spec ]; then
		cp "$work/out/$out" "$repo/$out"
	elif ! diff -u "$repo/$out" "$work/out/$out"; then
		echo "$out is not what $spec says: make spec" >&2
		status=1
	fi
}

action=$1
generate uapi/linux/dstm.h --mode uapi --header
generate kernel/netlink_gen.h --mode kernel --header
generate kernel/netlink_gen.c --mode kernel --source
exit $status
