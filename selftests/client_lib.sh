# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2120,SC2154
#
# What the tests of dstm-client share: a network with a server that does what the
# test orders (dhcp4o6.py), and the client in its own namespace.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

client_bin=${DSTM_CLIENT:-dstm-client}
orders=$work/orders.json
server_log=$work/server.log

# client_network: client (IPv6 only) -- gw (server and gateway) -- inet.
client_network()
{
	need_dstm
	need_tool "$client_bin" nft
	modprobe -a -q tun nf_tables nft_ct nft_nat nft_fib_ipv4 nft_numgen \
		nf_conntrack_netlink 2> /dev/null
	[ -e /dev/net/tun ] || skip_all "needs /dev/net/tun"
	ns client gw inet
	link_underlay "$client" "$gw" 1 7 || bail "no veth"
	link_inet "$inet" "$gw"
	ip -n "$gw" addr add 2001:db8::1/128 dev lo nodad
	ip -n "$gw" addr add 2001:db8::2/128 dev lo nodad
	routers "$gw"
	gateway_device "$gw" || bail "no dstm device"
	busywait 20000 n "$client" ping -6 -c 1 -W 1 2001:db8::1 > /dev/null ||
		bail "no underlay"
}

# order JSON: what the server does from now on.
order()
{
	echo "$1" > "$orders.new" && mv "$orders.new" "$orders"
}

order_whole()
{
	order '{"pool": [{"ipv4": "192.0.2.7"}], "lease": 3600}'
}

start_server()
{
	touch "$server_log"
	ip netns exec "$gw" "${python[@]}" "$SELFTESTS/dhcp4o6.py" --orders "$orders" \
		--log "$server_log" --link down1 2>> "$work/server.err" &
	server_pid=$!
	busywait 30000 server_listens || { cat "$work/server.err"; bail "no server"; }
}

server_listens()
{
	# 547
	n "$gw" grep -q ':0223 ' /proc/net/udp6
}

# heard TYPE [COUNT [TEXT]]: at least so many messages of the type.
heard()
{
	local count

	count=$(grep "\"type\": \"$1\"" "$server_log" | grep -c "${3:-}")
	[ "$count" -ge "${2:-1}" ]
}

forget()
{
	: > "$server_log"
}

# configure NAME JSON: the members beside those that every test needs.
configure()
{
	cat > "$work/$1.json" <<-END
	{
	  "state-file": "$work/$1.state",
	  "control-socket": "$work/$1.sock",
	  "log": "debug",
	  $2
	}
	END
}

# start_client NAME [NS]: with the configuration of that name.
start_client()
{
	# No function: what is killed has to be the client itself.
	ip netns exec "${2:-$client}" "$client_bin" --config "$work/$1.json" \
		> "$work/$1.log" 2>&1 &
	client_pid=$!
	busywait 60000 answers "$1" || { cat "$work/$1.log"; bail "no client"; }
}

answers()
{
	status "$1" > /dev/null 2>&1
}

stop_client()
{
	kill "${1:-$client_pid}" 2> /dev/null
	wait "${1:-$client_pid}"
}

status()
{
	"$client_bin" status --json --socket "$work/$1.sock"
}

# field NAME PATH: a member of the status, such as lease.ipv4.
field()
{
	status "$1" | "${python[@]}" -c '
import json, sys
value = json.load(sys.stdin)
for name in sys.argv[1].split("."):
    value = value.get(name, "")
print(value)' "$2"
}

# Without Python, which is slow to start: some states do not last.
field_is()
{
	local said

	[[ $2 != *.* ]] || { [ "$(field "$1" "$2")" = "$3" ]; return; }
	said=$(status "$1")
	[[ $said =~ \"$2\":\ *\"?"$3"\"?[,\}] ]]
}

bound()
{
	busywait "${2:-20000}" field_is "$1" state bound || { cat "$work/$1.log"; return 1; }
}

# What a client may change, without what changes by itself.
host_picture()
{
	n "$1" sh -c '
		ip -o link | sed "s/ qlen [0-9]*//"
		ip -o addr
		ip rule
		ip route show table all
		nft list ruleset
		sysctl net.ipv4.ip_local_port_range net.ipv4.ip_forward
		sysctl -a 2> /dev/null | grep -E "^net.ipv[46].conf.(all|default|lo|up1)\." |
			grep -v "stable_secret"'
}

# picture_same NS BEFORE
picture_same()
{
	host_picture "$1" > "$work/after"
	diff "$2" "$work/after"
}
