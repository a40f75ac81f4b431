#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154
#
# Random mappings and random packets, and a model that says what must come out.
# DSTM_MODEL_PACKETS is the budget, DSTM_SEED the seed of an earlier run.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/wires.sh"

need_dstm
need_scapy
ns gw gw_wire
device_between gateway "$gw" "$gw_wire" || bail "no gateway"

packets=${DSTM_MODEL_PACKETS:-${slow:+250}}
packets=${packets:-4000}
check "$packets random packets do as the model says" \
	"${python[@]}" -m packets.property "$gw:$gw_wire" "$work/mappings" \
	--packets "$packets" ${DSTM_SEED:+--seed "$DSTM_SEED"}
grep '^# ' "$work/check.log" | tail -n 5
tap_done
