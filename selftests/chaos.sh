#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Many clients on a network that loses and reorders packets, while any daemon may be
# killed at any moment, server and gateway also both at once. Throughout: no address is
# lent twice, nobody gets another's packets, and the mappings are the leases within 5 s
# of each time that server and gateway have met again.
#
# DSTM_CHAOS_CLIENTS and DSTM_CHAOS_SECONDS say how many and how long. 200 clients
# need a machine with 4 GB.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/daemons-lib.sh"

clients=${DSTM_CHAOS_CLIENTS:-200}
seconds=${DSTM_CHAOS_SECONDS:-300}

need_daemons
network
certificates
gateway_start
server_json '"lifetime": 30' '"rest": "5s"'
server_start
serve "$inet" 198.51.100.2 7000

# All clients are hosts of one link, on a bridge of the router's.
in_batch "$router" <<-END || bail "no bridge"
	link add hosts type bridge mcast_snooping 0
	link set hosts up
	addr add 2001:db8:20::1/64 dev hosts nodad
END
names=()
declare -A remote
for i in $(seq 1 "$clients"); do
	name=dstm-c$i-$$
	remote[$name]=2001:db8:20::$((i / 100 + 1)):$((i % 100 + 1))
	ip netns add "$name" || bail "no namespace"
	namespaces+=("$name")
	names+=("$name")
	in_batch "$router" <<-END || bail "client $i"
		link add port$i type veth peer name eth0 netns $name
		link set port$i master hosts up
	END
	in_batch "$name" <<-END || bail "client $i"
		link set lo up
		link set eth0 up
		addr add ${remote[$name]}/64 dev eth0 nodad
		route add ::/0 via 2001:db8:20::1
	END
	tc -n "$name" qdisc add dev eth0 root netem loss 3% delay 5ms 3ms reorder 5% ||
		bail "client $i"
	echo '{ "servers": [ "2001:db8:2::2" ], "mode": "always", "idle": 0,
		"state-file": "'"$work/$name.state"'", "control-socket": "'"$sock/$name"'" }' \
		> "$work/$name.json"
done
tc -n "$router" qdisc add dev down2 root netem loss 2% delay 2ms 1ms reorder 5%

run_client()
{
	start "$1" "$1" dstm-client --config "$work/$1.json"
}
for name in "${names[@]}"; do
	run_client "$name"
done

# hosts_have: a line of each host that has an address.
hosts_have()
{
	"${python[@]}" "$SELFTESTS/addresses.py" dstm0 "${names[@]}" > "$work/have"
}

# unique: each address is one client's, on the hosts and in the store.
unique()
{
	local twice

	hosts_have || return 1
	twice=$(cut -d ' ' -f 2 "$work/have" | sort | uniq -d)
	[ -z "$twice" ] || { echo "on two hosts: $twice"; return 1; }
	ctl -j leases 2> /dev/null > "$work/leases" || return 0
	"${python[@]}" - "$work/leases" <<-'END'
	import collections, json, sys
	held = collections.Counter((l["ipv4"], l.get("psid")) for l in json.load(open(sys.argv[1]))
	                           if l["state"] not in ("free", "offered", "resting"))
	twice = [key for key, times in held.items() if times > 1]
	if twice:
	    sys.exit(f"lent twice: {twice}")
	END
}

"${python[@]}" "$SELFTESTS/probe.py" "$work/probes" 198.51.100.2 7000 "${names[@]}" \
	2> "$work/probe.err" &
probe=$!

# met_again: the table is mended, and how long that took at most, in seconds.
longest=0
met_again()
{
	local begin

	busywait 60000 gateway_is up || { echo "server and gateway do not meet"; return 1; }
	begin=$EPOCHSECONDS
	busywait 5000 equal || return 1
	begin=$((EPOCHSECONDS - begin))
	longest=$((begin > longest ? begin : longest))
}

kill_client()
{
	local victim=${names[RANDOM % clients]}

	stop "$victim" KILL
	run_client "$victim"
}

server_again() { start server "$server" dstm-server -c "$work/server.json"; }

# held CHECK: or it is a violation, which is shown.
violations=0
held()
{
	"$1" > "$work/check.log" 2>&1 && return
	violations=$((violations + 1))
	echo "# $1 does not hold:"
	cut -c 1-2000 "$work/check.log" | sed 's/^/# /'
}

end=$((EPOCHSECONDS + seconds))
kills=0
while [ "$EPOCHSECONDS" -lt "$end" ]; do
	sleep "0.$((RANDOM % 10))"
	case $((RANDOM % 10)) in
	0)	stop gateway KILL
		gateway_start
		held met_again ;;
	1)	stop server KILL
		server_again
		held met_again ;;
	2)	stop server KILL
		stop gateway KILL
		server_again
		gateway_start
		held met_again ;;
	*)	kill_client ;;
	esac
	kills=$((kills + 1))
	[ $((kills % 5)) -ne 0 ] || held unique	# it takes longer than a kill
done
note "$kills times somebody was killed in $seconds s"
note "the mappings were the leases again after $longest s at most"
check "no address was ever lent twice, and the mappings always became the leases" \
	test "$violations" -eq 0

all_have()
{
	hosts_have && [ "$(wc -l < "$work/have")" -eq "$clients" ]
}
check "every client has an address in the end" busywait 90000 all_have
check "the mappings are the leases" busywait 15000 equal
check "no address is on two hosts" unique
hosts_agree()
{
	local name address

	hosts_have || return 1
	while read -r name address; do
		echo "$address ${remote[$name]}"
	done < "$work/have" | sort > "$work/hosts"
	gw_nl map show dev dstm0 |
		sed 's/.* ipv4 \([^ ]*\) remote \([^ ]*\).*/\1 \2/' | sort > "$work/table"
	diff "$work/hosts" "$work/table"
}
check "every host has what the gateway maps to it" busywait 15000 hosts_agree
kill $probe
wait $probe
cat "$work/probe.err"
check "nobody got what was another's" "${python[@]}" -c '
import json, sys
counts = json.load(open(sys.argv[1]))
print(counts)
sys.exit(0 if counts["received"] and not counts["wrong"] else 1)' "$work/probes"
note "$(cut -c 1-60 "$work/probes")"
[ $tap_failed -eq 0 ] || logs
tap_done
