#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every event of the group is heard.

. "$(dirname "$0")/lib.sh"

need_dstm
topology

gw_nl -j monitor > "$work/gw.json" 2> "$work/gw.err" &
n "$client" "$nl" -j monitor > "$work/client.json" 2> "$work/client.err" &
gw_nl monitor > "$work/gw.txt" 2>&1 &

# heard FILE WORD...: one event has all the words.
heard_now()
{
	local file=$1 word lines

	shift
	lines=$(cat "$work/$file")
	for word in "$@"; do
		lines=$(grep -e "$word" <<< "$lines") || return 1
	done
}

heard()
{
	busywait 3000 heard_now "$@" && return 0
	cat "$work/$1"
	return 1
}

# A monitor that has heard of a mapping listens.
all_listen()
{
	map replace ipv4 192.0.2.1 remote 2001:db8:1::1
	n "$client" "$nl" map replace dev first0 ipv4 192.0.2.1 remote 2001:db8:1::1
	heard_now gw.json new && heard_now gw.txt new && heard_now client.json new
}
n "$client" "$nl" link add first0 local 2001:db8:1::7
busywait 10000 all_listen || bail "no monitor"
map flush > /dev/null
n "$client" "$nl" link del first0

map add ipv4 192.0.2.7 psid 5 psid-len 6 remote 2001:db8:1::7
check "new" heard gw.json '"new"' '192\.0\.2\.7' '2001:db8:1::7' '"psid": *5'
map replace ipv4 192.0.2.7 psid 5 psid-len 6 remote 2001:db8:1::8
check "replace is new too" heard gw.json '"new"' '2001:db8:1::8'
map del ipv4 192.0.2.7 psid 5 psid-len 6
check "del" heard gw.json '"del"' '192\.0\.2\.7'
map add ipv4 192.0.2.8 remote 2001:db8:1::7 lifetime 1
check "expire" heard gw.json '"expire"' '192\.0\.2\.8'
map add ipv4 192.0.2.9 remote 2001:db8:1::7
map flush > /dev/null
check "flush is del" heard gw.json '"del"' '192\.0\.2\.9'
map add ipv4 192.0.2.10 remote 2001:db8:1::7 lifetime 1
sleep 1.02
map flush > /dev/null
check "of what was over before it is expire" heard gw.json '"expire"' '192\.0\.2\.10'
check_not "a refused command is no event" map add ipv4 192.0.2.66 remote 2001:db8::1
check_not "really none" heard_now gw.json '192\.0\.2\.66'

inject "$client" --inner-source 192.0.2.77 --sport 1234 --count 5
check "spoof" heard gw.json '"spoof"' '192\.0\.2\.77' 2001:db8:1::7 rx-inner-address
map add ipv4 192.0.2.7 remote 2001:db8:1::7
sleep 1
inject "$client" --source 2001:db8:1::66
check "spoof says whence" heard gw.json '"spoof"' 2001:db8:1::66 rx-outer-source
check "a thousand packets" counted rx-inner-address 1000 \
	inject "$client" --inner-source 192.0.2.78 --count 1000
map add ipv4 192.0.2.11 remote 2001:db8:1::7
check "what comes after them" heard gw.json '"new"' '192\.0\.2\.11'
limited()
{
	local events

	events=$(grep -c '"spoof"' "$work/gw.json")
	echo "$events spoof events of 1006 packets"
	[ "$events" -gt 0 ] && [ "$events" -lt 200 ]
}
check "spoof is rate limited" limited

ip -n "$client" link del tun
n "$client" "$nl" link add dstm0 role client local 2001:db8:1::7
ip -n "$client" link set dstm0 up
ip -n "$client" addr add 192.0.2.7/32 dev dstm0
ip -n "$client" route add default dev dstm0
traffic "$client" udp 198.51.100.2 4711 --count 1 --timeout 0.1 > /dev/null
check "acquire" heard client.json '"acquire"' 192.0.2.7 198.51.100.2 4711
check_not "the gateway acquires nothing" heard_now gw.json '"acquire"'
# Events have packets with them.
may_not_join()
{
	n "$gw" setpriv --reuid 65534 --regid 65534 --clear-groups \
		timeout 5 "$nl" monitor 2>&1 | grep -q "not permitted"
}
check "whoever may not administrate the network hears nothing" may_not_join
check "every line of -j monitor is JSON" "${python[@]}" -c '
import json, sys
for name in sys.argv[1:]:
    for line in open(name):
        json.loads(line)' "$work/gw.json" "$work/client.json"
check "text has them too" heard gw.txt new '192\.0\.2\.7'

# A monitor outlives the module. On its way out that takes all devices along.
if modprobe -n -r dstm 2> /dev/null && [ -z "$DSTM_NO_UNLOAD" ]; then
	reload()
	{
		modprobe -r dstm && modprobe dstm && gateway_device "$gw" &&
			map add ipv4 192.0.2.123 remote 2001:db8:1::7
	}
	check "the module is loaded anew" reload
	check "its events are heard" heard gw.json '"new"' '192\.0\.2\.123'
	check "as text, too" heard gw.txt new '192\.0\.2\.123'
else
	skip "events of a module that is loaded anew" "the module can not be unloaded here"
fi

tap_done
