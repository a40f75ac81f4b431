#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154
#
# packets_shortcut.sh [CASE...]: the cases of packets.sh with the shortcut on: what
# comes out, and what is counted, is the same.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/wires.sh"
. "$(dirname "$0")/shortcut_lib.sh"

need_dstm
need_scapy
watch_shortcut
ns gw gw_wire
device_between gateway "$gw" "$gw_wire" || bail "no gateway"
gw_nl link set dstm0 shortcut on dev under0 dev inet0 || bail "no shortcut"

"$python" -m packets --gateway "$gw:$gw_wire" "$@" || exit 1
for side in under0 inet0; do
	echo "# taken at $side: $(took $side)"
	# A few cases alone may have nothing for one of them.
	[ $# -gt 0 ] || [ "$(took $side)" -gt 0 ] || exit 1
done
