#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Server and gateway on one machine; clients that find it by multicast, on its own link
# and behind a relay; and leases that are taken back when they are idle.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/daemons-lib.sh"

need_daemons
server_address=2001:db8:3::2
gateway=$together
gateway_idle=3s
network second
ns near
link_underlay "$near" "$gw" 12 7 || bail "no veth"
links='"down12"'
certificates
gateway_start
server_json '"lifetime": 60'
server_start "$gw"
check "server and gateway meet by the UNIX socket" gateway_is up

client_start "$client"
check "ping -c 1 works the first time" n "$client" ping -4 -n -c 1 -W 10 198.51.100.2
check "the mapping is the lease" equal
stop "$client"
check "it is released at stop" busywait 5000 equal

# found_by_multicast NS LINK: a client that is told of no server.
found_by_multicast()
{
	cat > "$work/$1.json" <<-END
	{ "mode": "always", "interface": "$2", "state-file": "$work/$1.state",
	  "control-socket": "$sock/$1", "idle": 0 }
	END
	start "$1" "$1" dstm-client --config "$work/$1.json"
	busywait 20000 has_address "$1"
}

# The second finds its server by DHCPv6, through the relay on its link.
ip netns exec "$router" "${python[@]}" "$SELFTESTS/relay.py" down11 2001:db8:11::1 \
	"$server_address" > "$work/relay.log" 2>&1 &
check "a client behind a relay finds the server, and has an address" \
	found_by_multicast "$second" up11
check "traffic flows" busywait 5000 pings "$second" 198.51.100.2
check "its mapping is its lease" equal
stop "$second"
check "and is released" busywait 5000 equal

check "a client on the server's link finds it, and has an address" \
	found_by_multicast "$near" up12
check "traffic flows" busywait 5000 pings "$near" 198.51.100.2
stop "$near"

# Where no server has a name, also DHCPv4 goes to ff02::1:2. It is the same server, and
# it runs on.
told=''
server_json '"lifetime": 60, "idle": "4s"'
kill -HUP "${pid[server]}"
rm "$work/$near.state"
n "$gw" tcpdump -i down12 -n -l 'udp port 547 and ip6 dst ff02::1:2' \
	> "$work/multicast" 2> "$work/multicast.err" &
busywait 10000 grep -q listening "$work/multicast.err"
check "all by ff02::1:2" found_by_multicast "$near" up12
queries() { [ "$(wc -l < "$work/multicast")" -ge 3 ]; }
check "the requests too" busywait 5000 queries
check "its mapping is its lease" equal

# It sends nothing: after 4 s the server takes the lease back.
idle() { ctl leases find 2001:db8:12::7 | grep -q "state resting"; }
check "an idle lease stays while it is used" sh -c "ip netns exec $near ping -4 -n -q -i 0.5 \
	-c 12 198.51.100.2 && dstm-server ctl -s $sock/server leases | grep -q 'state bound'"
check "and is taken back when it is not" busywait 15000 idle
check "with its mapping" equal
stop "$near"

stop server
stop gateway
[ $tap_failed -eq 0 ] || logs
tap_done
