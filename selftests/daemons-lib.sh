# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# The three daemons, each in a namespace of its own:
#
#	client (2001:db8:1::7) -- router -- server (2001:db8:2::2)
#	                            |
#	                            +------ gw (2001:db8:3::2, TEP 2001:db8::1) -- inet
#
# Source it after lib.sh.

declare -A pid
sock=$work/sock
mkdir -p "$sock"

need_daemons()
{
	need_dstm
	need_tool dstm-gateway dstm-server dstm-client openssl tcpdump
	modprobe -a -q tun nf_tables nft_ct nft_nat nft_fib_ipv4 nft_numgen \
		nft_masq sch_netem 2> /dev/null
	[ -e /dev/net/tun ] || skip_all "needs /dev/net/tun"
}

# network [CLIENT...]: further clients are on links of their own.
network()
{
	local i=10 name

	ns client router server gw inet "$@"
	routers "$router"
	n "$gw" sh -c 'echo 1 > /proc/sys/net/ipv6/conf/all/forwarding'
	link_underlay "$client" "$router" 1 7 || bail "no veth"
	link_underlay "$server" "$router" 2 2
	link_underlay "$gw" "$router" 3 2
	link_inet "$inet" "$gw"
	ip -n "$gw" addr add 2001:db8::1/128 dev lo nodad
	ip -n "$router" -6 route add 2001:db8::1/128 via 2001:db8:3::2
	for name in "$@"; do
		i=$((i + 1))
		link_underlay "${!name}" "$router" $i 7
	done
	for name in client "$@"; do
		ip -n "${!name}" route flush default 2> /dev/null
	done
	reachable() { n "$client" ping -6 -c 1 -W 1 2001:db8::1; }
	busywait 60000 reachable > /dev/null || bail "no underlay"
}

# certificates: an authority, and certificates of the server and the gateway, as
# dstm-gateway(8) has them.
certificates()
{
	local name

	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj /CN=ca -keyout "$work/ca.key" -out "$work/ca.crt" 2> /dev/null
	for name in server gw; do
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
			-subj "/CN=$name.example" -addext "subjectAltName=DNS:$name.example" \
			-keyout "$work/$name.key" -out "$work/$name.csr" 2> /dev/null
		openssl x509 -req -in "$work/$name.csr" -copy_extensions copy -days 2 \
			-CA "$work/ca.crt" -CAkey "$work/ca.key" -out "$work/$name.crt" 2> /dev/null
	done
}

# start NAME NS COMMAND...: a daemon, its log in $work/NAME.log.
start()
{
	local name=$1 where=$2

	shift 2
	ip netns exec "$where" "$@" >> "$work/$name.log" 2>&1 &
	pid[$name]=$!
}

# stop NAME [SIGNAL]: and wait until it is gone.
stop()
{
	[ -n "${pid[$1]:-}" ] || return 0
	kill "-${2:-TERM}" "${pid[$1]}" 2> /dev/null
	wait "${pid[$1]}" 2> /dev/null
	unset "pid[$1]"
}

# logs: what went wrong in the daemons, for the reader of a failure.
logs()
{
	local name

	for name in "$work"/*.log; do
		[ "$name" = "$work/check.log" ] || tail -n 15 "$name" |
			sed "s|^|# $(basename "$name"): |"
	done
}

pool=192.0.2.0/24

# gateway_start: for a server at the other end of TLS, and for root on this machine.
gateway_start()
{
	cat > "$work/gateway.json" <<-END
	{ "name": "gw1", "socket": "$sock/gateway", "state": "$work/gateway.state",
	  "idle": "${gateway_idle:-0s}",
	  "devices": [ { "name": "dstm0", "local": "2001:db8::1", "ipv4": "192.0.2.1" } ],
	  "servers": [ { "name": "one", "uids": [ 0 ], "certificates": [ "server.example" ] } ],
	  "pools": [ { "prefix": "192.0.2.0/24", "server": "one" } ],
	  "tls": { "certificate": "$work/gw.crt", "key": "$work/gw.key",
	           "authorities": "$work/ca.crt" } }
	END
	start gateway "$gw" dstm-gateway -c "$work/gateway.json"
	busywait 60000 test -S "$sock/gateway" || { logs; bail "no gateway"; }
}

apart='{ "name": "gw1", "address": "2001:db8:3::2", "peer": "gw.example",
         "certificate": "'$work'/server.crt", "key": "'$work'/server.key",
         "authorities": "'$work'/ca.crt" }'
together='{ "name": "gw1", "socket": "'$sock'/gateway" }'

# server_json [CLASS MEMBERS [POOL MEMBERS]]: as $gateway says, apart or together; what
# it tells of itself by DHCPv6 is $told, and $links are those where it hears ff02::1:2.
server_json()
{
	cat > "$work/server.json" <<-END
	{ "store": "$work/leases.db", "control": "$sock/server",
	  "listen": { "relays": [ "2001:db8::/32" ], "rate-source": 10000,
	              "interfaces": [ ${links:-} ] },
	  "metrics": { "port": 9656 },
	  "information": { "servers": [ ${told-\"${server_address:-2001:db8:2::2}\"} ] },
	  "gateways": [ ${gateway:-$apart} ],
	  "pools": [ { "name": "p", "prefixes": [ "$pool" ], "gateways": [ "gw1" ],
	               "tep": { "ipv6": "2001:db8::1", "ipv4": "192.0.2.1" }${2:+, $2} } ],
	  "classes": [ { "name": "all", "pools": [ "p" ]${1:+, $1} } ] }
	END
}

# server_start [NS]
server_start()
{
	start server "${1:-$server}" dstm-server -c "$work/server.json"
	busywait 60000 gateway_is up || { logs; bail "server and gateway do not meet"; }
}

ctl()
{
	dstm-server ctl -s "$sock/server" "$@"
}

gateway_is()
{
	ctl gateways 2> /dev/null | grep -qw -e "$1"
}

# client_start NS [MEMBERS]: called after its namespace.
client_start()
{
	local name=$1

	cat > "$work/$name.json" <<-END
	{ "servers": [ "${server_address:-2001:db8:2::2}" ],
	  "state-file": "$work/$name.state", "control-socket": "$sock/$name"${2:+, $2} }
	END
	start "$name" "$name" dstm-client --config "$work/$name.json"
	busywait 60000 test -S "$sock/$name" || { logs; bail "no client"; }
}

# address_of NS: what it was lent; 192.0.0.2 is what a device has that waits.
address_of()
{
	ip -n "$1" -4 -o addr show dev dstm0 2> /dev/null |
		sed -n '/inet 192\.0\.0\.2\//d; s/.*inet \([0-9.]*\).*/\1/p'
}

# has_address NS [ADDRESS]
has_address()
{
	address_of "$1" | grep -q "^${2:-}"
}

# equal: the mappings at the gateway are the leases, no more and no less.
equal()
{
	ctl -j leases > "$work/leases" && gw_nl -j map show dev dstm0 > "$work/mappings" &&
	"${python[@]}" - "$work/leases" "$work/mappings" <<-'END'
	import json, sys
	leases, mappings = (json.load(open(name)) for name in sys.argv[1:])
	def keys(array):
	    return sorted((m["ipv4"], m.get("psid", 0), m.get("psid-len", 0), m["remote"])
	                  for m in array)
	held = [l for l in leases if l.get("state") not in ("offered", "resting", "free")]
	held, mapped = keys(held), keys(mappings)
	if held != mapped:
	    print("lent, but not mapped:", [key for key in held if key not in mapped])
	    print("mapped, but not lent:", [key for key in mapped if key not in held])
	    sys.exit(1)
	END
}
