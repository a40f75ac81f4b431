#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A share of an address for each client: the server lends port sets, the client keeps
# to its own, the gateway sees that it does, and the store knows whose a port was.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/daemons-lib.sh"
. "$(dirname "$0")/ports_lib.sh"

need_daemons
need_tool curl dig
network second
ns behind
host_behind "$client" "$behind"
internet_servers
certificates
pool=192.0.2.8/32
gateway_start
server_json '"psid-len": 6, "lifetime": 600'
server_start
watch up1 "$client" "$work/seen1"
watch up11 "$second" "$work/seen2"

# set_of REMOTE: first and last port of what is lent to it.
set_of()
{
	local psid

	psid=$(gw_nl map show dev dstm0 remote "$1" | sed -n 's/.* psid \([0-9]*\).*/\1/p')
	[ -n "$psid" ] && echo "$((psid * 1024))-$((psid * 1024 + 1023))"
}

fetches()
{
	n "$1" curl -4 -s -m 30 http://198.51.100.2:8080/index.html | grep -q hello
}

resolves()
{
	n "$1" dig +tries=1 +timeout=20 +short @198.51.100.2 a.example | grep -q 192.0.2.99
}

client_start "$client"
check "the first packet of curl brings up a port set" fetches "$client"
client_start "$second"
check "that of dig one more" resolves "$second"
one=$(set_of 2001:db8:1::7)
two=$(set_of 2001:db8:11::7)
check "both are of one address" sh -c \
	"[ $(address_of "$client") = 192.0.2.8 ] && [ $(address_of "$second") = 192.0.2.8 ]"
check "and are not the same: $one and $two" test -n "$one" -a -n "$two" -a "$one" != "$two"
check "the mappings are the leases" equal
check "dig of one" resolves "$client"
check "curl of the other" fetches "$second"
check "curl of a host behind" fetches "$behind"
check "dig of a host behind" resolves "$behind"
check "all traffic of a host behind" all_traffic "$behind"
all_traffic "$client" > "$work/side.log" 2>&1 &
side=$!
check "all traffic of both at once: one" all_traffic "$second"
check "and the other" wait $side
serve "$client" 0.0.0.0 "${one%-*}"
check "a port of the set is reached from outside" \
	traffic "$inet" tcp 192.0.2.8 "${one%-*}" --timeout 20
check "no packet leaves outside of the set of one" all_in "$work/seen1" 192.0.2.8 "$one"
check "nor of the other" all_in "$work/seen2" 192.0.2.8 "$two"
check "the gateway has dropped nothing for its port" test "$(stat rx-inner-port)" -eq 0

# says WHO PORT [TIME]
says()
{
	ctl who 192.0.2.8 port "$2" ${3:+at "$3"} > "$work/who" && cat "$work/who" &&
	[ "$(wc -l < "$work/who")" -eq 1 ] && grep -q "remote $1 " "$work/who"
}
nobody() { [ -z "$(ctl who 192.0.2.8 port "$1" ${2:+at "$2"})" ]; }
long_ago=2001-01-31T12:00
check "who has a port" says 2001:db8:1::7 "${one%-*}"
check "who has another port" says 2001:db8:11::7 "${two#*-}"
check "who had it before that: nobody" nobody "${one%-*}" $long_ago
check "a port that is nobody's" nobody 1
then=$(date +%Y-%m-%dT%H:%M:%S)
stop "$client"
check "released at stop: the mappings are the leases" busywait 5000 equal
sleep 1
check "now the port is nobody's" nobody "${one%-*}"
check "but it is known who had it" says 2001:db8:1::7 "${one%-*}" "$then"
check "the other's stays the other's" says 2001:db8:11::7 "${two%-*}"
check "and works" fetches "$second"

stop "$second"
stop server
stop gateway
[ $tap_failed -eq 0 ] || logs
tap_done
