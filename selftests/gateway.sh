#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# dstm-gateway: what it makes of the host, and what servers may order.

. "$(dirname "$0")/lib.sh"

need_dstm
need_tool dstm-gateway openssl curl

ns client gw inet
link_underlay "$client" "$gw" 1 7 || bail "no veth"
link_inet "$inet" "$gw"
ip -n "$gw" addr add 2001:db8::1/128 dev lo nodad
n "$gw" sh -c 'echo 1 > /proc/sys/net/ipv6/conf/all/forwarding'
n "$gw" sh -c 'echo 0 > /proc/sys/net/ipv4/ip_forward'
tunnel_client "$client" 1 7 192.0.2.7 || bail "no ip6tnl"

cat > "$work/gateway.json" << END
{
  "name": "gw1",
  "socket": "$work/gateway.sock",
  "state": "$work/gateway.state",
  "idle": 2,
  "devices": [ { "name": "dstm0", "local": "2001:db8::1", "ipv4": "192.0.2.1",
                 "mtu": 1400 } ],
  "servers": [ { "name": "one", "uids": [ 0 ], "certificates": [ "one.example" ] },
               { "name": "two", "uids": [ 65534 ] } ],
  "pools": [ { "prefix": "192.0.2.0/25", "server": "one" },
             { "prefix": "192.0.2.128/25", "server": "two" },
             { "prefix": "203.0.113.0/24" } ],
  "tls": { "port": 3654, "certificate": "$work/gw.crt", "key": "$work/gw.key",
           "authorities": "$work/ca.crt" },
  "metrics": { "address": "127.0.0.1", "port": 9655 }
}
END

# certificate FILE ISSUER [NAME]: $work/FILE.{key,crt}
certificate()
{
	local name=${3:-$1}.example

	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$work/$1.key" -subj "/CN=$name" -out "$work/$1.csr" 2> /dev/null
	echo "subjectAltName=DNS:$name,IP:2001:db8:1::1" > "$work/ext"
	openssl x509 -req -in "$work/$1.csr" -CA "$work/$2.crt" -CAkey "$work/$2.key" \
		-days 2 -extfile "$work/ext" -out "$work/$1.crt" 2> /dev/null
}

authority()
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-keyout "$work/$1.key" -out "$work/$1.crt" -subj "/CN=$1" 2> /dev/null
}

authority ca
authority other
certificate gw ca
certificate one ca
certificate nobody ca
certificate impostor other one

daemon()
{
	ip netns exec "$gw" dstm-gateway -c "$work/gateway.json" >> "$work/gateway.log" 2>&1 &
	daemon=$!
	busywait 60000 test -S "$work/gateway.sock" || { cat "$work/gateway.log"; bail "no daemon"; }
}

daemon_end()
{
	kill "-${1:-TERM}" "$daemon"
	wait "$daemon" 2> /dev/null
}

# rpc ARGUMENTS: as the server "one", which root is.
rpc()
{
	"${python[@]}" "$SELFTESTS/rpc.py" "$work/gateway.sock" --hello "$@"
}

rpc_as_nobody()
{
	setpriv --reuid 65534 --clear-groups "${python[@]}" "$SELFTESTS/rpc.py" \
		"$work/gateway.sock" --hello "$@"
}

tls()
{
	n "$client" "${python[@]}" "$SELFTESTS/rpc.py" --ca "$work/ca.crt" --name gw.example \
		"[2001:db8:1::1]:3654" --hello "$@"
}

# says WORD... -- COMMAND: the words are in what the command prints, whatever its status.
says()
{
	local words=() word out

	while [ "$1" != -- ]; do
		words+=("$1")
		shift
	done
	shift
	out=$("$@" 2>&1)
	for word in "${words[@]}"; do
		grep -qF -e "$word" <<< "$out" || { echo "no \"$word\" in:"; echo "$out"; return 1; }
	done
}

refuses() { says '"error"' "$@"; }

mapping() { echo '{"mappings": [{"ipv4": "'"$1"'", "remote": "'"$2"'"'"${3:+, $3}"'}]}'; }

chmod 755 "$work"
daemon

check "the device is made as configured" \
	says '"mtu": 1400' '"up": true' '"local": "2001:db8::1"' -- \
	"${python[@]}" -c 'import json, subprocess, sys
print(json.dumps(json.loads(subprocess.check_output(sys.argv[1:]))))' \
	ip netns exec "$gw" "$nl" -j link show dstm0
