#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Server and gateway on one machine, clients behind a relay, and short idle leases.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/daemons-lib.sh"

need_daemons
server_address=2001:db8:3::2
gateway=$together
gateway_idle=3s
network second
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

# The second finds its server by DHCPv6, through the relay on its link.
ip netns exec "$router" "$python" "$SELFTESTS/relay.py" down11 2001:db8:11::1 \
	"$server_address" > "$work/relay.log" 2>&1 &
cat > "$work/$second.json" << END
{ "mode": "always", "interface": "up11", "state-file": "$work/$second.state",
  "control-socket": "$sock/$second", "idle": 0 }
END
start "$second" "$second" dstm-client --config "$work/$second.json"
check "a client behind a relay finds the server, and has an address" \
	busywait 20000 has_address "$second"
check "traffic flows" busywait 5000 pings "$second" 198.51.100.2
check "its mapping is its lease" equal
stop "$second"
check "and is released" busywait 5000 equal

stop server
stop gateway
[ $tap_failed -eq 0 ] || logs
tap_done
