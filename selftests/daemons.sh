#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# From an IPv6-only host to the IPv4 Internet: client, server and gateway apart.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/daemons-lib.sh"

need_daemons
need_tool curl
network second
certificates

gateway_start
server_json '"lifetime": 20'
server_start
check "server and gateway meet by TLS" gateway_is up

# tcpdump's buffer is flushed by each line.
n "$router" tcpdump -i any -n -l -tt \
	'udp port 547 or (tcp port 3654) or (ip6 and ip6[6] == 4)' \
	> "$work/capture" 2> "$work/capture.err" &
capture=$!
busywait 10000 grep -q listening "$work/capture.err"

client_start "$client"
check_not "on demand: no address before a packet wants out" has_address "$client"
check "ping -c 1 works the first time" n "$client" ping -4 -n -c 1 -W 10 198.51.100.2
lent=$(address_of "$client")
note "the address is $lent"
# Before it is renewed.
figures=$(n "$server" curl -s http://127.0.0.1:9656/metrics)
sleep 0.5
kill $capture
wait $capture 2> /dev/null

# Of the capture: the request, the order to the gateway and its answer, the reply, the
# tunnel, in this order.
steps()
{
	"${python[@]}" - "$work/capture" <<-'END'
	import re, sys
	steps = []
	for line in open(sys.argv[1]):
	    if re.search(r'\.54[67] > 2001:db8:2::2\.547', line): kind = 'request'
	    elif re.search(r'2001:db8:2::2\.547 > ', line): kind = 'reply'
	    elif re.search(r' > 2001:db8:3::2\.3654: .*length [1-9]', line): kind = 'order'
	    elif re.search(r'2001:db8:3::2\.3654 > .*length [1-9]', line): kind = 'answer'
	    elif re.search(r'2001:db8:1::7 > 2001:db8::1: ', line): kind = 'tunnel'
	    else: continue
	    if not steps or steps[-1] != kind:
	        steps.append(kind)
	print(steps)
	text = ' '.join(steps)
	sys.exit(0 if 'request order answer reply tunnel' in text and
	         'tunnel' not in text.split('answer')[0] else 1)
	END
}
check "request, order, answer, reply, tunnel: in this order" steps
check "the mapping is the lease" equal
check "who has the address" sh -c "dstm-server ctl -s $sock/server who $lent | grep -q 2001:db8:1::7"
check "the client tells its state" sh -c "dstm-client status --json --socket $sock/$client | grep -q $lent"

# told LINE...: Prometheus can read what the server says, and these are in it.
told()
{
	local line

	echo "$figures"
	grep -vE '^(# (HELP|TYPE) [a-z_]+ .*|[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.e+-]+)$' \
		<<< "$figures" && return 1
	for line; do
		grep -qxF "$line" <<< "$figures" || { echo "no $line"; return 1; }
	done
}
check "metrics: pools, leases, requests and gateways" told \
	'dstm_pool_addresses{pool="p",use="whole"} 1' \
	'dstm_leases{class="all",state="bound"} 1' \
	'dstm_requests_total{type="REQUEST",outcome="granted"} 1' \
	'dstm_request_seconds_bucket{le="+Inf"} 2' \
	'dstm_gateway_up{gateway="gw1"} 1' 'dstm_store_failing 0'
check_not "and not to other machines" n "$router" curl -s "http://[2001:db8:2::2]:9656/metrics"

expiry() { mapping_field lifetime ipv4 "$lent"; }
first=$(expiry)
renewed() { local now; now=$(expiry) && [ "$now" -gt "$last" ] || { last=$now; false; }; }
last=$first
check "renewal is granted" busywait 15000 renewed
check "and the address is the same" has_address "$client" "$lent"

server_json '"lifetime": 20, "max-renewals": 0'
kill -HUP "${pid[server]}"
gone() { [ -z "$(gw_nl map show dev dstm0 ipv4 "$lent")" ]; }
check "renewal is refused by policy, and the lease ends" busywait 60000 gone
check "the lease and the mapping end together" busywait 2000 equal
stop "$client"
check_not "the client leaves no device" ip -n "$client" link show dstm0
check_not "and no IPv4 route" sh -c "ip -n $client route | grep -q default"

# One address to lend, so that everybody wants the same.
stop server
pool=192.0.2.8/32
server_json '"lifetime": 30' '"rest": "5s"'
rm -f "$work"/leases.db*
server_start
client_start "$client" '"mode": "always"'
check "an always client has its address without traffic" busywait 10000 has_address "$client" 192.0.2.8
client_start "$second"
check "the pool is empty: the second hears that the network is unreachable" \
	sh -c "ip netns exec $second ping -4 -n -c 1 -W 10 198.51.100.2 2>&1 | grep -i unreachable"
stop "$client"
freed=$(date +%s%N)
check "released at stop: the mapping is gone" busywait 5000 equal
taken() { n "$second" ping -4 -n -c 1 -W 3 198.51.100.2 > /dev/null 2>&1 && has_address "$second" 192.0.2.8; }
check "the address goes to the second in the end" busywait 40000 taken
rested=$((($(date +%s%N) - freed) / 1000000))
check "but not before it has rested 5 s (it was $rested ms)" test $rested -ge 5000
check "the mapping is the second's" sh -c "ip netns exec $gw $nl map show | grep -q 2001:db8:11::7"

stop "$second"
stop server
stop gateway
check_not "the gateway leaves no device" ip -n "$gw" link show dstm0
[ $tap_failed -eq 0 ] || logs
tap_done
