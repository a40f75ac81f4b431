#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# dstm-nl check: everything that keeps IPv4 from flowing is found and has a fix, and
# after the fix the finding is gone.

. "$(dirname "$0")/lib.sh"

need_dstm
need_tool nft
topology
map add ipv4 192.0.2.7 remote 2001:db8:1::7 || bail "map add"

examine()
{
	gw_nl check "$@" > "$work/findings" 2>&1
}

# None, and exit status 0.
sound()
{
	examine && cat "$work/findings" && grep -qx '0 findings' "$work/findings"
}

# found TEXT FIX: as written, and exit status 1.
found()
{
	examine
	[ $? -eq 1 ] || { cat "$work/findings"; return 1; }
	cat "$work/findings"
	grep -qF -- "$1" "$work/findings" && grep -qF -- "fix: $2" "$work/findings"
}

# wrong NAME TEXT FIX UNDO...: found, and gone after UNDO, which does what FIX says.
wrong()
{
	local name=$1 text=$2 fix=$3

	shift 3
	check "$name is found" found "$text" "$fix"
	"$@" || bail "$*"
	check "$name is found no more" sound
}

gw_nft()
{
	n "$gw" nft "$@"
}

check "nothing is found where all is well" sound
check "and the client has IPv4" pings "$client" 198.51.100.2

n "$gw" sysctl -qw net.ipv4.ip_forward=0
wrong "forwarding off" "IPv4 is not forwarded" "sysctl -w net.ipv4.ip_forward=1" \
	n "$gw" sysctl -qw net.ipv4.ip_forward=1

ip -n "$gw" link set dstm0 down
check "a device that is down is found" found "the device is down" "dstm-nl link set dstm0 up"
gw_nl link set dstm0 up
ip -n "$gw" route replace 192.0.2.0/24 dev dstm0
check "and is found no more" sound

ip -n "$gw" route del 192.0.2.0/24 dev dstm0
wrong "a missing route" "packets to 192.0.2.7 do not go into the tunnel" \
	"ip route add 192.0.2.7/32 dev dstm0" ip -n "$gw" route add 192.0.2.7/32 dev dstm0

n "$gw" sysctl -qw net.ipv4.conf.all.rp_filter=1
ip -n "$gw" route del 192.0.2.7/32 dev dstm0
check "strict rp_filter without a route is found" found "rp_filter is strict" \
	"add the route, or sysctl -w net.ipv4.conf.dstm0.rp_filter=2"
n "$gw" sysctl -qw net.ipv4.conf.all.rp_filter=0
ip -n "$gw" route add 192.0.2.0/24 dev dstm0

ip -n "$gw" addr del 2001:db8::1/128 dev lo
wrong "a local address that is not there" "local 2001:db8::1 is no address of this host" \
	"ip -6 addr add 2001:db8::1/128 dev lo" ip -n "$gw" addr add 2001:db8::1/128 dev lo nodad

map replace ipv4 192.0.2.7 remote 2001:db8:f::7
wrong "a remote without a route" "there is no IPv6 route to 2001:db8:f::7" \
	"ip -6 route add 2001:db8:f::7/128 via GATEWAY dev DEVICE" \
	map replace ipv4 192.0.2.7 remote 2001:db8:1::7

ip -n "$gw" -6 route add 2001:db8:e::7/128 dev dstm0
map replace ipv4 192.0.2.7 remote 2001:db8:e::7
wrong "a way that leads into the tunnel itself" \
	"the way to 2001:db8:e::7 leads into the device itself" \
	"ip -6 route del 2001:db8:e::7 dev dstm0" \
	map replace ipv4 192.0.2.7 remote 2001:db8:1::7

gw_nl link set dstm0 frag inner mtu 1500
wrong "an MTU that is too great" "mtu 1500 is more than the way to 2001:db8:1::7 holds" \
	"dstm-nl link set dstm0 mtu 1460" gw_nl link set dstm0 mtu 1460

gw_nft add table inet t
gw_nft 'add chain inet t f { type filter hook forward priority 0; policy drop; }'
check "a forward chain that drops is found" found \
	"chain f of table inet t drops what no rule accepts, and no rule there names dstm0" \
	'nft add rule inet t f iifname "dstm0" accept'
check_not "and stops the packets" pings "$client" 198.51.100.2 -W 0.3
gw_nft add rule inet t f iifname dstm0 accept
gw_nft add rule inet t f oifname dstm0 accept
check "rules that name the device content it" sound
check "and let the packets through" pings "$client" 198.51.100.2

gw_nft 'add chain inet t i { type filter hook input priority 0; policy drop; }'
wrong "an input chain that drops the tunnel's packets" \
	"chain i of table inet t drops what no rule accepts, and no rule there names protocol 4" \
	"nft add rule inet t i meta l4proto 4 accept" \
	gw_nft add rule inet t i meta l4proto 4 accept
gw_nft delete table inet t

gw_nft add table ip u
gw_nft 'add chain ip u f { type filter hook forward priority 0; }'
gw_nft add rule ip u f iifname dstm0 counter drop
handle=$(n "$gw" nft -a list chain ip u f | sed -n 's/.*drop # handle //p')
wrong "a rule that drops all of the device" "a rule in chain f of table ip u drops packets of dstm0" \
	"nft delete rule ip u f handle $handle" gw_nft delete rule ip u f handle "$handle"

map flush > /dev/null
wrong "an empty table" "there is no mapping" "dstm-nl map add dev dstm0 ipv4 ADDR remote ADDR" \
	map add ipv4 192.0.2.7 remote 2001:db8:1::7

n "$gw" sysctl -qw net.ipv4.ip_forward=0
json()
{
	gw_nl -j check > "$work/json"
	"${python[@]}" - "$work/json" <<-'END'
		import json, sys
		findings = json.load(open(sys.argv[1]))
		assert findings == [{"dev": "dstm0", "finding": "IPv4 is not forwarded",
		                     "fix": "sysctl -w net.ipv4.ip_forward=1"}], findings
	END
}
check "findings as JSON" json
ip -n "$gw" link del dstm0
check "no device is found" found "there is no device of kind dstm" "dstm-nl link add dstm0 local ADDR up"

tap_done
