#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# server.sh OUT: how many leases a second dstm-server gives to 100,000 clients over the
# loopback device of a network namespace, with a gateway that confirms at once; how long
# one takes, both as fast as it goes and at rates below that; and how much memory. Beside
# each figure with a goal is the goal. As root, or where user namespaces are allowed.
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

# machine: what it is that was measured.
machine()
{
	local model memory disk

	model=$(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -n 1)
	memory=$(awk '/^MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo)
	disk=$(df --output=fstype,source "$dir" | tail -n 1 | xargs)
	echo "$(nproc) x ${model:-$(uname -m)}, $memory GB, Linux $(uname -r), store on $disk, \
load $(cut -d ' ' -f 1 /proc/loadavg) at the start"
}

# run NAME STORE LEAST MOST WINDOW [RATE]: one line of the table. The goals are LEAST
# leases a second and MOST milliseconds for 99 %; - where there is none.
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
	result=$("$out/bench-clients" 547 "$clients" "${@:5}")
	after=$(resident $server)
	kill $server
	wait $server || :
	/usr/bin/python3 - "$name" "$result" $(((after - before) / clients)) "$3" "$4" <<-END
	import json, sys
	name, result, size, least, most = sys.argv[1:]
	r = json.loads(result)
	def beside(value, form, goal, good):
	    text = form % value
	    if goal == "-":
	        return text
	    return "%s (%s)" % (text, "good" if good else "not " + goal)
	print("| %s | %s | %.1f | %s | %s |" % (name,
	      beside(r["per-second"], "%d", least, least == "-" or r["per-second"] >= int(least)),
	      r["p50-ms"],
	      beside(r["p99-ms"], "%.1f", most, most == "-" or r["p99-ms"] < int(most)),
	      beside(int(size), "%d", "512", int(size) < 512)))
	END
}

ip link set lo up
"$out/bench-gateway" "$dir/gateway.sock" 10.0.0.0/14 &
pids+=($!)

machine
echo
echo "| $clients clients, store | leases a second | median, ms | 99 %, ms | bytes a lease |"
echo "|---|---|---|---|---|"
run "in memory, as fast as it goes" ":memory:" 10000 - 100
run "in memory, 5000 a second" ":memory:" - 20 "$clients" 5000
run "on disk, as fast as it goes" "$dir/leases.db" 3000 - 100
run "on disk, 1000 a second" "$dir/leases.db" - 20 "$clients" 1000
run "on disk, 3000 a second" "$dir/leases.db" - 20 "$clients" 3000
echo
echo "The goals: 10000 leases a second in memory, 3000 on disk, 99 % of them within 20 ms"
echo "at rates below that, and less than 512 bytes a lease."
