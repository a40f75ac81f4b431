#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# server_crash.sh OUT: what a client hears of is on the disk by then, whatever happens to
# the machine; and dstm-server is killed again and again while clients get leases. In the
# end every client has one, no two the same, and the store has them all.
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

# start [COMMAND...]: the server, by this command.
start()
{
	"$@" "$out/dstm-server" -c "$dir/server.json" 2>>"$dir/log" &
	server=$!
}

# Between a REQUEST and its ACK something is written, and all that is written synced.
# Option 53 has the type: 3 of the one, 5 of the other.
durable()
{
	/usr/bin/python3 - "$dir/calls" <<-'END'
	import re, sys
	acks, early, written, synced = 0, 0, False, False
	for line in open(sys.argv[1]):
	    if re.search(r"recvmmsg.*\\x35\\x01\\x03", line):
	        written = synced = False
	    elif "pwrite64(" in line:
	        written, synced = True, False
	    elif re.search(r"f(data)?sync.*= 0$", line):
	        synced = written
	    elif re.search(r"sendmmsg.*\\x35\\x01\\x05", line):
	        acks += 1
	        early += not synced
	print(acks, "leases,", early, "told of before they were on the disk")
	sys.exit(acks < 20 or early > 0)
	END
}

ip link set lo up
"$out/bench-gateway" "$dir/gateway.sock" 10.0.0.0/20 &
gateway=$!

# With -D it is the server that is the shell's child.
start strace -D -f -qq -xx -s 2000 -o "$dir/calls" \
	-e trace=recvmmsg,sendmmsg,pwrite64,fsync,fdatasync
timeout 60 "$out/bench-clients" 547 20 1 >"$dir/result"
kill $server
wait $server 2>/dev/null
for ((tries = 0; tries < 50; tries++)); do
	durable >"$dir/durable" && break
	sleep 0.1
done
[ $tries -lt 50 ]
result $? "a lease is on the disk before its client hears of it" "$dir/durable"

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
