#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154
#
# packets_shortcut.sh [CASE...]: the cases of packets.sh with the shortcut on: what
# comes out, and what is counted, is the same. Then a part of them again, with so many
# mappings that packets wait for theirs in a queue.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/wires.sh"
. "$(dirname "$0")/shortcut_lib.sh"

gateway()
{
	device_between gateway "$gw" "$gw_wire" &&
		gw_nl link set dstm0 shortcut on dev under0 dev inet0
}

# cases [WORDS...]: right, and the shortcut had its part in it.
cases()
{
	local side

	echo > $tracing/trace
	"${python[@]}" -m packets --gateway "$gw:$gw_wire" "$@" || exit 1
	for side in under0 inet0; do
		echo "# taken at $side: $(took $side)"
		# A few cases alone may have nothing for one of them.
		[ -n "$chosen" ] || [ "$(took $side)" -gt 0 ] || exit 1
	done
}

need_dstm
need_scapy
watch_shortcut
chosen=$*
ns gw gw_wire
gateway || bail "no gateway"
cases "$@"

# Elsewhere, for fragments are still waited for.
ns many many_wire
gw=$many gw_wire=$many_wire
gateway || bail "no second gateway"
load_many || bail "map load"
cases --every 4 "$@"
