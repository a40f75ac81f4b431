#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Namespaces: several gateways, a device that moves, namespaces, devices and the
# module going away under traffic, and who may do what.

. "$(dirname "$0")/lib.sh"

need_dstm
topology
map add ipv4 192.0.2.7 remote 2001:db8:1::7 || bail "map add"

# Until something has come back each way: an error ends a ping that has a deadline.
flood()
{
	rm -f "$work/flood.out" "$work/flood.in"
	exec_n "$client" ping -4 -n -f -w 60 198.51.100.2 > "$work/flood.out" 2>&1 &
	flood=$!
	exec_n "$inet" ping -4 -n -f -w 60 192.0.2.7 > "$work/flood.in" 2>&1 &
	flood="$flood $!"
	busywait 3000 floods
}

# A ping takes a dot back for each answer.
floods()
{
	grep -qs $'\b' "$work/flood.out" && grep -qs $'\b' "$work/flood.in"
}

# Its end, and that it was one: something came back each way.
calm()
{
	# shellcheck disable=SC2086
	kill -INT $flood 2> /dev/null
	# shellcheck disable=SC2086
	wait $flood 2> /dev/null
	check "there was traffic both ways" flooded
}

flooded()
{
	grep received "$work/flood.out" "$work/flood.in"
	[ "$(grep -Ec ' [1-9][0-9]* received' "$work/flood.out" "$work/flood.in" |
		grep -c ':1$')" -eq 2 ]
}

works()
{
	busywait 2000 pings "$client" 198.51.100.2 > /dev/null
}

check "one gateway" works

# A second gateway, of the same addresses, somewhere else.
ns client2 gw2 inet2
link_underlay "$client2" "$gw2" 1 7
link_inet "$inet2" "$gw2"
ip -n "$gw2" addr add 2001:db8::1/128 dev lo nodad
routers "$gw2"
tunnel_client "$client2" 1 7 192.0.2.7
check "a second gateway with the same local address elsewhere" gateway_device "$gw2"
check_not "has a table of its own" pings "$client2" 198.51.100.2 -W 0.3
check "a mapping of the same address there" \
	n "$gw2" "$nl" map add dev dstm0 ipv4 192.0.2.7 remote 2001:db8:1::7
check "the second gateway works" busywait 2000 pings "$client2" 198.51.100.2
check "the first gateway works" works
check "deleting at the second" n "$gw2" "$nl" map flush dev dstm0
check "leaves the first alone" works
check_not "a second device with the same local address in one namespace is refused" \
	n "$gw" "$nl" link add dstm1 role gateway local 2001:db8::1
ip netns del "$gw2"

# The device moves to where the Internet is.
check "move the device to another namespace" ip -n "$gw" link set dstm0 netns "$inet"
ip -n "$inet" link set dstm0 up
ip -n "$inet" route add 192.0.2.0/24 dev dstm0
check "the mappings went along" \
	sh -c "ip netns exec $inet $nl map show dev dstm0 | grep -q 192.0.2.7"
check "it forwards there, its underlay is where it was" \
	busywait 2000 pings "$inet" 192.0.2.7 -I 198.51.100.2
check "and from the client" works
# A mark is the inner namespace's: no rule of the underlay's goes by it.
mark_before_the_tunnel()
{
	ip -n "$gw" -6 rule add fwmark 6 unreachable &&
		n "$inet" nft -f - <<-END
			table ip m {
				chain out {
					type route hook output priority 0;
					oifname dstm0 meta mark set 6
				}
			}
		END
}
if command -v nft > /dev/null; then
	check "packets are marked there" mark_before_the_tunnel
	check "the underlay's rules do not see the mark" pings "$inet" 192.0.2.7 -I 198.51.100.2
	n "$inet" nft delete table ip m
	ip -n "$gw" -6 rule del fwmark 6
else
	skip "the underlay's rules do not see the mark" "needs nft"
fi
check_not "the table is not to be had from the old namespace" gw_nl map show dev dstm0
flood
check "move it back under traffic" ip -n "$inet" link set dstm0 netns "$gw"
ip -n "$gw" link set dstm0 up
ip -n "$gw" route replace 192.0.2.0/24 dev dstm0
calm
check "works again" works

