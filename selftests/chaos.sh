#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Many clients on a network that loses and reorders packets, while any daemon may be
# killed at any moment. Throughout: no address is lent twice, nobody gets another's
# packets. In the end: the mappings are the leases.
#
# DSTM_CHAOS_CLIENTS and DSTM_CHAOS_SECONDS say how many and how long.

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
ip -n "$router" link add hosts type bridge mcast_snooping 0
ip -n "$router" link set hosts up
ip -n "$router" addr add 2001:db8:20::1/64 dev hosts nodad
names=()
for i in $(seq 1 "$clients"); do
	name=dstm-c$i-$$
	ip netns add "$name" || bail "no namespace"
	namespaces+=("$name")
	names+=("$name")
	ip link add eth0 netns "$name" type veth peer name "port$i" netns "$router"
	ip -n "$router" link set "port$i" master hosts up
	n "$name" sh -c "echo 0 > /proc/sys/net/ipv6/conf/all/accept_dad
		ip link set lo up
		ip link set eth0 up
		ip addr add 2001:db8:20::$((i / 100 + 1)):$((i % 100 + 1))/64 dev eth0 nodad
		ip -6 route add default via 2001:db8:20::1
		tc qdisc add dev eth0 root netem loss 3% delay 5ms 3ms reorder 5%" ||
		bail "client $i"
done
n "$router" tc qdisc add dev down2 root netem loss 2% delay 2ms 1ms reorder 5%

run_client()
{
	client_start "$1" '"mode": "always", "idle": 0'
}
for name in "${names[@]}"; do
	run_client "$name"
done

# unique: each address is one client's, on the hosts and in the store.
unique()
{
	local twice host

	twice=$(for host in "${names[@]}"; do address_of "$host"; done | sort | uniq -d)
	[ -z "$twice" ] || { echo "on two hosts: $twice"; return 1; }
	ctl -j leases 2> /dev/null > "$work/leases" || return 0
	"$python" - "$work/leases" <<-'END'
	import collections, json, sys
	held = collections.Counter((l["ipv4"], l.get("psid")) for l in json.load(open(sys.argv[1]))
	                           if l["state"] not in ("free", "offered", "resting"))
	twice = [key for key, times in held.items() if times > 1]
	if twice:
	    sys.exit(f"lent twice: {twice}")
	END
}

"$python" "$SELFTESTS/probe.py" "$work/probes" 198.51.100.2 7000 "${names[@]}" \
	2> "$work/probe.err" &
probe=$!

end=$(($(date +%s) + seconds))
violations=0
kills=0
while [ "$(date +%s)" -lt "$end" ]; do
	case $((RANDOM % 10)) in
	0)	stop gateway KILL
		gateway_start ;;
	1)	stop server KILL
		start server "$server" dstm-server -c "$work/server.json" ;;
	*)	victim=${names[RANDOM % clients]}
		stop "$victim" KILL
		run_client "$victim" ;;
	esac
	kills=$((kills + 1))
	[ $((kills % 5)) -eq 0 ] || continue	# it takes longer than a kill
	unique > "$work/check.log" 2>&1 && continue
	violations=$((violations + 1))
	sed 's/^/# /' "$work/check.log"
done
note "$kills daemons were killed in $seconds s"
check "no address was ever lent twice" test "$violations" -eq 0

all_have()
{
	local host

	for host in "${names[@]}"; do
		has_address "$host" || return 1
	done
}
check "every client has an address in the end" busywait 90000 all_have
check "the mappings are the leases" busywait 15000 equal
check "no address is on two hosts" unique
hosts_agree()
{
	local host

	for host in "${names[@]}"; do
		printf '%s %s\n' "$(address_of "$host")" \
			"$(ip -n "$host" -6 -o addr show dev eth0 scope global | sed 's/.*inet6 \([^/]*\).*/\1/')"
	done | sort > "$work/hosts"
	gw_nl -j map show dev dstm0 | "$python" -c '
import json, sys
for m in json.load(sys.stdin): print(m["ipv4"], m["remote"])' | sort > "$work/table"
	diff "$work/hosts" "$work/table"
}
check "every host has what the gateway maps to it" busywait 15000 hosts_agree
kill $probe
wait $probe
cat "$work/probe.err"
check "nobody got what was another's" "$python" -c '
import json, sys
counts = json.load(open(sys.argv[1]))
print(counts)
sys.exit(0 if counts["received"] and not counts["wrong"] else 1)' "$work/probes"
note "$(cut -c 1-60 "$work/probes")"
[ $tap_failed -eq 0 ] || logs
tap_done
