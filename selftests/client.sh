#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2119,SC2154,SC2317
#
# dstm-client in mode "always": found, bound, used, renewed, moved, put back.

# shellcheck source=selftests/client_lib.sh
. "$(dirname "$0")/client_lib.sh"

client_network
order_whole
start_server
n "$inet" sh -c 'echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter' 2> /dev/null
serve "$inet" 198.51.100.2 7000
host_picture "$client" > "$work/before"

configure a '"mode": "always"'
start_client a
check "the server is found by DHCPv6" busywait 20000 heard INFORMATION-REQUEST
check "a lease is bound" bound a
check "by DISCOVER and REQUEST, multicast" heard REQUEST 1 fe80::
check "the tunnel's source is told" heard REQUEST 1 '"source": "2001:db8:1::7"'
check "the address is on a dstm device" \
	sh -c "ip -n $client -d link show dstm0 | grep -q 'dstm '"
check "ping" pings "$client" 198.51.100.2
check "TCP and UDP" traffic "$client" tcp 198.51.100.2 7000
check "the tunnel's MTU is the path's less 40" \
	sh -c "ip -n $client link show dstm0 | grep -q 'mtu 1460'"
check "a whole address needs no nftables" \
	sh -c "! ip netns exec $client nft list ruleset | grep -q ."
check "status in words" \
	sh -c "$client_bin status --socket $work/a.sock | grep -q 'address *192.0.2.7'"
check "the state file has the lease" grep -q '"ipv4": "192.0.2.7"' "$work/a.state"
second()
{
	n "$client" "$client_bin" --config "$work/a.json" > "$work/second" 2>&1
	[ $? -eq 1 ] && grep -q "another dstm-client serves it" "$work/second"
}
check "no second client beside it" second

stop_client
check "stopping is no failure" test $? -eq 0
check "the lease was released" busywait 1000 heard RELEASE
check "the host is as it was" picture_same "$client" "$work/before"

forget
configure a '"mode": "always", "servers": ["2001:db8::2"], "hook": "'"$work/hook"'"'
cat > "$work/hook" <<'END'
#!/bin/sh
env | grep ^DSTM_ | sort >> "${0%/*}/hook.log"
END
chmod +x "$work/hook"
start_client a
check "unicast, with a server of the configuration" bound a
check "no Information-Request then" sh -c "! grep -q INFORMATION $server_log"
check "the former address is asked for" heard DISCOVER 1 '"wish": "192.0.2.7"'
check "the hook is told" grep -q DSTM_EVENT=up "$work/hook.log"
check "with the resolvers" grep -q DSTM_DNS=198.51.100.2 "$work/hook.log"

# Killed: traffic goes on, and the next one takes over what was left.
kill -9 "$client_pid"
wait "$client_pid" 2> /dev/null
check "after kill -9, traffic goes on" pings "$client" 198.51.100.2
index=$(ip -n "$client" -o link show dstm0 | cut -d: -f1)
forget
start_client a
check "the next one resumes the lease" bound a
check "by renewing it" heard REQUEST 1 '"ciaddr": "192.0.2.7"'
check "without DISCOVER" sh -c "! grep -q DISCOVER $server_log"
check "on the same device" test "$(ip -n "$client" -o link show dstm0 | cut -d: -f1)" = "$index"
check "and traffic flows" pings "$client" 198.51.100.2
kill -9 "$client_pid"
wait "$client_pid" 2> /dev/null
start_client a
check "killed once more, bound once more" bound a
stop_client
check "the host is as it was then, too" picture_same "$client" "$work/before"
check "the hook was told of the end" grep -q DSTM_EVENT=down "$work/hook.log"

# Short lease: renewing, rebinding, the end.
order '{"pool": [{"ipv4": "192.0.2.7"}], "lease": 9, "t1": 2, "t2": 5}'
start_client a
check "a short lease" bound a
forget
check "is renewed at T1, unicast" busywait 20000 heard REQUEST 1 '"unicast": true'
order '{"pool": [{"ipv4": "192.0.2.7"}], "lease": 20, "t1": 2, "t2": 5, "dns": "198.51.100.3"}'
: > "$work/hook.log"
told() { grep -q "DSTM_EVENT=change" "$work/hook.log" && grep -q DSTM_DNS=198.51.100.3 "$work/hook.log"; }
check "the hook is told of other resolvers" busywait 20000 told
order '{"pool": [{"ipv4": "192.0.2.7"}], "lease": 9, "t1": 2, "t2": 5, "deaf": ["REQUEST"]}'
check "and rebound at T2 when nobody answers" \
	busywait 40000 field_is a state rebinding
check "with traffic until the end" pings "$client" 198.51.100.2
order '{"pool": [{"ipv4": "192.0.2.7"}], "lease": 9, "t1": 2, "t2": 5, "deaf": ["REQUEST", "DISCOVER"]}'
check "then it is over" busywait 40000 field_is a state selecting
check "and the host has no IPv4 route" \
	sh -c "! ip -n $client route show default | grep -q ."
forget
sleep 8
asked=$(grep -c DISCOVER "$server_log")
check "back-off: 1, 2, 4 seconds, not more often" \
	test "$asked" -ge 1 -a "$asked" -le 5
order_whole
check "and IPv4 comes back with the server" bound a 70000

# Renewal refused.
order '{"pool": [{"ipv4": "192.0.2.9"}], "lease": 6, "t1": 1, "wrong": true}'
kill -HUP "$client_pid"
check "a NAK ends the lease, and another is got at once" \
	busywait 40000 field_is a lease.ipv4 192.0.2.9
check "foreign and malformed answers change nothing" pings "$client" 198.51.100.2
stop_client

# Conflict: the address is here already.
ip -n "$client" addr add 192.0.2.7/32 dev lo
order '{"pool": [{"ipv4": "192.0.2.7"}]}'
forget
start_client a
check "an address that the host has already is declined" \
	busywait 20000 heard DECLINE 1 '"wish": "192.0.2.7"'
stop_client
ip -n "$client" addr del 192.0.2.7/32 dev lo
check "and nothing is left" picture_same "$client" "$work/before"

tap_done