check "pools lead to it, under the daemon's protocol number" \
	says "192.0.2.0/25 dev dstm0" "192.0.2.128/25 dev dstm0" \
	"unreachable 192.0.2.0/25" "metric 4294967294" -- \
	ip -n "$gw" route show proto 157
check "IPv4 forwarding is on" n "$gw" grep -q 1 /proc/sys/net/ipv4/ip_forward
check "an address without a mapping is answered" \
	says "Unreachable" -- n "$inet" ping -4 -n -c 1 -W 2 192.0.2.9

check "hello tells of this server's pools alone" \
	says '"prefix": "192.0.2.0/25"' '"ipv4": "192.0.2.1"' '"idle": 2' -- rpc
check_not "and not of another's" says "192.0.2.128" -- rpc
check "the first hello is told of the start" says gateway.restarted -- rpc_as_nobody
check_not "the second is not" says gateway.restarted -- rpc_as_nobody
check "nothing before hello" says -32001 -- "${python[@]}" "$SELFTESTS/rpc.py" \
	"$work/gateway.sock" stats '{}'
check "a protocol that it does not speak is refused" says -32602 -- \
	"${python[@]}" "$SELFTESTS/rpc.py" "$work/gateway.sock" hello '{"protocol": 9}'

check "map.add" rpc map.add "$(mapping 192.0.2.7 2001:db8:1::7)"
check "traffic passes" pings "$client" 198.51.100.2
check "map.add outside of the pools is forbidden" says -32001 '"index": 0' -- \
	rpc map.add "$(mapping 192.0.2.200 2001:db8:1::7)"
check "so is the pool of nobody" says -32001 -- \
	rpc map.add "$(mapping 203.0.113.1 2001:db8:1::7)"
check "the other server has its own" rpc_as_nobody map.add "$(mapping 192.0.2.200 2001:db8:1::8)"
check_not "all or none: one is wrong" rpc map.add '{"mappings": [
	{"ipv4": "192.0.2.20", "remote": "2001:db8:1::20"},
	{"ipv4": "192.0.2.7", "psid": 1, "psid-len": 4, "remote": "2001:db8:1::21"}]}'
check "so none is set" mapped 2
check "the kernel's reason is told, and which mapping" \
	says 'index": 1' -32000 -- rpc map.add '{"mappings": [
	{"ipv4": "192.0.2.20", "remote": "2001:db8:1::20"},
	{"ipv4": "192.0.2.7", "psid": 1, "psid-len": 4, "remote": "2001:db8:1::21"}]}'
check_not "another's mapping can not be deleted" rpc map.del "$(mapping 192.0.2.200 2001:db8:1::8)"
check "map.del of what is not there" says '"count": 0' -- \
	rpc map.del "$(mapping 192.0.2.33 2001:db8:1::8)"
check "map.list" says '"ipv4": "192.0.2.7"' 'rx-packets' -- rpc map.list '{"prefix": "192.0.2.0/28"}'
check_not "map.list elsewhere" rpc map.list '{"prefix": "192.0.2.0/24"}'
check "link.show" says '"dev": "dstm0"' '"mtu": 1400' -- rpc link.show '{}'
check "stats" says '"count": 2' '"rx-packets"' -- rpc stats '{}'

check "map.sync deletes what is not wanted, in its own pools" \
	says '"deleted": 1' -- rpc map.add "$(mapping 192.0.2.8 2001:db8:1::8)" \
	map.sync '{"step": "begin"}' \
	map.sync '{"step": "chunk", "mappings": [{"ipv4": "192.0.2.7", "remote": "2001:db8:1::7"}]}' \
	map.add "$(mapping 192.0.2.9 2001:db8:1::9)" map.sync '{"step": "end"}'
check "and leaves the others" mapped 3
check "what changes from whole to port sets is synced too" \
	says '"deleted": 1' -- rpc map.sync '{"step": "begin"}' \
	map.sync '{"step": "chunk", "mappings": [{"ipv4": "192.0.2.7", "remote": "2001:db8:1::7"},
	  {"ipv4": "192.0.2.9", "psid": 0, "psid-len": 6, "remote": "2001:db8:1::9"}]}' \
	map.sync '{"step": "end"}'
check "the port set is there" mapped 1 psid 0
check "a sync that does not end deletes nothing" rpc map.sync '{"step": "begin"}'
check "so all are there" mapped 3

