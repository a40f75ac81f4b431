#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What is wrong is refused with a message that names it, exit 1, and nothing of
# it is done; garbled netlink messages do no harm.

. "$(dirname "$0")/lib.sh"

need_dstm
ns gw
ip -n "$gw" addr add 2001:db8::1/128 dev lo nodad
gateway_device "$gw" || bail "no dstm device"

map add ipv4 192.0.2.1 remote 2001:db8:1::1 || bail "map add"
map add ipv4 192.0.2.2 psid 5 psid-len 6 remote 2001:db8:1::2 || bail "map add"
gw_nl -j map show dev dstm0 > "$work/before"

unchanged()
{
	gw_nl -j map show dev dstm0 > "$work/after"
	diff "$work/before" "$work/after"
}

# refused NAME STATUS PATTERN dstm-nl-ARGUMENTS
refused()
{
	local name=$1 want=$2 pattern=${3,,} status said

	shift 3
	gw_nl "$@" > "$work/stdout" 2> "$work/stderr"
	status=$?
	mapfile -t said < "$work/stderr"
	{
		echo "exit $status, expected $want; stderr, expected to fit '$pattern':"
		cat "$work/stderr"
	} > "$work/check.log"
	[[ $status =~ ^$want$ && ${said[*],,} =~ $pattern ]]
	verdict $? "$name"
	note "says: $said"
}

add=(map add dev dstm0)
refused "a mapping that exists" 1 'the mapping exists' \
	"${add[@]}" ipv4 192.0.2.1 remote 2001:db8:1::1
refused "a port set that exists" 1 'the mapping exists' \
	"${add[@]}" ipv4 192.0.2.2 psid 5 psid-len 6 remote 2001:db8:1::1
refused "a port set of a whole address" 1 'mapped whole' \
	"${add[@]}" ipv4 192.0.2.1 psid 5 psid-len 6 remote 2001:db8:1::3
refused "the whole of a shared address" 1 'whole address would overlap' \
	"${add[@]}" ipv4 192.0.2.2 remote 2001:db8:1::3
refused "a second psid-len" 1 'psid-len' \
	"${add[@]}" ipv4 192.0.2.2 psid 1 psid-len 4 remote 2001:db8:1::3
refused "a second psid-offset" 1 'psid-offset' \
	"${add[@]}" ipv4 192.0.2.2 psid 6 psid-len 6 psid-offset 4 remote 2001:db8:1::3
refused "psid out of range" '[12]' 'psid' \
	"${add[@]}" ipv4 192.0.2.3 psid 64 psid-len 6 remote 2001:db8:1::3
refused "psid without a length" '[12]' 'psid' \
	"${add[@]}" ipv4 192.0.2.3 psid 5 remote 2001:db8:1::3
refused "psid-len too great" '[12]' 'psid' \
	"${add[@]}" ipv4 192.0.2.3 psid 5 psid-len 17 remote 2001:db8:1::3
refused "psid-len and psid-offset too great together" '[12]' 'psid' \
	"${add[@]}" ipv4 192.0.2.3 psid 5 psid-len 10 psid-offset 10 remote 2001:db8:1::3
for what in 224.0.0.1 127.0.0.1 0.0.0.0 255.255.255.255; do
	refused "ipv4 $what" 1 'ipv4' "${add[@]}" ipv4 $what remote 2001:db8:1::3
done
for what in ff02::1 ::1 ::; do
	refused "remote $what" 1 'remote' "${add[@]}" ipv4 192.0.2.3 remote $what
	refused "local $what" 1 'local' "${add[@]}" ipv4 192.0.2.3 remote 2001:db8:1::3 local $what
	refused "link local $what" 1 'local' link add dstm1 local $what
done
refused "remote equal to local" 1 'equal to local' "${add[@]}" ipv4 192.0.2.3 remote 2001:db8::1
refused "remote equal to a local of its own" 1 'equal to local' \
	"${add[@]}" ipv4 192.0.2.3 remote 2001:db8::3 local 2001:db8::3
refused "lifetime 0" 1 'lifetime is 0' \
	"${add[@]}" ipv4 192.0.2.3 remote 2001:db8:1::3 lifetime 0
refused "no remote" '[12]' 'remote' "${add[@]}" ipv4 192.0.2.3
refused "no ipv4" '[12]' 'ipv4' "${add[@]}" remote 2001:db8:1::3
refused "unknown device" 1 'nosuch0' map add dev nosuch0 ipv4 192.0.2.3 remote 2001:db8:1::3
refused "a device of another kind" 1 'dstm|kind|lo' \
	map add dev lo ipv4 192.0.2.3 remote 2001:db8:1::3
