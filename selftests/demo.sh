#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The demonstration: an IPv6-only host gets IPv4, first by hand, then from the daemons.
# What is said to happen is looked for, and the exit status tells whether it did.

. "$(dirname "$0")/lib.sh" > /dev/null
. "$(dirname "$0")/daemons-lib.sh"

bail()
{
	echo
	echo "FAILED: $*"
	logs
	exit 1
}

say()
{
	printf '\n%s\n' "$*"
}

skip_all()
{
	bail "$*"
}

# as_typed COMMAND...: with the host that it runs on, and without our folders.
as_typed()
{
	local host=server words

	if [ "$1 $2" = "ip netns" ]; then
		host=${4#dstm-}
		host=${host%-*}
		shift 4
	fi
	words="$*"
	echo "   ${host/gw/gateway}# ${words//$work\//}"
}

# run COMMAND...: shown as a person would type it, with what it says.
run()
{
	as_typed "$@"
	"$@" 2>&1 | sed 's/^/        /'
	[ "${PIPESTATUS[0]}" -eq 0 ] || bail "$*"
}

# The old program: it knows nothing but IPv4.
cat > "$work/old-program" << 'END'
import socket, sys
try:
    with socket.socket(socket.AF_INET) as s:
        s.settimeout(20)
        s.connect((sys.argv[1], 7000))
        s.sendall(b"x" * 100000)
        left = 100000
        while left:
            part = len(s.recv(65536))
            if not part:
                sys.exit("the connection broke")
            left -= part
        print("sent 100000 bytes, and got them back")
except OSError as e:
    sys.exit(e.strerror or str(e))
END

old_program()
{
	n "$1" "${python[@]}" "$work/old-program" 198.51.100.2 2>&1
}

# tunnel NS LOCAL IPV4: an ordinary tunnel to the gateway.
tunnel()
{
	run ip netns exec "$1" ip link add tun type ip6tnl mode ipip6 encaplimit none \
		local "$2" remote 2001:db8::1
	run ip netns exec "$1" ip link set tun up
	run ip netns exec "$1" ip addr add "$3/32" dev tun
	run ip netns exec "$1" ip route add default dev tun
}

# shown NS TO PROTOCOL PORT [HOW]...: bytes go there and come back.
shown()
{
	say_where "$@"
	traffic "$1" "$3" "$2" "$4" "${@:5}" --timeout 30 || bail "no traffic"
	echo "        all that was sent came back"
}

dropped()
{
	say_where "$@"
	! traffic "$1" "$3" "$2" "$4" "${@:5}" --count 1 --timeout 0.5 > /dev/null ||
		bail "it came through"
	echo "        nothing comes back"
}

say_where()
{
	local host=${1#dstm-}

	host=${host%-*}
	shift
	echo "   ${host/inet/internet}# connect $*"
}

# download: 10 MB over the tunnel, compared with what was sent.
download()
{
	local begin

	mkdir "$work/www"
	head -c 10000000 /dev/urandom > "$work/www/file"
	(cd "$work/www" && exec ip netns exec "$inet" "${python[@]}" -m http.server \
		--bind 198.51.100.2 80) > /dev/null 2>&1 &
	web() { n "$inet" grep -q ':0050 ' /proc/net/tcp; }
	busywait 60000 web || bail "no web server"
	echo "   client# curl -O http://198.51.100.2/file"
	begin=${EPOCHREALTIME/./}
	n "$client" curl -sS -m 60 -o "$work/file" http://198.51.100.2/file ||
		bail "the download failed"
	cmp "$work/file" "$work/www/file" || bail "the file is damaged"
	echo "        $(wc -c < "$work/file") bytes in" \
		"$(((${EPOCHREALTIME/./} - begin) / 1000)) ms, as they were sent"
}

# capture_start: lines of what passes the router, from descriptor $capture.
capture_start()
{
	local filter='udp port 547 or tcp port 3654 or (ip6 and ip6[6] == 4)'

	mkfifo "$work/capture"
	n "$router" tcpdump -i any -n -l -tt "$filter" \
		> "$work/capture" 2> "$work/capture.err" &
	exec {capture}< "$work/capture"
	busywait 20000 grep -q listening "$work/capture.err" || bail "no capture"
}

# next_packet: the next one in $packet, its time in $at. What only acknowledges an
# order or an answer does not count, nor what is not between these hosts.
next_packet()
{
	local line

	while IFS= read -r -t 20 line <&"$capture"; do
		at=${line%% *}
		case $line in
		*" > 2001:db8::1: "*)		packet=tunnel ;;
		*" > 2001:db8:2::2.547: "*)	packet=query ;;
		*" 2001:db8:2::2.547 > "*)	packet=reply ;;
		*" length 0"*)			continue ;;
		*" > 2001:db8:3::2.3654: "*)	packet=order ;;
		*" 2001:db8:3::2.3654 > "*)	packet=answer ;;
		*)				continue ;;
		esac
		return 0
	done
	bail "no packet comes"
}