check "what waits for the end of a sync, and is deleted meanwhile, does not come back" \
	says '"deleted": 1' -- rpc \
	map.add '{"mappings": [{"ipv4": "192.0.2.11", "psid": 0, "psid-len": 6, "remote": "2001:db8:1::9"}]}' \
	map.sync '{"step": "begin"}' \
	map.sync '{"step": "chunk", "mappings": [{"ipv4": "192.0.2.7", "remote": "2001:db8:1::7"},
	  {"ipv4": "192.0.2.9", "psid": 0, "psid-len": 6, "remote": "2001:db8:1::9"}]}' \
	map.sync '{"step": "chunk", "mappings": [{"ipv4": "192.0.2.11", "remote": "2001:db8:1::9"}]}' \
	map.del "$(mapping 192.0.2.11 2001:db8:1::9)" map.sync '{"step": "end"}'
check "so it is not there" mapped 0 ipv4 192.0.2.11
check "and the others are" mapped 3

rpc --for 60 > "$work/told" &
listener=$!
check "a lifetime ends" says map.expired -- rpc_as_nobody --for 3 \
	map.add "$(mapping 192.0.2.201 2001:db8:1::9 '"lifetime": 1')"
check_not "and not to another" grep -q map.expired "$work/told"
check "map.idle" busywait 6000 grep -q 'map.idle.*192\.0\.2\.7' "$work/told"

check "a device that is deleted is made anew" sh -c "ip -n $gw link del dstm0"
back() { n "$gw" "$nl" link show dstm0 > /dev/null 2>&1; }
check "it is back" busywait 3000 back
check "the servers are told" busywait 3000 grep -q "restarted.*made anew" "$work/told"
kill $listener 2> /dev/null

# The family's number is another one each time.
if modprobe -n -r dstm 2> /dev/null && [ -z "$DSTM_NO_UNLOAD" ]; then
	check "the module is unloaded under the daemon" modprobe -r dstm
	check "the device comes back, and the module with it" busywait 5000 back
	check "mappings go to the module that is there now" busywait 3000 \
		rpc map.add "$(mapping 192.0.2.7 2001:db8:1::7)"
	check "and the end of a lifetime is told from there" says map.expired -- \
		rpc_as_nobody --for 3 \
		map.add "$(mapping 192.0.2.201 2001:db8:1::9 '"lifetime": 1')"
else
	skip "a module that is loaded anew" "the module can not be unloaded here"
fi

check "TLS with a certificate of both sides" \
	tls --cert "$work/one.crt" --key "$work/one.key" map.add "$(mapping 192.0.2.7 2001:db8:1::7)"
check "traffic passes again" pings "$client" 198.51.100.2
# Closed by the gateway, without an answer; and not because of a file that is not there.
shut_out()
{
	tls "$@" > "$work/said" 2>&1
	cat "$work/said"
	grep -q '"closed"' "$work/said" && ! grep -q '"result"\|No such file' "$work/said"
}
check "no certificate: no answer" shut_out
check "a certificate that no server has: no answer" shut_out \
	--cert "$work/nobody.crt" --key "$work/nobody.key"
check "a certificate of another authority: no answer" shut_out \
	--cert "$work/impostor.crt" --key "$work/impostor.key"
check "TLS 1.2: no answer" shut_out --tls12 --cert "$work/one.crt" --key "$work/one.key"
check "a uid that no server has: no answer" says '"closed"' -- \
	setpriv --reuid 65533 --clear-groups "${python[@]}" "$SELFTESTS/rpc.py" "$work/gateway.sock" --hello

check "metrics" says 'dstm_gateway_mappings{dev="dstm0"} 1' 'dstm_gateway_drops_total{dev="dstm0",reason="tx-no-mapping"}' \
	'dstm_gateway_order_seconds_bucket{le="+Inf"}' 'dstm_gateway_strangers_total' -- \
	n "$gw" curl -s http://127.0.0.1:9655/metrics
check "CAP_NET_ADMIN alone is kept" says "CapEff:	0000000000001000" "CapBnd:	0000000000001000" \
	"NoNewPrivs:	1" -- cat "/proc/$daemon/status"

echo '{ "name": 5 }' > "$work/bad.json"
cp "$work/gateway.json" "$work/good.json"
check "--check of a wrong file" says "$work/bad.json:1:3: name: expected a string" -- \
	dstm-gateway --check -c "$work/bad.json"
check "--check of a right one" dstm-gateway --check -c "$work/good.json"
cp "$work/bad.json" "$work/gateway.json"
kill -HUP "$daemon"
check "a wrong file is refused at SIGHUP, the old one stays" \
	busywait 3000 grep -q "the old configuration stays" "$work/gateway.log"
