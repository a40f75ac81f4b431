#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2119,SC2154,SC2317
#
# dstm-client in mode "on-demand": the first packet brings up all that it needs,
# and is not lost; who is refused hears of it at once; what is idle is given back.

# shellcheck source=selftests/client_lib.sh
. "$(dirname "$0")/client_lib.sh"
# shellcheck source=selftests/ports_lib.sh
. "$(dirname "$0")/ports_lib.sh"

client_network
need_tool curl dig
order_whole
start_server
internet_servers
host_picture "$client" > "$work/before"

on_demand='"mode": "on-demand", "servers": ["2001:db8::2"]'

# fresh [MEMBERS]: a client that has no lease yet.
fresh()
{
	configure d "$on_demand${1:+, $1}"
	start_client d
	forget
}

not_bound()
{
	! heard DISCOVER && field_is d state off
}

# connect_error tcp|udp: prints the error's name and the tenths of seconds it took.
connect_error()
{
	n "$client" "${python[@]}" - "$1" <<-'END'
	import errno, socket, sys, time
	kind = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}[sys.argv[1]]
	begin = time.monotonic()
	try:
	    s = socket.socket(socket.AF_INET, kind)
	    s.settimeout(30)
	    s.connect(("198.51.100.2", 7000))
	    s.send(b"x")
	    s.recv(1)
	    print("none")
	except socket.timeout:
	    print("timeout")
	except OSError as e:
	    print(errno.errorcode[e.errno], int((time.monotonic() - begin) * 10))
	END
}

refused_at_once()
{
	local error took

	read -r error took <<< "$(connect_error "$1")"
	echo "$error after $took tenths"
	[ "$error" = ENETUNREACH ] && [ "$took" -lt 40 ]
}

fresh
check "no packet, no request" not_bound
check "there is a default route" \
	sh -c "ip -n $client route show default | grep -q 'dev dstm0 .*src 192.0.0.2'"
check "to the tunnel's own device, which waits for a mapping" \
	sh -c "ip netns exec $client $nl link show dstm0 | grep -q 'role client'"
check "ping -c1 works the first time" \
	n "$client" ping -4 -n -c 1 -W 20 198.51.100.2
check "by one lease" bound d
check "the default route is the tunnel's" \
	sh -c "ip -n $client route get 198.51.100.2 | grep -q 'dev dstm0 src 192.0.2.7'"
stop_client
check "the host is as it was" picture_same "$client" "$work/before"

fresh
check "curl works the first time" sh -c \
	"ip netns exec $client curl -4 -s -m 30 http://198.51.100.2:8080/index.html | grep -q hello"
check "with a single DISCOVER" sh -c "[ \$(grep -c DISCOVER $server_log) -eq 1 ]"
stop_client

fresh
check "dig works the first time, with one try" sh -c \
	"ip netns exec $client dig +tries=1 +timeout=20 +short @198.51.100.2 a.example | grep -q 192.0.2.99"
stop_client

# segments: the receiver counts the segments of one send by a program that leaves
# them to the device (UDP_SEGMENT).
segments()
{
	n "$inet" timeout 40 "${python[@]}" -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("198.51.100.2", 7777))
s.settimeout(30)
print(sorted(len(s.recv(4096)) for _ in range(3)))' > "$work/segments" &
	receiver=$!
	sleep 1
	n "$client" "${python[@]}" -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_UDP, 103, 1000)
s.sendto(b"x" * 2500, ("198.51.100.2", 7777))'
	wait "$receiver" && cat "$work/segments" &&
		[ "$(cat "$work/segments")" = "[500, 1000, 1000]" ]
}

fresh
check "segments of one send are all kept" segments
stop_client

# What was begun before there was an address goes on after it.
fresh
check "a connection of several round trips, begun without an address" \
	traffic "$client" tcp 198.51.100.2 7000 --timeout 30
stop_client

fresh '"retry": "20s"'
n "$client" "${python[@]}" -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
for to in "224.0.0.251", "255.255.255.255", "192.0.0.1":
    s.sendto(b"who", (to, 5353))'
sleep 1
check "multicast and broadcast are no reason to ask" not_bound

# Refused.
order '{"pool": [], "refuse": "no address for you"}'
check "refused: TCP sees network unreachable" refused_at_once tcp
check "refused: UDP sees network unreachable" refused_at_once udp
check "refused: ping says so" \
	sh -c "ip netns exec $client ping -n -c 1 -W 5 198.51.100.2 | grep -q Unreachable"
