#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The demonstration: a gateway set by hand lends IPv4 to an IPv6-only host.

. "$(dirname "$0")/lib.sh" > /dev/null

bail()
{
	echo
	echo "FAILED: $*"
	exit 1
}

say()
{
	printf '\n%s\n' "$*"
}

# run COMMAND...: shown as a person would type it.
run()
{
	local shown

	shown=" $*"
	shown=${shown//ip netns exec /}
	shown=${shown//-$$/}
	shown=${shown//dstm-client/client#}
	shown=${shown//dstm-gw/gateway#}
	shown=${shown//dstm-inet/internet#}
	echo "   ${shown# }"
	"$@" 2>&1 | sed 's/^/        /'
	[ "${PIPESTATUS[0]}" -eq 0 ] || bail "$*"
}

[ "$(id -u)" -eq 0 ] || bail "the demonstration needs root"
[ -d /sys/module/dstm ] || modprobe dstm || bail "module dstm can not be loaded"
modprobe -a -q veth ip6_tunnel 2> /dev/null

cat <<'END'
    client                        gateway                         internet
    2001:db8:1::7 == IPv6 only == 2001:db8::1 (TEP)
    borrows 192.0.2.7 ==tunnel==> dstm0  198.51.100.1 -- IPv4 --  198.51.100.2
END

say "1. Three hosts (network namespaces). The client has an IPv6 address and nothing else."
ns client gw inet
link_underlay "$client" "$gw" 1 7 || bail "no veth"
link_inet "$inet" "$gw" || bail "no veth"
ip -n "$gw" addr add 2001:db8::1/128 dev lo nodad
routers "$gw"
# The Internet knows where 192.0.2.0/24 is: behind 198.51.100.1, as all else.
run ip netns exec "$client" ip -br addr show scope global
say "   It can not reach the IPv4-only server:"
n "$client" ping -4 -c 1 -W 1 198.51.100.2 2>&1 | sed 's/^/        /'

say "2. On the gateway: a dstm device, and the addresses that it lends are behind it."
run ip netns exec "$gw" "$nl" link add dstm0 role gateway local 2001:db8::1
run ip netns exec "$gw" ip link set dstm0 up
run ip netns exec "$gw" ip route add 192.0.2.0/24 dev dstm0

say "3. One mapping: 192.0.2.7 is lent to 2001:db8:1::7."
run ip netns exec "$gw" "$nl" map add dev dstm0 ipv4 192.0.2.7 remote 2001:db8:1::7
run ip netns exec "$gw" "$nl" map show

say "4. On the client: an ordinary IPv4-in-IPv6 tunnel to the gateway; no software of ours."
run ip netns exec "$client" ip link add tun type ip6tnl mode ipip6 local 2001:db8:1::7 remote 2001:db8::1
run ip netns exec "$client" ip link set tun up
run ip netns exec "$client" ip addr add 192.0.2.7/32 dev tun
run ip netns exec "$client" ip route add default dev tun

say "5. IPv4 flows. The client pings the server:"
run ip netns exec "$client" ping -4 -n -c 3 -i 0.2 198.51.100.2

say "   and downloads 10 MB from it:"
mkdir "$work/www"
head -c 10000000 /dev/urandom > "$work/www/file"
(cd "$work/www" && exec ip netns exec "$inet" "$python" -m http.server --bind 198.51.100.2 80) \
	> /dev/null 2>&1 &
web()
{
	n "$inet" grep -q ':0050 ' /proc/net/tcp
}
busywait 60000 web || bail "no web server"
cat > "$work/download" <<'END'
import sys, time, urllib.request
begin = time.monotonic()
data = urllib.request.urlopen(sys.argv[1], timeout=60).read()
took = time.monotonic() - begin
if data != open(sys.argv[2], "rb").read():
    sys.exit("the file arrived damaged")
print(f"{len(data)} bytes in {took:.2f} s, as sent")
END
echo "    client# download http://198.51.100.2/file"
n "$client" "$python" "$work/download" http://198.51.100.2/file "$work/www/file" 2>&1 |
	sed 's/^/        /'
[ "${PIPESTATUS[0]}" -eq 0 ] || bail "download"

say "   and an IPv4 host opens a connection to the client, as to any host of the Internet:"
serve "$client" 192.0.2.7 5200
echo "    internet# connect 192.0.2.7 port 5200, send 100000 bytes, read them back"
traffic "$inet" tcp 192.0.2.7 5200 --timeout 30 || bail "connection to the client"
echo "        all back"

say "6. IPv4 is scarce: now the client has only port set 5 of 64, ports 5120 to 6143."
run ip netns exec "$gw" "$nl" map del dev dstm0 ipv4 192.0.2.7
run ip netns exec "$gw" "$nl" map add dev dstm0 ipv4 192.0.2.7 psid 5 psid-len 6 remote 2001:db8:1::7
serve "$inet" 198.51.100.2 8000
echo "    client# connect from port 5201"
traffic "$client" tcp 198.51.100.2 8000 --source 192.0.2.7 --sport 5201 --timeout 30 ||
	bail "connection from the port set"
echo "        works"
echo "    internet# connect to port 5200"
traffic "$inet" tcp 192.0.2.7 5200 --timeout 30 || bail "connection to the port set"
echo "        works"
echo "    client# send from port 7000, which is someone else's"
if traffic "$client" udp 198.51.100.2 8000 --source 192.0.2.7 --sport 7000 --count 1 \
	--timeout 0.5 > /dev/null; then
	bail "a packet from another's port came through"
fi
echo "        dropped, and counted:"
run ip netns exec "$gw" "$nl" stats dev dstm0
[ "$(stat rx-inner-port)" -ge 1 ] || bail "not counted under rx-inner-port"

say "The demonstration went well."
