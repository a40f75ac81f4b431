#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154
#
# Mutated netlink messages and mutated packets. A second device, which the messages
# can not reach, has to show its mappings and forward as before. DSTM_FUZZ_SECONDS
# is for each of the fuzzers, DSTM_FUZZ_MESSAGES sets a number of mutated netlink
# messages that the kernel has read instead. With DSTM_FUZZ_ALL every byte of every
# frame is changed, whatever time it takes. DSTM_SEED is the seed of an earlier run.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/wires.sh"

need_dstm
need_scapy
fuzz=$SELFTESTS/../.build/fuzz
[ -x "$fuzz/fuzz-netlink" ] || skip_all "needs the fuzzers: make -C selftests"
seconds=${DSTM_FUZZ_SECONDS:-${slow:+2}}
seconds=${seconds:-5}
seed=${DSTM_SEED:-$((RANDOM << 15 | RANDOM))}

ns gw gw_wire messages
device_between gateway "$gw" "$gw_wire" || bail "no gateway"
n "$messages" "$nl" link add dstm0 local 2001:db8::1 up || bail "no dstm device"
# Links are deleted by group, too.
ip -n "$messages" link set dstm0 group 1234567

# As JSON, without what traffic changes.
table()
{
	gw_nl -j map show dev dstm0 | "${python[@]}" -c '
import json, sys
for m in json.load(sys.stdin):
    print({k: m[k] for k in m if k in ("ipv4", "psid", "psid-len", "psid-offset",
                                       "remote", "local", "lifetime")})'
}
table > "$work/before"

intact()
{
	table > "$work/after"
	diff "$work/before" "$work/after"
}

# Exact frames, so it is not just anything that still passes.
forwards()
{
	"${python[@]}" -m packets --gateway "$gw:$gw_wire" decap-udp encap-udp \
		'encap-set-5-*' 'decap-set-5-*'
}

said()
{
	grep '^# ' "$work/check.log"
}

budget=(-t "$seconds")
[ -z "${DSTM_FUZZ_MESSAGES:-}" ] || budget=(-n "$DSTM_FUZZ_MESSAGES")
check "netlink messages" n "$messages" "$fuzz/fuzz-netlink" -s "$seed" \
	"${budget[@]}" dstm0
said
check "the other device's table is intact" intact
check "the other device forwards" forwards
# A message may have renamed or deleted the one that was there.
for device in $(n "$messages" "$nl" link show | cut -d ' ' -f 1); do
	check "$device is deleted" n "$messages" "$nl" link del "$device"
done
check "a new device is made" n "$messages" "$nl" link add dstm0 local 2001:db8:f::1
check "and takes a mapping" n "$messages" "$nl" map add dev dstm0 \
	ipv4 203.0.113.9 remote 2001:db8::9

# The frames of all cases are what to begin with.
"${python[@]}" -m packets --frames > "$work/frames" || bail "no frames"
for side in under1:underlay inet1:inet; do
	sed -n "s/^${side#*:} //p" "$work/frames" |
		shuf --random-source=<(yes "$seed") > "$work/seeds"
	check "frames into ${side#*:}" n "$gw_wire" sh -c '"$@" < "$0"' "$work/seeds" \
		"$fuzz/fuzz-packets" ${DSTM_FUZZ_ALL:+-a} -s "$seed" -t "$seconds" "${side%:*}"
	said
done
check "the table is intact" intact
check "the device forwards" forwards
tap_done
