#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# server_crash.sh OUT: dstm-server is killed again and again while clients get leases.
# In the end every client has one, no two the same, and the store has them all.
set -u

out=$(realpath "$1")
clients=${CLIENTS:-1500}
. "$(dirname "$0")/tap.sh"
if [ -z "${INSIDE:-}" ]; then
	user=$([ "$(id -u)" -eq 0 ] || echo --map-root-user)
	# shellcheck disable=SC2086
	INSIDE=1 exec unshare --net $user "$0" "$out"
fi

dir=$(mktemp -d /tmp/dstm-crash.XXXXXX)
server=
gateway=
# shellcheck disable=SC2317
cleanup()
{
	kill $server $gateway 2>/dev/null
	wait
	rm -rf "$dir"
}
trap cleanup EXIT

cat >"$dir/server.json" <<END
{
  "store": "$dir/leases.db", "control": "$dir/control.sock",
  "listen": { "address": "::1", "rate": 1000000, "rate-source": 1000000 },
  "gateways": [ { "name": "stub", "socket": "$dir/gateway.sock" } ],
  "pools": [ { "name": "p", "prefixes": [ "10.0.0.0/20" ], "gateways": [ "stub" ],
    "tep": { "ipv6": "2001:db8::1", "ipv4": "10.0.0.1" } } ],
  "classes": [ { "name": "c", "pools": [ "p" ], "lifetime": "1h", "tunnel-source": "any" } ]
}
END

start()
{
	"$out/dstm-server" -c "$dir/server.json" 2>>"$dir/log" &
	server=$!
}

ip link set lo up
"$out/bench-gateway" "$dir/gateway.sock" 10.0.0.0/20 &
gateway=$!
start
timeout 120 "$out/bench-clients" 547 "$clients" 50 $((clients / 5)) >"$dir/result" &
asking=$!
kills=0
while kill -0 $asking 2>/dev/null; do
	sleep 0.7
	[ $kills -lt 8 ] || continue
	kill -9 $server
	wait $server 2>/dev/null
	kills=$((kills + 1))
	start
done
wait $asking
result $? "$clients clients have a lease each, and no two the same, through $kills kills"
sed 's/^/# /' "$dir/result"

# It may have been started a moment ago.
for ((tries = 0; tries < 100; tries++)); do
	"$out/dstm-server" ctl -s "$dir/control.sock" pools >/dev/null 2>&1 && break
	sleep 0.1
done
count=$("$out/dstm-server" ctl -s "$dir/control.sock" leases state bound | wc -l)
[ "$count" -eq "$clients" ]
result $? "the store has all of them ($count)" "$dir/log"
tap_done
