#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What is wrong is refused with a message that names it, exit 1, and nothing of
# it is done; garbled netlink messages do no harm.

. "$(dirname "$0")/lib.sh"

need_dstm
ns gw
ip -n "$gw" addr add 2001:db8::1/128 dev lo nodad
ip -n "$gw" addr add 198.51.100.77/32 dev lo
gateway_device "$gw" || bail "no dstm device"

map add ipv4 192.0.2.1 remote 2001:db8:1::1 || bail "map add"
map add ipv4 192.0.2.2 psid 5 psid-len 6 remote 2001:db8:1::2 || bail "map add"
gw_nl -j map show dev dstm0 > "$work/before"

unchanged()
{
	gw_nl -j map show dev dstm0 > "$work/after"
	diff "$work/before" "$work/after"
}

# refused NAME STATUS TEXT dstm-nl-ARGUMENTS: the whole of its first line.
refused()
{
	local name=$1 want=$2 text="dstm-nl: $3" status said

	shift 3
	gw_nl "$@" > "$work/stdout" 2> "$work/stderr"
	status=$?
	mapfile -t said < "$work/stderr"
	{
		echo "exit $status, expected $want; stderr, expected to begin with '$text':"
		cat "$work/stderr"
	} > "$work/check.log"
	[ "$status" -eq "$want" ] && [ "${said[0]}" = "$text" ]
	verdict $? "$name"
}

add=(map add dev dstm0)
refused "a mapping that exists" 1 \
	"ipv4 192.0.2.1 remote 2001:db8:1::1: the mapping exists" \
	"${add[@]}" ipv4 192.0.2.1 remote 2001:db8:1::1
refused "a port set that exists" 1 \
	"ipv4 192.0.2.2 psid 5 psid-len 6 remote 2001:db8:1::1: the mapping exists" \
	"${add[@]}" ipv4 192.0.2.2 psid 5 psid-len 6 remote 2001:db8:1::1
refused "a port set of a whole address" 1 \
	"ipv4 192.0.2.1 psid 5 psid-len 6 remote 2001:db8:1::3: the address is mapped whole, a port set of it would overlap" \
	"${add[@]}" ipv4 192.0.2.1 psid 5 psid-len 6 remote 2001:db8:1::3
refused "the whole of a shared address" 1 \
	"ipv4 192.0.2.2 remote 2001:db8:1::3: port sets of the address are mapped, the whole address would overlap them" \
	"${add[@]}" ipv4 192.0.2.2 remote 2001:db8:1::3
refused "a second psid-len" 1 \
	"ipv4 192.0.2.2 psid 1 psid-len 4 remote 2001:db8:1::3: port sets of the address are mapped with another psid-len or psid-offset" \
	"${add[@]}" ipv4 192.0.2.2 psid 1 psid-len 4 remote 2001:db8:1::3
refused "a second psid-offset" 1 \
	"ipv4 192.0.2.2 psid 6 psid-len 6 psid-offset 4 remote 2001:db8:1::3: port sets of the address are mapped with another psid-len or psid-offset" \
	"${add[@]}" ipv4 192.0.2.2 psid 6 psid-len 6 psid-offset 4 remote 2001:db8:1::3
refused "psid out of range" 1 \
	"ipv4 192.0.2.3 psid 64 psid-len 6 remote 2001:db8:1::3: psid is out of range, it does not fit into psid-len bits" \
	"${add[@]}" ipv4 192.0.2.3 psid 64 psid-len 6 remote 2001:db8:1::3
refused "psid without a length" 1 \
	"ipv4 192.0.2.3 psid 5 remote 2001:db8:1::3: psid without psid-len" \
	"${add[@]}" ipv4 192.0.2.3 psid 5 remote 2001:db8:1::3
refused "psid-len too great" 1 \
	"ipv4 192.0.2.3 psid 5 psid-len 17 remote 2001:db8:1::3: psid-offset and psid-len are more than the 16 bits of a port" \
	"${add[@]}" ipv4 192.0.2.3 psid 5 psid-len 17 remote 2001:db8:1::3
refused "psid-len and psid-offset too great together" 1 \
	"ipv4 192.0.2.3 psid 5 psid-len 10 psid-offset 10 remote 2001:db8:1::3: psid-offset and psid-len are more than the 16 bits of a port" \
	"${add[@]}" ipv4 192.0.2.3 psid 5 psid-len 10 psid-offset 10 remote 2001:db8:1::3
while read -r what is; do
	refused "ipv4 $what" 1 "ipv4 $what remote 2001:db8:1::3: ipv4 is $is" \
		"${add[@]}" ipv4 "$what" remote 2001:db8:1::3