check "the reason is shown" field_is d reason "no address for you"
check "one request for all of them" \
	sh -c "[ \$(grep -c DISCOVER $server_log) -le 2 ]"
order_whole
again() { n "$client" ping -4 -n -c 1 -W 5 198.51.100.2; }
check "later, it is asked again" busywait 120000 again
stop_client

# Nobody answers.
order '{"pool": [], "deaf": ["DISCOVER"]}'
fresh '"patience": "2s"'
check "nobody answers: network unreachable when patience ends" refused_at_once tcp
stop_client
check "and nothing is left" picture_same "$client" "$work/before"

# Idle.
order_whole
fresh '"idle": "4s"'
check "bound by a packet" n "$client" ping -4 -n -c 1 -W 20 198.51.100.2
check "released when idle" busywait 20000 heard RELEASE
check "the gateway's mapping is gone" busywait 3000 mapped 0
check "the next packet gets it back" n "$client" ping -4 -n -c 1 -W 20 198.51.100.2
check "and the same address is asked for" heard DISCOVER 2 '"wish": "192.0.2.7"'

# Another address the second time: flows of the first are forgotten.
busywait 20000 heard RELEASE 2
order '{"pool": [{"ipv4": "192.0.2.9"}]}'
check "another address the next time" n "$client" ping -4 -n -c 1 -W 20 198.51.100.2
check "it is another" field_is d lease.ipv4 192.0.2.9
stop_client

# Somebody deletes the device.
fresh
ip -n "$client" link del dstm0
check "deleted while it waits, it is made anew" busywait 10000 sh -c \
	"ip -n $client route show default | grep -q 'dev dstm0'"
check "and the first ping works" n "$client" ping -4 -n -c 1 -W 20 198.51.100.2
ip -n "$client" link del dstm0
check "deleted under a lease, too" busywait 20000 \
	n "$client" ping -4 -n -c 1 -W 5 198.51.100.2
stop_client

# Somebody takes away what leads to it, when nobody has a lease and no packet could ask.
fresh
routed() { ip -n "$client" route show default | grep -q "dev $1"; }
ip -n "$client" link set dstm0 down
ip -n "$client" link set dstm0 up
check "down and up while it waits, it has its route again" busywait 10000 routed dstm0
ip -n "$client" route del default
check "the route alone is put back, too" busywait 10000 routed dstm0
n "$client" nft flush ruleset
check "and so are the rules" busywait 10000 n "$client" nft list table ip dstm_client
check "and the first ping works then" n "$client" ping -4 -n -c 1 -W 20 198.51.100.2
stop_client

# Without the module, packets wait in a TUN device.
fresh '"kind": "ip6tnl"'
check "ip6tnl: they wait in a TUN device" \
	sh -c "ip -n $client route show default | grep -q dstm-wait"
check "ip6tnl: curl works the first time" sh -c \
	"ip netns exec $client curl -4 -s -m 30 http://198.51.100.2:8080/index.html | grep -q hello"
stop_client
fresh '"kind": "ip6tnl"'
ip -n "$client" link del dstm-wait
check "ip6tnl: the TUN device, deleted, is made anew" busywait 10000 routed dstm-wait
ip -n "$client" route del default
check "ip6tnl: its route is put back" busywait 10000 routed dstm-wait
check "ip6tnl: and the first ping works then" n "$client" ping -4 -n -c 1 -W 20 198.51.100.2
# In hundredths of a second.
used() { awk '{ print $14 + $15 }' "/proc/$client_pid/stat"; }
before=$(used)
sleep 2
check "ip6tnl: the client does not spin" test "$(($(used) - before))" -lt 100
stop_client
order '{"pool": [], "refuse": "no address for you"}'
fresh '"kind": "ip6tnl"'
check "ip6tnl: refused: TCP sees network unreachable" refused_at_once tcp
check "ip6tnl: refused: UDP sees network unreachable" refused_at_once udp
stop_client
order_whole

# Killed while it waits.
fresh
kill -9 "$client_pid"
wait "$client_pid" 2> /dev/null
fresh
check "after kill -9, the first ping works" n "$client" ping -4 -n -c 1 -W 20 198.51.100.2
stop_client
check "the host is as it was in the end" picture_same "$client" "$work/before"

tap_done