flood
check "delete the device under traffic" ip -n "$gw" link del dstm0
calm
gateway_device "$gw"
map add ipv4 192.0.2.7 remote 2001:db8:1::7
check "a new one works" works
flood
churn()
{
	local i

	for i in 1 2 3 4 5; do
		ip -n "$gw" link del dstm0 || return 1
		gateway_device "$gw" || return 1
		map add ipv4 192.0.2.7 remote 2001:db8:1::7 || return 1
	done
}
check "delete and make it five times under traffic" churn
calm
check "works after that" works

# Packets find a second device before it is open, by the hooks that the first has set.
ip -n "$gw" addr add 2001:db8::2/128 dev lo nodad
in_batch "$client" <<-END
	link add tun9 type ip6tnl mode ipip6 local 2001:db8:1::7 remote 2001:db8::2 encaplimit none
	addr add 192.0.2.9/32 dev tun9
	link set tun9 up
END
second()
{
	local i

	for i in 1 2 3 4 5 6 7 8 9 10; do
		gw_nl link add dstm1 role gateway local 2001:db8::2 &&
			gw_nl map add dev dstm1 ipv4 192.0.2.9 remote 2001:db8:1::7 &&
			ip -n "$gw" link set dstm1 up && ip -n "$gw" link del dstm1 || return 1
	done
}
exec_n "$client" ping -4 -n -f -I tun9 198.51.100.2 > /dev/null 2>&1 &
flood=$!
check "a second device is made and opened ten times while packets come to it" second
kill -INT $flood
wait $flood 2> /dev/null
check "the first one works after that" works
ip -n "$client" link del tun9

# Whoever hears of packets that want out holds nothing of where they came from.
ns away hearer
ip -n "$hearer" link add there type veth peer name here netns "$away"
ip -n "$away" addr add 2001:db8:3::1/64 dev here nodad
ip -n "$away" link set here up
n "$away" "$nl" link add dstm0 role client local 2001:db8:3::1 || bail "no device"
exec_n "$hearer" "$nl" monitor > /dev/null &
monitor=$!
exec_n "$away" "$nl" monitor > "$work/wishes" &
ip -n "$away" link set dstm0 up
ip -n "$away" addr add 192.0.2.9/32 dev dstm0
ip -n "$away" route add default dev dstm0
heard() { n "$away" ping -n -c 1 -W 1 192.0.2.99 > /dev/null; grep -q acquire "$work/wishes"; }
check "a client's packet that wants out is told of" busywait 5000 heard
kill $monitor $! 2> /dev/null
wait $monitor $! 2> /dev/null
ip netns del "$away"
gone() { ! ip -n "$hearer" link show dev there 2> /dev/null; }
check "and its namespace goes away all the same" busywait 20000 gone

# The underlay's namespace goes away, the device is elsewhere.
ip -n "$gw" link set dstm0 netns "$inet"
ip -n "$inet" link set dstm0 up
ip -n "$inet" route add 192.0.2.0/24 dev dstm0
check "works from elsewhere" busywait 2000 pings "$inet" 192.0.2.7 -I 198.51.100.2
flood
ip netns del "$gw"
no_device()
{
	! ip -n "$inet" link show dev dstm0 > /dev/null 2>&1
}
check "deleting the underlay's namespace takes the device away" busywait 20000 no_device
calm

# The whole of a gateway's namespace, under traffic.
for name in "$client" "$inet"; do
	ip netns del "$name"
done
namespaces=()
topology
map add ipv4 192.0.2.7 remote 2001:db8:1::7
check "a new topology works" works
flood
check "delete the gateway's namespace under traffic" ip netns del "$gw"
sleep 1
calm
for name in "$client" "$inet"; do
	ip netns del "$name"
done
namespaces=()

# The module itself.
if [ -d /sys/module/dstm ] && modprobe -n -r dstm 2> /dev/null && [ -z "$DSTM_NO_UNLOAD" ]; then
	topology
	map add ipv4 192.0.2.7 remote 2001:db8:1::7
	check "works before the unloading" works
	flood
	check "unload the module under traffic" modprobe -r dstm
	check "the device is gone" sh -c "! ip -n $gw link show dev dstm0"
	calm
	check "load it again" modprobe dstm
	check "a new device" gateway_device "$gw"
	map add ipv4 192.0.2.7 remote 2001:db8:1::7
	check "works after that" works
	reload()
	{
		local i

		for i in 1 2 3; do
			modprobe -r dstm && gateway_device "$gw" &&
				map add ipv4 192.0.2.7 remote 2001:db8:1::7 || return 1
		done
	}
	check "and is loaded by link add three times" reload
	check "works still" works
	for name in "$client" "$gw" "$inet"; do
		ip netns del "$name"
	done
	namespaces=()