# expect PACKET TEXT EARLY...: it comes, and none of those that it has to come before.
# What is sent once more, since the machine is slow, is passed over.
expect()
{
	local wanted=$1 text=$2 ms

	shift 2
	while next_packet && [ "$packet" != "$wanted" ]; do
		[[ " $* " != *" $packet "* ]] || bail "$packet came before $wanted"
	done
	at=${at/./}
	[ -n "$began" ] || began=$at
	ms=$(((at - began) / 1000))
	printf '        %5d ms  %s\n' $ms "$text"
}

the_five_steps()
{
	began=''
	expect query "   client  -> server    what could I have?" order answer reply tunnel
	expect reply "   server  -> client    $lent, if you want it" order answer tunnel
	expect query "1  client  -> server    lend it to me" order answer tunnel
	expect order "2  server  -> gateway   map $lent to it (TLS)" answer tunnel
	expect answer "3  gateway -> server    the kernel has it" reply tunnel
	expect reply "4  server  -> client    it is yours for 10 s, the tunnel ends at 2001:db8::1" tunnel
	expect tunnel "5  client ==> gateway   the program's IPv4 packets, in IPv6"
}

# next_is PACKET TEXT: what else passes meanwhile does not matter.
next_is()
{
	while next_packet && [ "$packet" != "$1" ]; do :; done
	printf '                  %s\n' "$2"
}

in_the_background()
{
	local pipe=$work/program

	old_program "$1" > "$pipe" &
	program=$!
}

[ -d /sys/module/dstm ] || modprobe dstm || bail "module dstm can not be loaded"
need_daemons
need_tool curl
lent=192.0.2.8

cat <<'END'
    client, other    no IPv4 at all            198.51.100.2   internet
       |                                            |          IPv4 only
     router -------- IPv6 only --------------- gateway
       |                               2001:db8::1 = TEP
     server   lends 192.0.2.8
END
network other
serve "$inet" 198.51.100.2 7000

say "A. By hand. The client has an IPv6 address and nothing else:"
run ip netns exec "$client" ip -br addr show up scope global
[ -z "$(ip -n "$client" -4 route)" ] || bail "the client has an IPv4 route"
say "   An old program that knows IPv4 only:"
echo "   client# old-program 198.51.100.2"
old_program "$client" | grep "Network is unreachable" | sed 's/^/        /'
[ "${PIPESTATUS[1]}" -eq 0 ] || bail "it should not have worked"

say "   The gateway gets a dstm device, and a mapping; the client an ordinary tunnel:"
run ip netns exec "$gw" "$nl" link add dstm0 role gateway local 2001:db8::1
run ip netns exec "$gw" ip link set dstm0 up
run ip netns exec "$gw" ip route add 192.0.2.0/24 dev dstm0
n "$gw" sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'
run ip netns exec "$gw" "$nl" map add dev dstm0 ipv4 192.0.2.7 remote 2001:db8:1::7
tunnel "$client" 2001:db8:1::7 192.0.2.7
run ip netns exec "$client" ping -4 -n -c 2 -i 0.2 198.51.100.2
say "   It downloads 10 MB from the Internet:"
download
say "   An IPv4 host opens a connection to the client, as to any other host:"
serve "$client" 192.0.2.7 5200
shown "$inet" 192.0.2.7 tcp 5200

