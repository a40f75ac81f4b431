#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# packages.sh demo|check|bench: installs what Debian has to have for it.
set -eu

. "$(dirname "$0")/vm/lib.sh"

demo="gcc make pkg-config libmnl-dev libjansson-dev libevent-dev libssl-dev libsqlite3-dev
libnftables-dev libxxhash-dev uthash-dev iproute2 iputils-ping openssl python3 tcpdump
curl"
check="$demo ccache python3-yaml python3-jsonschema python3-scapy libcmocka-dev clang
libclang-rt-14-dev ethtool nftables socat traceroute iputils-tracepath iperf3
bind9-dnsutils util-linux mandoc sparse perl linux-source-6.12 bc bison flex xz-utils
libelf-dev kmod busybox-static procps systemd dkms strace"

bench="$demo iperf3 gnuplot-nox"

case ${1-} in
demo)	packages=$demo ;;
bench)	packages=$bench ;;
check)	packages=$check ;;
*)	echo "usage: packages.sh demo|check|bench" >&2; exit 2 ;;
esac

missing=()
# shellcheck disable=SC2016,SC2086 # for dpkg-query; one word per package
installed=$(dpkg-query -Wf '${Package} ${db:Status-Status}\n' $packages 2>/dev/null) || :
for package in $packages; do
	grep -qx "$package installed" <<<"$installed" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
	echo "missing, and to be installed by root: ${missing[*]}" >&2
	exit 1
fi
echo "installing ${missing[*]}"
update_lists
DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 \
	install -y --no-install-recommends "${missing[@]}" </dev/null
