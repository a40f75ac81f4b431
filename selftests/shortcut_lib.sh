# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# Sees which packets a shortcut takes, by the tracepoint dstm:dstm_shortcut. To be
# sourced after lib.sh.

watch_shortcut()
{
	trace_apart
	echo 1 > $tracing/events/dstm/dstm_shortcut/enable
}

# took [FROM]: how many packets the shortcut took at a device, or at all.
took()
{
	local mark=from=${1:-} seen rest

	seen=$(< "$tracing/trace")
	rest=${seen//"$mark"/}
	echo $(((${#seen} - ${#rest}) / ${#mark}))
}

# More mappings than a packet finds without waiting for memory, of addresses that
# nobody sends to.
load_many()
{
	"${python[@]}" -c '
import json
print(json.dumps([{"ipv4": f"100.100.{i // 256}.{i % 256}", "remote": "2001:db8:1::7"}
                  for i in range(10000)]))' > "$work/many.json"
	gw_nl map load dev dstm0 "$work/many.json"
}
