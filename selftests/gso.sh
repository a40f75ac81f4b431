#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A bulk transfer goes through the device in packets of many segments.

. "$(dirname "$0")/lib.sh"

need_dstm
need_tool ethtool
topology
map add ipv4 192.0.2.7 remote 2001:db8:1::7 || bail "map add"
serve "$client" 192.0.2.7 5200
serve "$inet" 198.51.100.2 8000

bytes=4000000
[ -n "$slow" ] && bytes=2000000

# segments DIRECTION NS ADDRESS PORT: longer packets than the MTU on dstm0.
segments()
{
	local direction=$1 where=$2 ready watch

	shift 2
	ready=$(mktemp -u "$work/ready.XXXXXX")
	traffic "$gw" maxlen dstm0 "$direction" --ready "$ready" --timeout 60 &
	watch=$!
	busywait 60000 listening "$ready" || { echo "nobody watches dstm0"; return 1; }
	traffic "$where" tcp "$@" --bytes $bytes --timeout 60 || return 1
	wait $watch
}

check "into the tunnel" segments out "$inet" 192.0.2.7 5200
check "out of the tunnel" segments in "$client" 198.51.100.2 8000

# features NS DEVICE WORDS...: as ethtool -K has them; it is to have an effect.
features()
{
	n "$1" ethtool -K "${@:2}" > "$work/ethtool" 2>&1 ||
		bail "ethtool -K ${*:2}: $(cat "$work/ethtool")"
}

features "$gw" dstm0 tso off gso off
check "TCP into the tunnel without TSO and GSO" \
	traffic "$inet" tcp 192.0.2.7 5200 --bytes $bytes --timeout 60
features "$gw" dstm0 gso on tso on
features "$gw" down1 gro on
features "$client" up1 tso off gso off
features "$client" tun tso off gso off
check "single segments out of the tunnel" \
	traffic "$client" tcp 198.51.100.2 8000 --bytes $bytes --timeout 60
# The sender still shares the data of small segments, which are put together here, and
# sends it again after losses. It keeps to itself what it cuts in segments.
cat > "$work/small.py" <<-'END'
	import random, socket, threading
	# A segment each, and none with PSH, of which nothing is put together.
	MSG_EOR = 0x80
	flags = MSG_EOR | socket.MSG_MORE
	sent = [random.randbytes(400) for _ in range(1000)]
	sock = socket.create_connection(("198.51.100.2", 8000))
	threading.Thread(target=lambda: [sock.send(part, flags) for part in sent] +
	                 [sock.shutdown(socket.SHUT_WR)]).start()
	stream = sock.makefile("rb")
	for number, part in enumerate(sent):
	    assert stream.read(len(part)) == part, number
END
shared()
{
	n "$gw" tc qdisc add dev inet0 root netem loss 5% || return 1
	n "$client" timeout 120 "${python[@]}" "$work/small.py" || return 1
	n "$gw" tc qdisc del dev inet0 root
}
features "$gw" down1 gro off
check "small segments that are lost, and sent again" shared
features "$client" up1 tx off
features "$client" tun tx off
features "$inet" veth0 tx off
check "without checksum offload, from the client" \
	traffic "$client" tcp 198.51.100.2 8000 --bytes $bytes --timeout 60
check "without checksum offload, to the client" \
	traffic "$inet" tcp 192.0.2.7 5200 --bytes $bytes --timeout 60

# The same through a port set.
features "$inet" veth0 tx on tso on gso on
map flush > /dev/null
map add ipv4 192.0.2.7 psid 5 psid-len 6 remote 2001:db8:1::7
check "into a port set" segments out "$inet" 192.0.2.7 5200

tap_done
