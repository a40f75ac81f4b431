# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# What the tests of port sets share: traffic of all kinds, and who sees the ports that
# it leaves by. Source it after lib.sh.

# watch LINK NS FILE: what leaves there in tunnels.
watch()
{
	ip netns exec "$2" "${python[@]}" "$SELFTESTS/inner.py" "$1" "$3" &
	busywait 30000 grep -qs ready "$3" || bail "no capture"
}

# all_in FILE ADDRESS FIRST-LAST...: that is all that was seen, and of each protocol
# something.
all_in()
{
	"${python[@]}" - "$@" <<-'END'
	import sys
	name, address, *ranges = sys.argv[1:]
	ranges = [tuple(map(int, r.split("-"))) for r in ranges]
	seen, bad = set(), []
	for line in open(name):
	    if line == "ready\n":
	        continue
	    source, protocol, port = line.split()
	    seen.add(protocol)
	    if (source != address or protocol not in ("tcp", "udp", "icmp") or
	            not any(a <= int(port) <= b for a, b in ranges)):
	        bad.append(line)
	print("bad:", bad, "seen:", seen)
	sys.exit(bool(bad) or not {"tcp", "udp", "icmp"} <= seen)
	END
}

# all_traffic NS: ping, TCP and UDP, also from ports that are not in the set.
all_traffic()
{
	n "$1" ping -4 -n -c 2 -i 0.1 -W 20 198.51.100.2 &&
	n "$1" "${python[@]}" - <<-'END'
	import socket, struct
	for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
	    for port in 0, 1, 80, 5000, 33333, 65535:
	        with socket.socket(socket.AF_INET, kind) as s:
	            s.settimeout(20)
	            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	            # Closed at once: the next round wants the same ports.
	            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
	                         struct.pack("ii", 1, 0))
	            s.bind(("0.0.0.0", port))
	            s.connect(("198.51.100.2", 7000))
	            s.send(b"x" * 100)
	            assert s.recv(100)
	END
}

# host_behind NS BEHIND: a host that has IPv4 by way of NS alone.
host_behind()
{
	ip link add lan0 netns "$1" type veth peer name lan1 netns "$2"
	in_batch "$1" <<-END
		link set lan0 up
		addr add 10.0.0.1/24 dev lan0
	END
	in_batch "$2" <<-END
		link set lan1 up
		addr add 10.0.0.2/24 dev lan1
		route add default via 10.0.0.1
	END
	n "$1" sysctl -qw net.ipv4.ip_forward=1
}

# internet_servers: echo at port 7000, names, and http://198.51.100.2:8080/index.html.
internet_servers()
{
	serve "$inet" 198.51.100.2 7000
	n "$inet" "${python[@]}" "$SELFTESTS/dns.py" 198.51.100.2 > "$work/dns.log" 2>&1 &
	echo hello > "$work/index.html"
	n "$inet" "${python[@]}" -m http.server -d "$work" --bind 198.51.100.2 8080 \
		> "$work/http.log" 2>&1 &
	# 8080
	http_listens() { n "$inet" grep -q ':1F90 ' /proc/net/tcp; }
	busywait 30000 http_listens || bail "no HTTP server"
}