say "B. Still by hand, and sharing: the other client has 1024 ports of 192.0.2.9."
run ip netns exec "$gw" "$nl" map add dev dstm0 ipv4 192.0.2.9 psid 5 psid-len 6 remote 2001:db8:11::7
tunnel "$other" 2001:db8:11::7 192.0.2.9
say "   Port set 5 of 64 is 5120 to 6143. From one of them it reaches the Internet, and is reached:"
shown "$other" 198.51.100.2 tcp 7000 --source 192.0.2.9 --sport 5201
serve "$other" 192.0.2.9 5200
shown "$inet" 192.0.2.9 tcp 5200
say "   From another one it does not; the gateway drops and counts the packet:"
dropped "$other" 198.51.100.2 udp 7000 --source 192.0.2.9 --sport 7001
echo "   gateway# dstm-nl stats dev dstm0 | grep rx-inner-port"
n "$gw" "$nl" stats dev dstm0 | grep rx-inner-port
[ "$(stat rx-inner-port)" -ge 1 ] || bail "not counted under rx-inner-port"
ip -n "$client" link del tun
ip -n "$other" link del tun
ip -n "$gw" link del dstm0

say "C. By the daemons. Gateway and server are started, and find each other:"
certificates
pool=$lent/32
gateway_start
server_json '"lifetime": 10' '"rest": "2s"'
as_typed ip netns exec "$gw" dstm-gateway -c gateway.json
as_typed ip netns exec "$server" dstm-server -c server.json
server_start
run dstm-server ctl -s "$sock/server" gateways
capture_start

say "   The client has a daemon too, which does nothing until a packet wants out:"
as_typed ip netns exec "$client" dstm-client --config client.json
client_start "$client"
has_address "$client" && bail "an address too early"
say "   Now the old program again, unchanged; this is what passes the router:"
echo "   client# old-program 198.51.100.2"
in_the_background "$client"
the_five_steps
wait $program || bail "the old program: $(cat "$work/program")"
sed 's/^/        /' "$work/program"
has_address "$client" "$lent" || bail "not by the address that was lent"
run ip netns exec "$client" ip -br -4 addr show dev dstm0
run ip netns exec "$gw" "$nl" map show

say "D. There is one address, and another client wants it as well: it is told so at once."
client_start "$other" '"retry": "1s"'
echo "   other# old-program 198.51.100.2"
old_program "$other" | grep "Network is unreachable" | sed 's/^/        /'
[ "${PIPESTATUS[1]}" -eq 0 ] || bail "it should have been refused"

say "E. After half of its time the client renews the lease:"
next_is order "   server  -> gateway   map it for another 10 s"
next_is answer "   gateway -> server    done"
next_is reply "   server  -> client    it is yours for another 10 s"
run dstm-server ctl -s "$sock/server" leases

then=$(date +%Y-%m-%dT%H:%M:%S)

say "F. The client stops, and gives the address back; the mapping goes at once:"
stop "$client"
echo "   client# kill dstm-client"
busywait 5000 equal > "$work/check.log" 2>&1 || bail "mapping and lease differ"
run ip netns exec "$gw" "$nl" map count dev dstm0
[ -z "$(ip -n "$client" -4 addr show scope global)" ] || bail "the client still has it"

say "G. When it has rested 2 s, it is the other's:"
again() { old_program "$other" > "$work/program"; }
busywait 20000 again || bail "the other client got no address: $(cat "$work/program")"
echo "   other# old-program 198.51.100.2"
sed 's/^/        /' "$work/program"
has_address "$other" "$lent" || bail "not by the address that was lent"
run ip netns exec "$gw" "$nl" map show
say "   The server knows who has it, and who had it then:"
run dstm-server ctl -s "$sock/server" who $lent
run dstm-server ctl -s "$sock/server" who $lent at "$then"

stop "$other"
stop server
stop gateway
say "The demonstration went well, in $SECONDS s."