refused "delete what is not there" 1 'no such mapping' \
	map del dev dstm0 ipv4 192.0.2.3
refused "delete another port set" 1 'no such mapping' \
	map del dev dstm0 ipv4 192.0.2.2 psid 6 psid-len 6
refused "delete with another remote" 1 'another remote' \
	map del dev dstm0 ipv4 192.0.2.1 remote 2001:db8:1::77
refused "get what is not there" 1 'no such mapping' \
	map get dev dstm0 ipv4 192.0.2.3
refused "link without local" '[12]' 'local' link add dstm1 role gateway
refused "a wrong role" '[12]' 'role' link add dstm1 role router local 2001:db8::9
refused "another role for a device that is" '[12]' 'role of a device can not change' link set dstm0 role client
refused "a local address taken" 1 'belongs to another' link add dstm1 local 2001:db8::1
refused "a local that mappings use" 1 'flush them first' link set dstm0 local 2001:db8::9
refused "encaplimit out of range" '[12]' 'encap' link add dstm1 local 2001:db8::9 encaplimit 256
refused "no address at all" 2 'ipv4|address' "${add[@]}" ipv4 nonsense remote 2001:db8:1::3
refused "an unknown word" 2 'frobnicate' "${add[@]}" ipv4 192.0.2.3 frobnicate 3
refused "an unknown command" 2 'frobnicate' map frobnicate
check "nothing of all that was done" unchanged

# A file with an error far down: nothing, or whole messages, and it says where.
"$python" - > "$work/far.json" <<-'END'
	print("[")
	for i in range(80000):
	    print('{ "ipv4": "10.%d.%d.%d", "remote": "2001:db8:8::7" }%s' % (
	        i >> 16, i >> 8 & 255, i & 255, "" if i == 79999 else
	        " ;" if i == 69998 else ","))
	print("]")
END
refused "a JSON file with an error in line 70000" 1 '70000' map load dev dstm0 "$work/far.json"
sed -i 's/ ;$/,/; 70000s/"remote": "[^"]*"/"remote": "ff02::1"/' "$work/far.json"
far()
{
	local status

	map load "$work/far.json" > "$work/stdout" 2> "$work/stderr"
	status=$?
	cat "$work/stderr"
	[ $status -eq 1 ] && grep -Eq 'ff02::1|10\.1\.17\.110|70000|69999|69998' "$work/stderr"
}
check "a JSON file with a wrong address in line 70000 names it" far
note "says: $(head -n 1 "$work/stderr")"
map flush > /dev/null
map add ipv4 192.0.2.1 remote 2001:db8:1::1
map add ipv4 192.0.2.2 psid 5 psid-len 6 remote 2001:db8:1::2

refused "a file that is not there" 1 'nosuch' map load dev dstm0 "$work/nosuch.json"
echo '[ { "ipv4": "192.0.2.3", "remote": "2001:db8:1::3" }, { "ipv4": "192.0.2.1", "remote": "2001:db8:1::9", "psid": 1, "psid-len": 3 } ]' > "$work/two.json"
refused "the second of two is wrong: not even the first" 1 '192\.0\.2\.1|overlap' \
	map load dev dstm0 "$work/two.json"
echo '[ { "ipv4": "192.0.2.3", "remote": "2001:db8:1::3", "colour": "red" } ]' > "$work/key.json"
refused "an unknown key in a file" 1 'colour' map load dev dstm0 "$work/key.json"
printf 'map add dev dstm0 ipv4 192.0.2.1 remote 2001:db8:1::3\n' > "$work/batch"
check "nothing of these files was loaded" unchanged
refused "a batch with an error says its line" 1 'batch.*1|line 1|:1' -b "$work/batch"

check "truncated and wrong-length netlink messages are refused" \
	n "$gw" "$python" "$SELFTESTS/nlraw.py" lengths dstm0
check "the table is what it was" unchanged
rounds=2000
[ -n "$slow" ] && rounds=500
check "$rounds mutated netlink messages" \
	n "$gw" "$python" "$SELFTESTS/nlraw.py" mutate dstm0 --count $rounds
check "$rounds random attributes" \
	n "$gw" "$python" "$SELFTESTS/nlraw.py" random dstm0 --count $rounds
check "the family still answers" gw_nl stats
alive()
{
	gw_nl map flush dev dstm0 && map add ipv4 192.0.2.1 remote 2001:db8:1::1 && mapped 1
}
check "and the table still works" alive

tap_done
