#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# map sync: keep, add, sweep, without a gap in the traffic.

. "$(dirname "$0")/lib.sh"

need_dstm
topology
serve "$client" 192.0.2.7 5200

sync_to()
{
	cat > "$work/sync.json"
	map sync "$work/sync.json"
}

# has TEXT...: map show has these, has_not: it has none of these.
has()
{
	local text

	map show
	for text in "$@"; do
		map show | grep -q "$text" || return 1
	done
}

has_not()
{
	map show
	! map show | grep -q "$1"
}

for i in 7 8 9; do
	map add ipv4 192.0.2.$i remote 2001:db8:1::7 || bail "map add"
done
check "traffic before" traffic "$inet" udp 192.0.2.7 5200 --count 10
before=$(mapping_field tx-packets ipv4 192.0.2.7/32)

traffic "$inet" udp 192.0.2.7 5200 --count 600 --interval 0.005 > "$work/udp" 2>&1 &
pid=$!
more()
{
	[ "$(mapping_field tx-packets ipv4 192.0.2.7/32)" -gt "$before" ]
}
busywait 5000 more || bail "no traffic"
check "sync" sync_to <<-END
	[ { "ipv4": "192.0.2.7", "remote": "2001:db8:1::7" },
	  { "ipv4": "192.0.2.8", "remote": "2001:db8:1::9" },
	  { "ipv4": "192.0.2.10", "remote": "2001:db8:1::7" } ]
	END
check "the traffic goes on meanwhile" kill -0 $pid
check "keeps and adds" has '192\.0\.2\.7 ' '192\.0\.2\.8 ' '192\.0\.2\.10 '
check "sweeps" has_not '192\.0\.2\.9 '
check "three are left" mapped 3
check "a changed remote is changed" has '192\.0\.2\.8 .*2001:db8:1::9'
kept()
{
	local after

	after=$(mapping_field tx-packets ipv4 192.0.2.7/32)
	echo "packets $before, then $after"
	[ "$before" -ge 10 ] && [ "$after" -ge "$before" ]
}
check "counters are kept" kept
check "no packet was lost in between" wait $pid

check "a whole address gives way to port sets of it" sync_to <<-END
	[ { "ipv4": "192.0.2.7", "psid": 5, "psid-len": 6, "remote": "2001:db8:1::7" },
	  { "ipv4": "192.0.2.7", "psid": 6, "psid-len": 6, "remote": "2001:db8:1::8" } ]
	END
check "only the port sets are left" mapped 2
check "traffic through the port set" traffic "$inet" udp 192.0.2.7 5200 --count 5
check "port sets give way to others of another length" sync_to <<-END
	[ { "ipv4": "192.0.2.7", "psid": 1, "psid-len": 4, "remote": "2001:db8:1::7" } ]
	END
check "only the new one is left" mapped 1
check "traffic through it" traffic "$inet" udp 192.0.2.7 5200 --count 5
check "and port sets give way to the whole address" sync_to <<-END
	[ { "ipv4": "192.0.2.7", "remote": "2001:db8:1::7" } ]
	END
check "only the whole address is left" mapped 1
check "traffic through the whole address" traffic "$inet" udp 192.0.2.7 5200 --count 5

map show > "$work/before"
check_not "a sync to a table at odds with itself is refused" sync_to <<-END
	[ { "ipv4": "192.0.2.7", "remote": "2001:db8:1::7" },
	  { "ipv4": "192.0.2.7", "psid": 1, "psid-len": 4, "remote": "2001:db8:1::8" } ]
	END
check "and sweeps nothing" mapped 1
check_not "a file that is no JSON is refused" sync_to <<-END
	[ { "ipv4": "192.0.2.7", "remote": "2001:db8:1::7" },
	END
check "and sweeps nothing either" mapped 1
check "traffic all the same" traffic "$inet" udp 192.0.2.7 5200 --count 5

check "save" map save "$work/saved.json"
check "sync to nothing sweeps all" sync_to <<< '[]'
check "the table is empty" mapped 0
check "load what was saved" map load "$work/saved.json"
check "it is back" mapped 1

big()
{
	"${python[@]}" -c '
import json, sys
first, last = map(int, sys.argv[1:])
print(json.dumps([{"ipv4": f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}",
                   "remote": f"2001:db8:8::{i:x}"} for i in range(first, last)]))' "$@"
}
check "sync to 5000" sync_to < <(big 1 5001)
check "5000 are there" mapped 5000
check "sync to 5000, half of them others" sync_to < <(big 2501 7501)
check "5000 are there again" mapped 5000
check "the swept are gone" mapped 0 ipv4 10.0.0.0/21

tap_done