check "and works" rpc stats '{}'
sed 's/"mtu": 1400/"mtu": 1300, "shortcut": [ "inet0", "down1" ]/; s/"192.0.2.1"/"192.0.2.2"/; s|192.0.2.128/25|192.0.2.192/26|' \
	"$work/good.json" > "$work/gateway.json"
kill -HUP "$daemon"
check "a right one is in force" busywait 3000 grep -q "is in force" "$work/gateway.log"
check "the device follows" says "mtu 1300" -- ip -n "$gw" link show dstm0
check "and takes a shortcut" says "shortcut on dev inet0 dev down1" -- \
	ip netns exec "$gw" "$nl" link show dstm0
check "its address too" says "192.0.2.2/32" -- ip -n "$gw" -4 addr show dev dstm0
check_not "and not beside the former one" says "192.0.2.1/32" -- ip -n "$gw" -4 addr show dev dstm0
check_not "the routes too" says 192.0.2.128/25 -- ip -n "$gw" route show proto 157
check "its mappings stay" pings "$client" 198.51.100.2

# state_in NAME OTHER: what is to be put back stands in this file and not in the other.
state_in() { [ -e "$work/$1.state" ] && [ ! -e "$work/$2.state" ]; }
sed "s/gateway.state/other.state/" "$work/good.json" > "$work/gateway.json"
kill -HUP "$daemon"
check "what is to be put back moves to another file" busywait 3000 state_in other gateway
cp "$work/good.json" "$work/gateway.json"
kill -HUP "$daemon"
check "and comes back" busywait 3000 state_in gateway other

# Its device is changed before it is known that it fails.
sed 's/"192.0.2.1"/"192.0.2.2"/; s/127.0.0.1/203.0.113.99/' "$work/good.json" > "$work/gateway.json"
kill -HUP "$daemon"
check "metrics where there is no such address: the old configuration stays" \
	busywait 3000 grep -q "metrics at 203.0.113.99" "$work/gateway.log"
check "with its address" busywait 3000 says "192.0.2.1/32" -- ip -n "$gw" -4 addr show dev dstm0
check_not "and not the other's" says "192.0.2.2/32" -- ip -n "$gw" -4 addr show dev dstm0
cp "$work/good.json" "$work/gateway.json"

n "$client" ping -4 -n -i 0.05 -c 60 -W 1 198.51.100.2 > "$work/ping" 2>&1 &
ping=$!
daemon_end KILL
daemon
wait $ping
check "kill -9 and a new start: traffic is not interrupted" grep -q " 0% packet loss" "$work/ping"

# with_shortcut NAME: the configuration, with a shortcut at this device.
with_shortcut()
{
	sed "s/\"mtu\": 1400/&, \"shortcut\": [ \"$1\" ]/" "$work/good.json" > "$work/gateway.json"
}

daemon_end KILL
with_shortcut none0
n "$gw" dstm-gateway -c "$work/gateway.json" >> "$work/gateway.log" 2>&1
check "a start that fails exits with 1" test $? -eq 1
check "and leaves traffic alone" pings "$client" 198.51.100.2
ip -n "$gw" link add gone0 type dummy
with_shortcut gone0
daemon
check "it starts once the device is there" busywait 5000 says "shortcut on dev gone0" -- \
	n "$gw" "$nl" link show dstm0
ip -n "$gw" link del gone0
with_shortcut none0
kill -HUP "$daemon"
ended() { ! kill -0 "$daemon" 2> /dev/null; }
check "when no configuration works any more it ends" busywait 5000 ended
wait "$daemon"
check "with 1" test $? -eq 1
check "and leaves traffic alone then too" pings "$client" 198.51.100.2
cp "$work/good.json" "$work/gateway.json"
daemon

check "another daemon on this socket is refused" says "Address already in use" -- \
	n "$gw" dstm-gateway -c "$work/gateway.json"
check "and has changed nothing" pings "$client" 198.51.100.2
daemon_end
check "at its end the device is gone" says "does not exist" -- ip -n "$gw" link show dstm0
check "no route is left" test -z "$(ip -n "$gw" route show proto 157 2>&1)"
check "forwarding is as before" n "$gw" grep -q 0 /proc/sys/net/ipv4/ip_forward
check_not "no state is left" test -e "$work/gateway.state"
check_not "no socket is left" test -e "$work/gateway.sock"
grep -v '^<[567]>' "$work/gateway.log" | sed 's/^/# /'
tap_done
