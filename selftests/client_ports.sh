#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2119,SC2154,SC2317
#
# dstm-client with port sets: no packet leaves with a port or identifier outside the
# set, of the host or of hosts behind it; two clients share an address.

# shellcheck source=selftests/client_lib.sh
. "$(dirname "$0")/client_lib.sh"
# shellcheck source=selftests/ports_lib.sh
. "$(dirname "$0")/ports_lib.sh"

client_network
ns client2 behind
link_underlay "$client2" "$gw" 2 7 || bail "no veth"
host_behind "$client" "$behind"
serve "$inet" 198.51.100.2 7000
order '{"pool": [
	{"ipv4": "192.0.2.8", "psid": 5, "psid-len": 6, "psid-offset": 0},
	{"ipv4": "192.0.2.8", "psid": 6, "psid-len": 6, "psid-offset": 0}]}'
start_server
host_picture "$client" > "$work/before"
watch up1 "$client" "$work/seen1"
watch up2 "$client2" "$work/seen2"

configure p1 '"mode": "on-demand", "servers": ["2001:db8::2"]'
configure p2 '"mode": "always", "servers": ["2001:db8::2"]'
start_client p1
check "the first ping works" n "$client" ping -4 -n -c 1 -W 20 198.51.100.2
check "the first has the set 5120 to 6143" field_is p1 lease.psid 5
check "local ports follow" \
	sh -c "ip netns exec $client sysctl -n net.ipv4.ip_local_port_range | grep -q '5120.6143'"
pid1=$client_pid
start_client p2 "$client2"
check "another client shares the address" bound p2
check "with the next set" field_is p2 lease.psid 6
check "same address" field_is p2 lease.ipv4 192.0.2.8
check "traffic of one" all_traffic "$client"
check "traffic of the other" all_traffic "$client2"
check "traffic of a host behind" all_traffic "$behind"
all_traffic "$client" > /dev/null 2>&1 &
side=$!
check "both at once" all_traffic "$client2"
check "the other one too" wait "$side"
serve "$client" 0.0.0.0 5200
check "a port of the set is reached from outside" \
	traffic "$inet" tcp 192.0.2.8 5200 --timeout 20
check "no packet of the first is outside its set" \
	all_in "$work/seen1" 192.0.2.8 5120-6143
check "nor of the other" all_in "$work/seen2" 192.0.2.8 6144-7167
check "the gateway has dropped nothing for its port" \
	sh -c "[ $(stat rx-inner-port) -eq 0 ]"

stop_client "$client_pid"
stop_client "$pid1"
check "the host is as it was" picture_same "$client" "$work/before"

# Scattered: 15 ranges of 16 ports.
order '{"pool": [{"ipv4": "192.0.2.9", "psid": 52, "psid-len": 8, "psid-offset": 4}]}'
forget
watch up1 "$client" "$work/seen3"
configure p3 '"mode": "on-demand", "servers": ["2001:db8::2"]'
start_client p3
check "scattered ranges: the first ping" n "$client" ping -4 -n -c 1 -W 20 198.51.100.2
check "scattered ranges: traffic" all_traffic "$client"
check "scattered ranges: of a host behind" all_traffic "$behind"
ranges=
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
	first=$((i * 4096 + 52 * 16))
	ranges="$ranges $first-$((first + 15))"
done
# shellcheck disable=SC2086
# As a reload of the host's own rules does.
n "$client" nft flush ruleset
check "rules that somebody flushed come back" \
	busywait 10000 n "$client" nft list table ip dstm_client
check "scattered ranges: and traffic of a host behind with them" all_traffic "$behind"
check "scattered ranges: no packet outside" all_in "$work/seen3" 192.0.2.9 $ranges
check "scattered ranges: local ports stay" \
	sh -c "ip netns exec $client sysctl -n net.ipv4.ip_local_port_range | grep -q '32768.60999'"
stop_client
check "the host is as it was then" picture_same "$client" "$work/before"

# A client that takes only whole addresses gets no set.
configure p4 '"mode": "always", "servers": ["2001:db8::2"], "port-sets": false'
start_client p4
sleep 2
check "without port-sets, an offered set is not taken" field_is p4 state selecting
stop_client

tap_done