else
	skip "unload the module under traffic" "the module can not be unloaded here"
fi

# Who may.
topology
map add ipv4 192.0.2.7 remote 2001:db8:1::7
if unshare -Urn true 2> /dev/null; then
	cat > "$work/user.sh" <<-END
		set -e
		ip link set lo up
		$nl link add dstm0 role gateway local 2001:db8::1
		$nl map add dev dstm0 ipv4 192.0.2.7 remote 2001:db8:1::7
		$nl map show dev dstm0 | grep -q 192.0.2.7
		$nl map flush dev dstm0
		$nl link del dstm0
	END
	check "a user namespace's root in its own namespace" unshare -Urn bash "$work/user.sh"
	not_permitted()
	{
		"$@" 2>&1 | tee "$work/said"
		[ "${PIPESTATUS[0]}" -eq 1 ] && grep -q 'Operation not permitted' "$work/said"
	}
	check "but not in another's" not_permitted n "$gw" unshare -Ur "$nl" map add \
		dev dstm0 ipv4 192.0.2.99 remote 2001:db8:1::99
else
	skip "a user namespace's root in its own namespace" "no user namespaces"
fi
if command -v setpriv > /dev/null; then
	nobody()
	{
		n "$gw" setpriv --reuid 65534 --regid 65534 --clear-groups \
			--inh-caps=-all --bounding-set=-all "$nl" "$@"
	}
	refused()
	{
		nobody "$@" 2>&1 | tee "$work/said"
		[ "${PIPESTATUS[0]}" -eq 1 ] && grep -q 'Operation not permitted' "$work/said"
	}
	check "unprivileged map add is refused" refused map add dev dstm0 \
		ipv4 192.0.2.99 remote 2001:db8:1::99
	check "unprivileged map del is refused" refused map del dev dstm0 ipv4 192.0.2.7
	check "unprivileged map show is refused" refused map show dev dstm0
	check "unprivileged map flush is refused" refused map flush dev dstm0
	check "unprivileged link add is refused" refused link add dstm9 local 2001:db8::9
	check "unprivileged monitor is refused" refused monitor
	check "unprivileged stats are not refused" nobody stats dev dstm0
	check "and the table is what it was" mapped 1
else
	skip "unprivileged caller is refused" "needs setpriv"
fi

# Whoever is given the device, and not the namespace that its tunnels are in.
given_away()
{
	cat > "$work/given.sh" <<-END
		echo \$\$ > "$work/given.pid"
		until $nl link show dstm0 > /dev/null 2>&1; do sleep 0.1; done
		set -ex
		$nl map add dev dstm0 ipv4 192.0.2.20 remote 2001:db8:1::20
		$nl map add dev dstm0 ipv4 192.0.2.21 remote 2001:db8:1::21 local 2001:db8::1
		! $nl map add dev dstm0 ipv4 192.0.2.22 remote 2001:db8:1::22 local 2001:db8::77
		$nl map flush dev dstm0
		! $nl link set dstm0 local 2001:db8::77
		$nl link set dstm0 local 2001:db8::1 hoplimit 32
	END
	unshare -Urn bash "$work/given.sh" > "$work/given" 2>&1 &
	busywait 5000 [ -s "$work/given.pid" ] || return 1
	ip -n "$gw" link set dstm0 netns "$(cat "$work/given.pid")" || return 1
	wait $!
	status=$?
	cat "$work/given"
	[ $status -eq 0 ] && [ "$(grep -c 'up to the administrator' "$work/given")" -eq 2 ]
}
if unshare -Urn true 2> /dev/null; then
	check "no further addresses of the underlay for whoever is given the device" given_away
else
	skip "no further addresses of the underlay for whoever is given the device" \
		"no user namespaces"
fi

tap_done
