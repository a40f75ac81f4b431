#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154
#
# packets.sh [CASE...]: exact frames in, exact frames out, every counter. The
# cases are in packets/; a CASE is a name of one or a pattern of names.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/wires.sh"

need_dstm
need_scapy
ns gw gw_wire client client_wire
device_between gateway "$gw" "$gw_wire" || bail "no gateway"
device_between client "$client" "$client_wire" || bail "no client"

"${python[@]}" -m packets --gateway "$gw:$gw_wire" --client "$client:$client_wire" "$@"
exit $?
