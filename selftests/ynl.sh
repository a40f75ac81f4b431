#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The kernel's own netlink client in Python, driven by the spec, instead of
# dstm-nl. DSTM_YNL names the folder tools/net/ynl of a kernel's source.

. "$(dirname "$0")/lib.sh"

need_dstm
cache=${DSTM_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/dstm}
for dir in "$DSTM_YNL" "$cache"/linux-source-6.12-*/tools/net/ynl; do
	[ -e "$dir/cli.py" ] && break
done
[ -e "$dir/cli.py" ] ||
	skip_all "tools/net/ynl of linux-source-6.12 is not there; DSTM_YNL may name it"
has_package yaml || skip_all "needs python3-yaml"
spec=$SELFTESTS/../Documentation/netlink/specs/dstm.yaml
schema=-
has_package jsonschema &&
	[ -e "$dir/../../../Documentation/netlink/genetlink-legacy.yaml" ] &&
	schema="$dir/../../../Documentation/netlink/genetlink-legacy.yaml"

ns gw
gateway_device "$gw" || bail "no dstm device"
ifindex=$(ip -n "$gw" -j link show dev dstm0 | "${python[@]}" -c '
import json, sys
print(json.load(sys.stdin)[0]["ifindex"])')

ynl()
{
	ask "$gw" ynl "$dir" "$spec" "$schema" "$@"
}

# mapping IPV4 REMOTE [KEY=NUMBER...]: one word of JSON, of 192.0.2.0/24, and of 2001:db8:1::/112 or none.
mapping()
{
	local word json

	printf -v json '"ipv4":%u' $((0xc0000200 + ${1##*.}))
	[ -z "$2" ] || printf -v json '%s,"remote":"20010db8000100000000000000%06x"' \
		"$json" "0x${2##*:}"
	for word in "${@:3}"; do
		json+=",\"${word%=*}\":${word#*=}"
	done
	echo "{\"ifindex\":$ifindex,\"mapping\":[{$json}]}"
}

says()
{
	local pattern=$1

	shift
	"$@" > "$work/said" 2>&1
	cat "$work/said"
	grep -Eq "$pattern" "$work/said"
}

check "map-new" ynl do map-new create excl \
	"$(mapping 192.0.2.7 2001:db8:1::7 psid=5 psid-len=6 lifetime=3600)"
check "map-new of another" ynl do map-new create excl \
	"$(mapping 192.0.2.8 2001:db8:1::8)"
check "dstm-nl sees them" mapped 2
check "map-new of what exists is refused, and says why" says 'exists' \
	ynl do map-new create excl "$(mapping 192.0.2.8 2001:db8:1::8)"
check "map-new replaces" ynl do map-new create replace \
	"$(mapping 192.0.2.8 2001:db8:1::9)"
check "map-new extends" ynl do map-new "$(mapping 192.0.2.8 2001:db8:1::9 lifetime=7777)"
check "map-get" says '2001:db8:1::7' \
	ynl do map-get "$(mapping 192.0.2.7 '' psid=5 psid-len=6)"
check "map-get shows the lifetime" says '"lifetime": 7[67][0-9][0-9]' \
	ynl do map-get "$(mapping 192.0.2.8 '')"
check "dump" says '192\.0\.2\.7.*192\.0\.2\.8' ynl dump map-get "{\"ifindex\":$ifindex}"
check "dump of all devices" says '192\.0\.2\.7.*192\.0\.2\.8' ynl dump map-get
check "stats-get" says '"rx-inner-port": 0' ynl do stats-get "{\"ifindex\":$ifindex}"
check "stats-get counts the mappings" says '"count": 2' ynl dump stats-get
check "sync-begin" says '"sync": [0-9]' ynl do sync-begin "{\"ifindex\":$ifindex}"
sync=$(sed -n 's/.*"sync": \([0-9]*\).*/\1/p' "$work/said")
check "sync-end sweeps" says '"count": 2' \
	ynl do sync-end "{\"ifindex\":$ifindex,\"sync\":${sync:-0}}"
map add ipv4 192.0.2.9 remote 2001:db8:1::9
check "map-del deletes" ynl do map-del "$(mapping 192.0.2.9 '')"
check "map-flush" says '"count": 0' ynl do map-flush "{\"ifindex\":$ifindex}"

tap_done
