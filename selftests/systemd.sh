#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317
#
# The daemons under systemd, by their units and by the examples of their configuration
# as they are: with no more of the host than those leave them, they start, say that they
# are ready, and bring IPv4 to a client.
# Server and gateway are on one machine, the client on the same, towards itself.

. "$(dirname "$0")/lib.sh"

need_dstm
need_tool dstm-gateway dstm-server dstm-client
pid1=/lib/systemd/systemd
[ -x $pid1 ] || skip_all "needs systemd"
modprobe -a -q tun nf_tables nft_ct nft_nat nft_fib_ipv4 2> /dev/null

units=$work/units
mkdir -p "$units" "$work/bin"
for daemon in gateway server client; do
	cp "$(command -v dstm-$daemon)" "$work/bin"
	cp "$SELFTESTS/../user/$daemon/dstm-$daemon.service" "$units"
	# There is no journal.
	mkdir "$units/dstm-$daemon.service.d"
	printf '[Service]\nStandardError=append:%s\n' "$work/$daemon.log" \
		> "$units/dstm-$daemon.service.d/log.conf"
done
# What units depend on by default, with nothing to do.
for target in sysinit basic shutdown network network-pre network-online multi-user; do
	printf '[Unit]\nDescription=%s\nDefaultDependencies=no\n' $target > "$units/$target.target"
done
ln -s multi-user.target "$units/default.target"

# inside: the machine that systemd finds: folders that may be written to, the users.
cat > "$work/inside" <<-END
	set -e
	mount -t proc proc /proc
	cp -a /etc $work/etc 2> /dev/null || :
	mkdir -p $work/etc/dstm
	for user in dstm-gateway dstm-server; do
		echo "\$user:x:99\${#user}:99\${#user}::/:/usr/sbin/nologin" >> $work/etc/passwd
		echo "\$user:x:99\${#user}:" >> $work/etc/group
	done
	cp $work/*.json $work/etc/dstm
	mount --bind $work/etc /etc
	mount --bind $work/bin /usr/local/sbin
	mount -t tmpfs tmpfs /run
	mount -t tmpfs tmpfs /var/lib
	mkdir -p /run/lock
	mountpoint -q /sys/fs/cgroup || mount -t cgroup2 cgroup2 /sys/fs/cgroup
	exec env -i PATH=/usr/sbin:/usr/bin container=dstm SYSTEMD_UNIT_PATH=$units \\
		$pid1 --system --log-target=console --log-level=notice --show-status=no
END

ns host
in_batch "$host" <<-END || bail "no addresses"
	link set lo up
	addr add 2001:db8::1/128 dev lo nodad
	addr add 2001:db8:1::7/128 dev lo nodad
END
# The examples as they are, but that the client has a dstm0, too, and does not renew: an
# address that this host has got is one that the gateway does not map any more.
sed 's/"dstm0"/"tep0"/' "$SELFTESTS/../user/gateway/gateway.json" > "$work/gateway.json"
sed 's/, "lifetime": "1h"//' "$SELFTESTS/../user/server/server.json" > "$work/server.json"
cat > "$work/client.json" <<-END
	{ "mode": "always", "servers": [ "2001:db8::1" ], "local": "2001:db8:1::7" }
END

ip netns exec "$host" unshare --mount --pid --cgroup --ipc --uts --fork --kill-child \
	bash "$work/inside" > "$work/systemd.log" 2>&1 &
runner=$!

init_pid()
{
	pgrep -P "$(pgrep -P $runner -x unshare || echo $runner)" | head -n 1
}

# on COMMAND...: within that machine.
on()
{
	nsenter -t "$(init_pid)" --mount --pid --cgroup --ipc --uts --net -- "$@"
}

manager() { on systemctl is-system-running 2>&1 | grep -E -q 'running|degraded|starting'; }
busywait 60000 manager || { cat "$work/systemd.log"; skip_all "systemd does not run here"; }

up()
{
	on systemctl start "dstm-$1" && on systemctl is-active -q "dstm-$1" && return
	on systemctl show -p Result,ExecMainCode,ExecMainStatus "dstm-$1"
	tail -n 20 "$work/$1.log"
	return 1
}
for daemon in gateway server client; do
	check "dstm-$daemon starts, and says that it is ready" up $daemon
done
[ $tap_failed -eq 0 ] || { kill -9 "$(init_pid)"; tap_done; }
bound() { on dstm-client status | grep 'bound'; }
check "the client gets a lease" busywait 20000 bound
[ $tap_failed -eq 0 ] || { on dstm-client status; tail -n 20 "$work"/*.log; kill -9 "$(init_pid)"; tap_done; }

# status NAME FIELD: of the daemon's process.
status()
{
	on sed -n "s/^$2:\s*//p" "/proc/$(on systemctl show -p MainPID --value "dstm-$1")/status"
}
limited()
{
	status "$1" CapBnd && status "$1" NoNewPrivs && status "$1" Seccomp
	[ "$(status "$1" CapBnd)" = "$2" ] && [ "$(status "$1" NoNewPrivs)" = 1 ] &&
		[ "$(status "$1" Seccomp)" = 2 ]
}
check "the gateway can but administrate the network" limited gateway 0000000000001000
check "the server can but bind its port" limited server 0000000000000400
check "the client can do both, and send raw packets" limited client 0000000000003400
check "they are reloaded" on systemctl reload dstm-gateway dstm-server dstm-client
sleep 2
for daemon in gateway server client; do
	check "dstm-$daemon goes on" on systemctl is-active -q dstm-$daemon
done
on systemctl kill -s KILL dstm-server
again() { on systemctl is-active -q dstm-server; }
check "killed, the server is started again" busywait 20000 again
check "the client still has its lease" busywait 20000 bound
on systemctl stop dstm-client dstm-server dstm-gateway
check "nothing is left when all are stopped" \
	sh -c "! ip -n $host -o link | grep -E 'dstm0|tep0'"
kill -9 "$(init_pid)" 2> /dev/null
wait $runner 2> /dev/null
[ $tap_failed -eq 0 ] || tail -n 20 "$work"/*.log
tap_done
