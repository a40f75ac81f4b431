#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# server.sh OUT: how many leases a second dstm-server gives to 100,000 clients over the
# loopback device of a network namespace, with a gateway that confirms at once; how long
# one takes; and how much memory. As root, or where user namespaces are allowed.
set -eu

out=$(realpath "$1")
clients=${CLIENTS:-100000}
if [ -z "${BENCH_INSIDE:-}" ]; then
	user=$([ "$(id -u)" -eq 0 ] || echo --map-root-user)
	# shellcheck disable=SC2086
	BENCH_INSIDE=1 exec unshare --net $user "$0" "$out"
fi

dir=$(mktemp -d "${BENCH_DIR:-$out}/bench.XXXXXX")
pids=()
# shellcheck disable=SC2317
cleanup()
{
	[ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || :
	wait
	rm -rf "$dir"
}
trap cleanup EXIT

config()
{
	cat >"$dir/server.json" <<-END
	{
	  "store": "$1", "control": "$dir/control.sock",
	  "listen": { "address": "::1", "rate": 4294967295, "rate-source": 4294967295 },
	  "gateways": [ { "name": "bench", "socket": "$dir/gateway.sock" } ],
	  "pools": [ { "name": "bench", "prefixes": [ "10.0.0.0/14" ], "gateways": [ "bench" ],
	    "tep": { "ipv6": "2001:db8::1", "ipv4": "10.0.0.1" } } ],
	  "classes": [ { "name": "bench", "pools": [ "bench" ], "lifetime": "1h",
	    "tunnel-source": "any" } ]
	}
	END
}

ready()
{
	local i

	for ((i = 0; i < 100; i++)); do
		"$out/dstm-server" ctl -s "$dir/control.sock" gateways 2>/dev/null |
			grep -q 'state up' && return
		sleep 0.1
	done
	cat "$dir/log" >&2
	return 1
}

resident()
{
	awk '/^VmRSS/ { print $2 * 1024 }' "/proc/$1/status"
}

# run NAME STORE WINDOW [RATE]: one line of the table.
run()
{
	local name=$1 server before after result
	config "$2"
	rm -f "$dir"/leases*
	"$out/dstm-server" -c "$dir/server.json" 2>"$dir/log" &
	server=$!
	pids+=("$server")
	ready
	before=$(resident $server)
	result=$("$out/bench-clients" 547 "$clients" "${@:3}")
	after=$(resident $server)
	kill $server
	wait $server || :
	/usr/bin/python3 - "$name" "$result" $(((after - before) / clients)) <<-END
	import json, sys
	r = json.loads(sys.argv[2])
	print("| %s | %d | %.1f | %.1f | %s |" % (sys.argv[1], r["per-second"], r["p50-ms"],
	      r["p99-ms"], sys.argv[3]))
	END
}

ip link set lo up
"$out/bench-gateway" "$dir/gateway.sock" 10.0.0.0/14 &
pids+=($!)

echo "| $clients clients, store | leases a second | median, ms | 99 %, ms | bytes a lease |"
echo "|---|---|---|---|---|"
run "in memory, 100 at once" ":memory:" 100
run "on disk, 100 at once" "$dir/leases.db" 100
run "on disk, 3000 a second" "$dir/leases.db" "$clients" 3000