done <<-END
	224.0.0.1 a multicast address
	127.0.0.1 a loopback address
	169.254.1.1 a link-local address
	0.0.0.0 unspecified
	0.1.2.3 in 0.0.0.0/8
	240.0.0.1 a broadcast or reserved address
	255.255.255.255 a broadcast or reserved address
	END
while read -r what is; do
	refused "remote $what" 1 "ipv4 192.0.2.3 remote $what: remote is $is" \
		"${add[@]}" ipv4 192.0.2.3 remote "$what"
	refused "local $what" 1 "ipv4 192.0.2.3 remote 2001:db8:1::3 local $what: local is $is" \
		"${add[@]}" ipv4 192.0.2.3 remote 2001:db8:1::3 local "$what"
	refused "link local $what" 1 "dstm1: local must be a routable unicast IPv6 address" \
		link add dstm1 local "$what"
done <<-END
	ff02::1 a multicast address
	::1 a loopback address
	:: the unspecified address
	fe80::1 a link-local address
	END
refused "remote equal to local" 1 \
	"ipv4 192.0.2.3 remote 2001:db8::1: remote is equal to local" \
	"${add[@]}" ipv4 192.0.2.3 remote 2001:db8::1
refused "remote equal to a local of its own" 1 \
	"ipv4 192.0.2.3 remote 2001:db8::3 local 2001:db8::3: remote is equal to local" \
	"${add[@]}" ipv4 192.0.2.3 remote 2001:db8::3 local 2001:db8::3
refused "lifetime 0" 1 \
	"ipv4 192.0.2.3 remote 2001:db8:1::3 lifetime 0: lifetime is 0; leave it out for a mapping without end" \
	"${add[@]}" ipv4 192.0.2.3 remote 2001:db8:1::3 lifetime 0
refused "no remote" 1 \
	"ipv4 192.0.2.3: remote is required" \
	"${add[@]}" ipv4 192.0.2.3
refused "no ipv4" 1 \
	"remote 2001:db8:1::3: ipv4 is required" \
	"${add[@]}" remote 2001:db8:1::3
refused "unknown device" 1 \
	"there is no device nosuch0" \
	map add dev nosuch0 ipv4 192.0.2.3 remote 2001:db8:1::3
refused "a device of another kind" 1 \
	"ipv4 192.0.2.3 remote 2001:db8:1::3: the device is not of kind dstm" \
	map add dev lo ipv4 192.0.2.3 remote 2001:db8:1::3
refused "delete what is not there" 1 \
	"ipv4 192.0.2.3: there is no such mapping" \
	map del dev dstm0 ipv4 192.0.2.3
refused "delete another port set" 1 \
	"ipv4 192.0.2.2 psid 6 psid-len 6: there is no such mapping" \
	map del dev dstm0 ipv4 192.0.2.2 psid 6 psid-len 6
refused "delete with another remote" 1 \
	"ipv4 192.0.2.1 remote 2001:db8:1::77: the mapping has another remote" \
	map del dev dstm0 ipv4 192.0.2.1 remote 2001:db8:1::77
refused "get what is not there" 1 \
	"ipv4 192.0.2.3: there is no such mapping" \
	map get dev dstm0 ipv4 192.0.2.3
refused "link without local" 1 \
	"dstm1: local, the IPv6 address of this tunnel end point, is required" \
	link add dstm1 role gateway
refused "a wrong role" 2 \
	"role: expected gateway or client, not \"router\"" \
	link add dstm1 role router local 2001:db8::9
refused "another role for a device that is" 1 \
	"dstm0: the role of a device can not change, make another one" \
	link set dstm0 role client
refused "a local address taken" 1 \
	"dstm1: the local address belongs to another dstm device" \
	link add dstm1 local 2001:db8::1
refused "a local that mappings use" 1 \
	"dstm0: mappings use the local address, flush them first" \
	link set dstm0 local 2001:db8::9
refused "encaplimit out of range" 2 \
	"encaplimit: expected none or a number from 0 to 255, not \"256\"" \
	link add dstm1 local 2001:db8::9 encaplimit 256
refused "no address at all" 2 \
	"ipv4: expected an IPv4 address, not \"nonsense\"" \
	"${add[@]}" ipv4 nonsense remote 2001:db8:1::3
refused "an unknown word" 2 \
	"what is frobnicate here?" \
	"${add[@]}" ipv4 192.0.2.3 frobnicate 3
refused "an unknown command" 2 \
	"there is no command map frobnicate" \
	map frobnicate
refused "psid-offset without psid-len" 1 \
	"ipv4 192.0.2.3 psid-offset 4 remote 2001:db8:1::3: psid-offset without psid-len" \
	"${add[@]}" ipv4 192.0.2.3 psid-offset 4 remote 2001:db8:1::3
