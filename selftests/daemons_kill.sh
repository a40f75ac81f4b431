#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Any daemon may be killed at any time: the mappings are the leases again within
# 5 s of its return, and traffic does not notice.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/daemons-lib.sh"

need_daemons
network
certificates
gateway_start
server_json '"lifetime": 120'
server_start
client_start "$client" '"mode": "always"'
check "the client has an address" busywait 20000 has_address "$client"
lent=$(address_of "$client")
busywait 10000 pings "$client" 198.51.100.2 > /dev/null

# answered COUNT: so many pings, or more.
answered()
{
	[ "$(grep -c 'bytes from' "$work/ping")" -ge "$1" ]
}

# uninterrupted NAME COMMAND...: no ping is lost while it runs. What is under way at the
# end is neither lost nor answered.
uninterrupted()
{
	local name=$1 ping status=0

	shift
	: > "$work/ping"
	n "$client" ping -4 -n -i 0.1 -c 600 -W 2 198.51.100.2 > "$work/ping" 2>&1 &
	ping=$!
	busywait 5000 answered 5
	"$@"
	busywait 5000 answered $(($(grep -c 'bytes from' "$work/ping") + 5)) || status=1
	kill -INT "$(pgrep -P $ping || echo $ping)" 2> /dev/null
	wait $ping
	tail -n 3 "$work/ping" > "$work/check.log"
	awk '/bytes from/ { answers++; last = $0; sub(/.*icmp_seq=/, "", last) }
		END { exit last + 0 != answers }' "$work/ping" || status=1
	verdict $status "$name"
}

kill_gateway()
{
	stop gateway KILL
	gateway_start
}

kill_server()
{
	stop server KILL
	server_start
}

kill_client()
{
	stop "$client" KILL
	client_start "$client" '"mode": "always"'
	busywait 10000 has_address "$client" "$lent"
}

uninterrupted "kill -9 of the gateway: traffic goes on" kill_gateway
check "it meets its server again" busywait 10000 gateway_is up
check "mappings are leases within 5 s" busywait 5000 equal
uninterrupted "kill -9 of the server: traffic goes on" kill_server
check "mappings are leases within 5 s" busywait 5000 equal

# A mapping that no lease has, and a lease that no mapping has.
stop server KILL
map add ipv4 192.0.2.99 remote 2001:db8:1::99
map del ipv4 "$lent"
server_start
check "what differed is put right within 5 s" busywait 5000 equal
check "traffic flows" busywait 3000 pings "$client" 198.51.100.2

uninterrupted "kill -9 of the client: traffic goes on" kill_client
check "it has the address it had" has_address "$client" "$lent"
check "traffic still flows" busywait 3000 pings "$client" 198.51.100.2
check "mappings are leases" busywait 5000 equal

ip -n "$gw" link del dstm0
check "a device that is deleted comes back with its mappings" busywait 5000 equal
check "and traffic" busywait 5000 pings "$client" 198.51.100.2

for name in "$client" server gateway; do
	stop "$name" KILL
done
gateway_start
server_start
client_start "$client" '"mode": "always"'
check "all three at once: mappings are leases" busywait 10000 equal
check "traffic flows again" busywait 10000 pings "$client" 198.51.100.2
check "the address is still the same" has_address "$client" "$lent"
stop "$client"
stop server
stop gateway
[ $tap_failed -eq 0 ] || logs
tap_done
