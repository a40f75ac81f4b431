#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# units.sh FOLDER DAEMON...: systemd takes each daemon's unit without a word, has the
# user for it, never gives it up, and finds no more of the host exposed to it than is
# written here.

cd "$(dirname "$0")/../.." || exit 1
out=$(realpath "$1")
shift
. user/tests/tap.sh

# In tenths: the most that systemd-analyze security may find. The gateway and the client
# have the network to administrate, and the client is root to do so.
declare -A exposure=([server]=20 [gateway]=25 [client]=30)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/root/etc"
systemd-sysusers --root="$work/root" - < user/sysusers.conf > "$work/users" 2>&1
for daemon; do
	unit=$work/dstm-$daemon.service
	sed "s|/usr/local/sbin|$out|" "user/$daemon/dstm-$daemon.service" > "$unit"
	systemd-analyze verify --man=no "$unit" > "$work/said" 2>&1
	[ $? -eq 0 ] && [ ! -s "$work/said" ]
	result $? "systemd takes dstm-$daemon.service as it is" "$work/said"
	user=$(sed -n 's/^User=//p' "$unit")
	[ -z "$user" ] || grep -q "^$user:" "$work/root/etc/passwd"
	result $? "the user of dstm-$daemon.service is made" "$work/users"
	grep -q '^StartLimitIntervalSec=0$' "$unit" && grep -q '^RestartSec=1$' "$unit"
	result $? "dstm-$daemon.service is started again for ever, each second"
	systemd-analyze security --offline=true --no-pager \
		--threshold="${exposure[$daemon]}" "$unit" > "$work/said" 2>&1
	result $? "dstm-$daemon is exposed to no more than ${exposure[$daemon]} of 100: $(
		sed -n 's/.*Overall exposure level.*: \([0-9.]*\).*/\1/p' "$work/said") of 10" "$work/said"
done
tap_done