refused "an address of the gateway itself" 1 \
	"ipv4 198.51.100.77 remote 2001:db8:1::3: ipv4 is an address of the gateway itself" \
	"${add[@]}" ipv4 198.51.100.77 remote 2001:db8:1::3
refused "dev given twice" 2 "dev is given twice" map show dev dstm0 dev dstm0
refused "ipv4 given twice" 2 "ipv4 is given twice" map show ipv4 10.0.0.0/8 ipv4 192.0.2.0/24
check "nothing of all that was done" unchanged

# A file with an error far down: nothing, or whole messages, and it says where.
far=70000
[ -n "$slow" ] && far=7000
"${python[@]}" - $far > "$work/far.json" <<-'END'
	import sys
	far = int(sys.argv[1])
	print("[")
	for i in range(far + 1000):
	    print('{ "ipv4": "10.%d.%d.%d", "remote": "2001:db8:8::7" }%s' % (
	        i >> 16, i >> 8 & 255, i & 255, "" if i == far + 999 else
	        " ;" if i == far - 2 else ","))
	print("]")
END
wrong=$((far - 2))
wrong=10.$((wrong >> 16)).$((wrong >> 8 & 255)).$((wrong & 255))
refused "a JSON file with an error in line $far" 1 \
	"$work/far.json:$far:$((${#wrong} + 43)): expected , or ]" \
	map load dev dstm0 "$work/far.json"
sed -i 's/ ;$/,/; '$far's/"remote": "[^"]*"/"remote": "ff02::1"/' "$work/far.json"
refused "a JSON file with a wrong address in line $far" 1 \
	"$work/far.json:$far: ipv4 $wrong remote ff02::1: remote is a multicast address" \
	map load dev dstm0 "$work/far.json"
loaded()
{
	local n

	n=$(sed -n "s/^dstm-nl: \([0-9]*\) of $((far + 1000)) mappings loaded$/\1/p" "$work/stderr")
	echo "$n before line $far"
	[ "$n" -gt $((far * 6 / 7)) ] && [ "$n" -lt $far ] && mapped "$n" ipv4 10.0.0.0/8
}
check "says how far it got, and got as far" loaded
map flush > /dev/null
map add ipv4 192.0.2.1 remote 2001:db8:1::1
map add ipv4 192.0.2.2 psid 5 psid-len 6 remote 2001:db8:1::2

refused "a file that is not there" 1 \
	"$work/nosuch.json: No such file or directory" \
	map load dev dstm0 "$work/nosuch.json"
echo '[ { "ipv4": "192.0.2.3", "remote": "2001:db8:1::3" }, { "ipv4": "192.0.2.1", "remote": "2001:db8:1::9", "psid": 1, "psid-len": 3 } ]' > "$work/two.json"
refused "the second of two is wrong: not even the first" 1 \
	"$work/two.json:1: ipv4 192.0.2.1 psid 1 psid-len 3 remote 2001:db8:1::9: the address is mapped whole, a port set of it would overlap" \
	map load dev dstm0 "$work/two.json"
echo '[ { "ipv4": "192.0.2.3", "remote": "2001:db8:1::3", "colour": "red" } ]' > "$work/key.json"
refused "an unknown key in a file" 1 \
	"$work/key.json:1:53: unknown key \"colour\"; a mapping has dev, ipv4, psid, psid-len, psid-offset, remote, local, lifetime, rx-packets, rx-bytes, tx-packets, tx-bytes, idle" \
	map load dev dstm0 "$work/key.json"
printf 'map add dev dstm0 ipv4 192.0.2.1 remote 2001:db8:1::3\n' > "$work/batch"
check "nothing of these files was loaded" unchanged
refused "a batch with an error says its line" 1 \
	"ipv4 192.0.2.1 remote 2001:db8:1::3: the mapping exists" \
	-b "$work/batch"
check "the line, indeed" grep -qx "dstm-nl: stopped at $work/batch:1" "$work/stderr"

check "truncated and wrong-length netlink messages are refused" \
	n "$gw" "${python[@]}" "$SELFTESTS/nlraw.py" lengths dstm0
check "the table is what it was" unchanged
rounds=2000
[ -n "$slow" ] && rounds=500
check "$rounds mutated netlink messages" \
	n "$gw" "${python[@]}" "$SELFTESTS/nlraw.py" mutate dstm0 --count $rounds
check "$rounds random attributes" \
	n "$gw" "${python[@]}" "$SELFTESTS/nlraw.py" random dstm0 --count $rounds
check "the family still answers" gw_nl stats
alive()
{
	gw_nl map flush dev dstm0 && map add ipv4 192.0.2.1 remote 2001:db8:1::1 && mapped 1
}
check "and the table still works" alive

tap_done
