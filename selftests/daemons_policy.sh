#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What operators order: leases for life and short ones, a pool that is drained, a lease
# that is revoked, a configuration that is broken; and that an end is an end, also when
# no daemon is left to see to it.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/daemons-lib.sh"

need_daemons
network second
serve "$inet" 198.51.100.2 7000
certificates
gateway_start
server_json
server_start

# reason NS: why a connection fails, after how many tenths of a second.
reason()
{
	n "$1" "${python[@]}" - <<-'END'
	import errno, socket, time
	begin = time.monotonic()
	try:
	    socket.create_connection(("198.51.100.2", 7000), 30)
	    print("none", 0)
	except OSError as e:
	    print(errno.errorcode.get(e.errno, "timeout"), int((time.monotonic() - begin) * 10))
	END
}

# unreachable NS: a program hears at once that there is no network.
unreachable()
{
	local error took

	read -r error took <<< "$(reason "$1")"
	echo "$error after $took tenths"
	[ "$error" = ENETUNREACH ] && [ "$took" -lt 40 ]
}

connects() { [ "$(reason "$1")" = "none 0" ]; }

# Addresses for life.
client_start "$client"
check "a connection brings up a lease for life" connects "$client"
lent=$(address_of "$client")
check "it has no end at the server" sh -c \
	"dstm-server ctl -s $sock/server leases find $lent | grep -q 'expires never'"
check_not "nor at the gateway" mapping_field lifetime ipv4 "$lent"
check "nor at the client" sh -c "ip -n $client -4 -o addr show dev dstm0 | grep -q 'inet $lent/.*valid_lft forever'"

# A broken file.
cp "$work/server.json" "$work/good.json"
sed 's/"lifetime"/"life"/; s/"pools": \[ "p" \]/"pools": [ "q" ]/' "$work/good.json" \
	> "$work/server.json"
kill -HUP "${pid[server]}"
refused() { grep -q "server.json:[0-9]*:[0-9]*: .*the old configuration stays" "$work/server.log"; }
check "SIGHUP: a broken file is refused, with line and column" busywait 5000 refused
check "ctl is told the same" sh -c \
	"dstm-server ctl -s $sock/server reload 2>&1 | grep -q 'server.json:[0-9]*:[0-9]*: '"
check "the old one works: another client gets a lease" client_start "$second"
check "and has a connection" connects "$second"
cp "$work/good.json" "$work/server.json"
check "a sound one is taken" ctl reload
sed 's/"interfaces": \[/& "lo"/' "$work/good.json" > "$work/server.json"
kill -HUP "${pid[server]}"
told_restart() { grep -q '"listen.interfaces" needs a restart' "$work/server.log"; }
check "what can not change without a restart is named" busywait 5000 told_restart
cp "$work/good.json" "$work/server.json"
ctl reload

# Drained.
stop "$second"
check "released at stop" busywait 5000 equal
ctl drain p on
check "a drained pool shows it" sh -c "dstm-server ctl -s $sock/server pools | grep -q 'drain on'"
client_start "$second" '"retry": "1s"'
check "nothing is lent from it: a program hears that the network is unreachable" \
	unreachable "$second"
check "what was lent goes on" connects "$client"
ctl drain p off
sleep 1
check "not drained any more, it lends" busywait 10000 connects "$second"
check "the mappings are the leases" equal

# Revoked.
check "a lease is revoked" ctl leases revoke ipv4 "$lent"
check "its mapping goes at once" busywait 2000 equal
check_not "and with it the traffic" n "$client" ping -4 -n -c 1 -W 1 198.51.100.2
check_not "it can not be revoked twice" ctl leases revoke ipv4 "$lent"
stop "$client"
stop "$second"
check "all are released" busywait 5000 mapped 0

# Lent by hand, to whoever has no daemon.
check "a lease by hand" ctl leases add ipv4 192.0.2.77 remote 2001:db8:1::7
check "its mapping is there when it is told of" mapped 1 ipv4 192.0.2.77
tunnel_client "$client" 1 7 192.0.2.77
check "a tunnel by hand has traffic" pings "$client" 198.51.100.2
check "who has it" sh -c \
	"dstm-server ctl -s $sock/server who 192.0.2.77 | grep -q 2001:db8:1::7"
check_not "it is not lent twice" ctl leases add ipv4 192.0.2.77 remote 2001:db8:1::8
check_not "nor is what no pool has" ctl leases add ipv4 203.0.113.1 remote 2001:db8:1::8
check "it is taken back" ctl leases revoke ipv4 192.0.2.77
check "and the mapping with it" busywait 2000 mapped 0
ip -n "$client" link del tun

# An end, with nobody left to see to it: the client's tunnel has no end of its own.
rm "$work/$client.state"
server_json '"lifetime": 10' '"rest": "1s"'
ctl reload
client_start "$client" '"mode": "always", "kind": "ip6tnl"'
check "a short lease" busywait 10000 has_address "$client"
lent=$(address_of "$client")
busywait 5000 pings "$client" 198.51.100.2 > /dev/null
stop "$client" KILL
ip -n "$client" addr change "$lent/32" dev dstm0 valid_lft forever preferred_lft forever
ctl -j leases find "$lent" > "$work/lease"
stop server KILL
stop gateway KILL
n "$client" ping -4 -n -D -i 0.1 -w 15 198.51.100.2 > "$work/ping" 2>&1
to_the_second()
{
	"${python[@]}" - "$work/lease" "$work/ping" <<-'END'
	import json, re, sys
	end = json.load(open(sys.argv[1]))[0]["expires"]
	last = max(float(t) for t in re.findall(r"\[([0-9.]+)\] 64 bytes", open(sys.argv[2]).read()))
	print("the lease ends at", end, "the last packet passed at", last)
	sys.exit(not -1 <= last - end <= 2)
	END
}
check "all daemons are dead, and the path closes to the second" to_the_second
ip -n "$client" link del dstm0
gateway_start
server_start
check "server and gateway take back what was over" busywait 5000 mapped 0
client_start "$second" '"mode": "always"'
check "and lend again" busywait 10000 has_address "$second"
stop "$second"

stop server
stop gateway
[ $tap_failed -eq 0 ] || logs
tap_done
