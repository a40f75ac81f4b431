#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2119,SC2154,SC2317
#
# dstm-client where the network changes under it: prefix, link, server, kernel module.

# shellcheck source=selftests/client_lib.sh
. "$(dirname "$0")/client_lib.sh"

client_network
order_whole
start_server
host_picture "$client" > "$work/before"
configure m '"mode": "always"'
start_client m
check "bound" bound m
check "ping" pings "$client" 198.51.100.2

# Another prefix: renumbered.
forget
ip -n "$gw" addr add 2001:db8:9::1/64 dev down1 nodad
ip -n "$client" addr add 2001:db8:9::7/64 dev up1 nodad
ip -n "$client" -6 route replace default via 2001:db8:9::1
ip -n "$client" addr del 2001:db8:1::7/64 dev up1
check "a new prefix is told to the server" \
	busywait 20000 heard REQUEST 1 '"source": "2001:db8:9::7"'
check "the tunnel begins there" busywait 20000 field_is m lease.local 2001:db8:9::7
check "with the same address" field_is m lease.ipv4 192.0.2.7
check "and traffic flows" pings "$client" 198.51.100.2

# The link flaps.
forget
ip -n "$client" link set up1 down
sleep 1
ip -n "$client" link set up1 up
ip -n "$client" addr replace 2001:db8:9::7/64 dev up1 nodad
ip -n "$client" -6 route replace default via 2001:db8:9::1
flows() { n "$client" ping -4 -n -c 1 -W 2 198.51.100.2; }
check "after a flap, traffic flows again" busywait 20000 flows
check "the lease stays" field_is m lease.ipv4 192.0.2.7
check "no DISCOVER for that" sh -c "! grep -q DISCOVER $server_log"

# The device is deleted by somebody.
ip -n "$client" link del dstm0
check "a deleted device is made again" busywait 30000 flows

# It goes down and up, and its route is lost with that.
ip -n "$client" link set dstm0 down
ip -n "$client" link set dstm0 up
check "down and up, its route comes back" busywait 10000 flows

# The server starts anew, with another mind.
kill "$server_pid"
wait "$server_pid" 2> /dev/null
start_server
check "a restarted server changes nothing" flows

# Another server.
forget
ip -n "$gw" addr add 2001:db8::3/128 dev lo nodad
configure m '"mode": "always", "servers": ["2001:db8::3"]'
kill -HUP "$client_pid"
check "moving to another server releases first" busywait 20000 heard RELEASE
check "then it asks there" busywait 20000 field_is m lease.server 2001:db8::3
check "and traffic flows there" flows
sed -i 's/"mode": "always"/"mode": "never"/' "$work/m.json"
kill -HUP "$client_pid"
wrong() { grep -q 'm.json:.*mode' "$work/m.log"; }
check "a wrong file is refused with its place" busywait 5000 wrong
check "and the old one stays" flows
sed -i 's/"mode": "never"/"mode": "always"/; s|"control-socket": "[^"]*"|"control-socket": "/proc/none/sock"|' \
	"$work/m.json"
kill -HUP "$client_pid"
check "so is one that can not be put in force" \
	busywait 5000 grep -q "the old configuration stays" "$work/m.log"
check "and the client goes on with the old one" busywait 20000 field_is m state bound
check "with its traffic" flows
stop_client

# RFC 8539: the server says which prefix the tunnel begins in.
order '{"pool": [{"ipv4": "192.0.2.7"}], "bind": "2001:db8:a::/48"}'
ip -n "$gw" addr add 2001:db8:a::1/64 dev down1 nodad
ip -n "$client" addr add 2001:db8:a::7/64 dev up1 nodad
ip -n "$client" -6 route replace default via 2001:db8:9::1 src 2001:db8:9::7
configure m '"mode": "always"'
start_client m
check "bound, with a prefix to bind to" bound m
check "the tunnel begins in it" field_is m lease.local 2001:db8:a::7
check "traffic flows from there" flows
stop_client

# A network with another server: after a move it is looked for anew.
order '{"pool": [{"ipv4": "192.0.2.7"}], "servers": ["2001:db8::2"]}'
configure m '"mode": "always"'
start_client m
check "bound, with a server that was found" bound m
forget
order '{"pool": [{"ipv4": "192.0.2.7"}], "servers": ["2001:db8::3"]}'
ip -n "$client" addr add 2001:db8:9::8/64 dev up1 nodad
ip -n "$client" -6 route replace default via 2001:db8:9::1 src 2001:db8:9::8
check "after a move, servers are looked for" busywait 20000 heard INFORMATION-REQUEST
check "and the other one is asked" busywait 20000 field_is m lease.server 2001:db8::3
check "traffic flows there, too" busywait 20000 flows
ip -n "$client" -6 route replace default via 2001:db8:9::1 src 2001:db8:9::7
ip -n "$client" addr del 2001:db8:9::8/64 dev up1
stop_client

# Without the module.
configure m '"mode": "on-demand", "servers": ["2001:db8::2"], "kind": "ip6tnl", "local": "2001:db8:9::7"'
order '{"pool": [{"ipv4": "192.0.2.8", "psid": 5, "psid-len": 6}]}'
start_client m
check "ip6tnl: the first ping works" n "$client" ping -4 -n -c 1 -W 20 198.51.100.2
check "ip6tnl: it is one" field_is m tunnel.kind ip6tnl
check "ip6tnl: a port set, too" field_is m lease.psid 5
kill -9 "$client_pid"
wait "$client_pid" 2> /dev/null
start_client m
check "ip6tnl: resumed after kill -9" bound m
check "ip6tnl: traffic" pings "$client" 198.51.100.2
stop_client

# A lease that ended while nobody ran is taken back, and so is what it had changed.
order '{"pool": [{"ipv4": "192.0.2.8", "psid": 5, "psid-len": 6}], "lease": 5}'
configure m '"mode": "always", "servers": ["2001:db8::2"], "local": "2001:db8:9::7"'
start_client m
check "a short lease" bound m
kill -9 "$client_pid"
wait "$client_pid" 2> /dev/null
order '{"pool": [], "deaf": ["DISCOVER"]}'
sleep 6
check "the kernel has taken the address away" \
	sh -c "! ip -n $client -4 addr show dev dstm0 | grep -q inet"
start_client m
check "what was left is taken back" \
	sh -c "! ip -n $client link show dstm0 2> /dev/null | grep -q ."
check "the range of ports, too" \
	sh -c "ip netns exec $client sysctl -n net.ipv4.ip_local_port_range | grep -q '32768.60999'"
stop_client

tap_done
