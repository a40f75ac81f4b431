#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# spec.sh spec|spec-check: write what is generated from the netlink spec, or
# fail where it differs from what is in the tree. The generator and the schema
# that the spec is validated against are the kernel's own; it knows no names of
# attributes, so those of the counters are written here.
set -eu

cd "$(dirname "$0")/.."
repo=$PWD
spec=Documentation/netlink/specs/dstm.yaml
source=$(selftests/vm/source)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The generator takes the folder that has MAINTAINERS for the kernel's root.
mkdir -p "$work/Documentation/netlink/specs"
touch "$work/MAINTAINERS"
cp "$source"/Documentation/netlink/*.yaml "$work/Documentation/netlink"
cp "$repo/$spec" "$work/$spec"

status=0
generate()
{
	local out=$1
	shift
	mkdir -p "$work/out/$(dirname "$out")"
	"$@" "$work/out/$out"
	if [ "$action" = spec ]; then
		cp "$work/out/$out" "$repo/$out"
	elif ! diff -u "$repo/$out" "$work/out/$out"; then
		echo "$out is not what $spec says: make spec" >&2
		status=1
	fi
}

ynl_gen()
{
	timeout 60 /usr/bin/python3 "$source/tools/net/ynl/ynl-gen-c.py" \
		--spec "$work/$spec" "$@"
}

counter_names()
{
	/usr/bin/python3 - "$work/$spec" >"$1" <<-'END'
	import sys, yaml
	sets = yaml.safe_load(open(sys.argv[1]))["attribute-sets"]
	stats = next(s for s in sets if s["name"] == "stats")["attributes"]
	print("""/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
	/* Do not edit directly, auto-generated from: */
	/*\tDocumentation/netlink/specs/dstm.yaml */

	#ifndef _UAPI_LINUX_DSTM_COUNTERS_H
	#define _UAPI_LINUX_DSTM_COUNTERS_H

	/* Initialisers of an array: the names of the attributes DSTM_A_STATS_*. */
	#define DSTM_COUNTER_NAMES \\""".replace("\n\t", "\n"))
	print(", \\\n".join("\t[DSTM_A_STATS_%s] = \"%s\"" %
	                     (a["name"].upper().replace("-", "_"), a["name"]) for a in stats))
	print("\n#endif /* _UAPI_LINUX_DSTM_COUNTERS_H */")
	END
}

action=$1
generate uapi/linux/dstm.h ynl_gen --mode uapi --header -o
generate uapi/linux/dstm_counters.h counter_names
generate kernel/netlink_gen.h ynl_gen --mode kernel --header -o
generate kernel/netlink_gen.c ynl_gen --mode kernel --source -o
exit $status
