# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# What the tests share: TAP, network namespaces, waiting. Source it first.
# A test ends with tap_done; what it made goes away with it, however it ends.

SELFTESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:$SELFTESTS/../.build/user"
export PYTHONDONTWRITEBYTECODE=1
# What programs say is looked for, and a decimal sign is a point.
export LC_ALL=C

KSFT_SKIP=4
# What a machine's administrator has put among Python's packages would be loaded at each
# start, and take longer than what a test does.
python=(/usr/bin/python3 -S)
packages=/usr/lib/python3/dist-packages
export PYTHONPATH=$SELFTESTS:$packages
nl=${DSTM_NL:-dstm-nl}
# Built here it is faster.
in_netns=("$SELFTESTS/../.build/selftests/in_netns")
[ -x "${in_netns[0]}" ] || in_netns=(ip netns exec)
work=$(mktemp -d "${TMPDIR:-/tmp}/dstm-test.XXXXXX") || exit 1
namespaces=()
tracing=
tap_count=0
tap_failed=0

echo "TAP version 13"

# Emulated CPUs are some thirteen times slower: fewer rounds, longer limits.
slow=
if grep -qs 'QEMU TCG\|QEMU Virtual' /proc/cpuinfo; then
	slow=1
fi
uml=
if grep -qs 'User Mode Linux' /proc/cpuinfo; then
	uml=1
fi

# kill_within NAMESPACE...
kill_within()
{
	local ns p

	for p in /proc/[0-9]*; do
		for ns; do
			[ ! "$p/ns/net" -ef "/run/netns/$ns" ] || kill -KILL "${p#/proc/}" 2>/dev/null
		done
	done
}

cleanup()
{
	trap - EXIT
	# shellcheck disable=SC2046
	kill $(jobs -p) 2>/dev/null
	kill_within "${namespaces[@]}"
	# One that is gone already is no error.
	[ ${#namespaces[@]} -eq 0 ] ||
		printf 'netns del %s\n' "${namespaces[@]}" | ip -force -batch - 2>/dev/null
	[ -z "$tracing" ] || rmdir "$tracing"
	rm -rf "$work"
}
trap 'status=$?; cleanup; exit $status' EXIT
trap 'exit 130' INT TERM

# verdict STATUS NAME: one TAP line, with what was printed when it failed.
verdict()
{
	tap_count=$((tap_count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tap_count - $2"
		return 0
	fi
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $2"
	[ -s "$work/check.log" ] && tail -n 30 "$work/check.log" | sed 's/^/# /'
	return 1
}

# check NAME COMMAND...: the case passes when the command does.
check()
{
	local name=$1 status

	shift
	"$@" > "$work/check.log" 2>&1
	status=$?
	[ $status -ne 0 ] && echo "status $status: $*" >> "$work/check.log"
	verdict $status "$name"
}

# check_not NAME COMMAND...: the case passes when the command fails.
check_not()
{
	local name=$1 status

	shift
	if "$@" > "$work/check.log" 2>&1; then
		status=1
		echo "did not fail: $*" >> "$work/check.log"
	else
		status=0
	fi
	verdict $status "$name"
}

# skip NAME REASON
skip()
{
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# skip_all REASON: the whole script has nothing to do here.
skip_all()
{
	echo "1..0 # SKIP $*"
	exit $KSFT_SKIP
}

note()
{
	echo "# $*"
}

bail()
{
	echo "Bail out! $*"
	exit 1
}

# Without a verdict nothing has been tested.
tap_done()
{
	echo "1..$tap_count"
	[ "$tap_count" -gt 0 ] && [ "$tap_failed" -eq 0 ]
	exit $?
}

need_root()
{
	[ "$(id -u)" -eq 0 ] || skip_all "needs root"
}

need_tool()
{
	local tool

	for tool in "$@"; do
		command -v "$tool" > /dev/null || skip_all "needs $tool"
	done
}

# has_package NAME: of Python's, from Debian.
has_package()
{
	[ -d "$packages/$1" ]
}

need_dstm()
{
	need_root
	need_tool ip "$nl" "${python[0]}"
	[ -d /sys/module/dstm ] || modprobe dstm 2> /dev/null ||
		skip_all "module dstm can not be loaded"
	modprobe -a -q veth ip6_tunnel dummy 2> /dev/null
	return 0
}

# trace_apart: tracing is a folder for events of our own; what others trace goes on.
trace_apart()
{
	local all=/sys/kernel/tracing

	[ -d $all/instances ] || mount -t tracefs tracefs $all 2> /dev/null
	[ -d $all/events/dstm ] || skip_all "this kernel has no event tracing"
	mkdir "$all/instances/${work##*/}" || bail "no tracing"
	tracing=$all/instances/${work##*/}
}

# pause SECONDS: a sleep that is no process. What it reads from never says anything.
exec {silence}<> <(:)
pause()
{
	read -rt "$1" -u "$silence"
	return 0
}

# busywait MILLISECONDS COMMAND...: until the command is content.
busywait()
{
	local limit=$1 end

	shift
	[ -n "$slow" ] && limit=$((limit * 10))
	end=$((${EPOCHREALTIME/./} + limit * 1000))
	while ! "$@"; do
		[ "${EPOCHREALTIME/./}" -gt "$end" ] && return 1
		pause 0.02
	done
	return 0
}

n()
{
	"${in_netns[@]}" "$@"
}

# The same in a subshell that has nothing else to do.
exec_n()
{
	exec "${in_netns[@]}" "$@"
}

# burst COUNT: so many packets of one client in a row are that many in the mapping.
burst()
{
	local count=$1 before

	before=$(mapping_field tx-packets ipv4 192.0.2.7) || return 1
	n "$inet" ping -4 -n -q -f -c "$count" -W 2 192.0.2.7
	busywait 2000 sent_now $((before + count))
}

sent_now()
{
	[ "$(mapping_field tx-packets ipv4 192.0.2.7)" -eq "$1" ]
}

# counted_at FAMILY HOOK COMMAND...: the command succeeds, and a chain of netfilter's at
# the gateway counts packets meanwhile.
counted_at()
{
	local family=$1 hook=$2 status

	n "$gw" nft -f - <<-END || return 1
		table $family watch {
			chain $hook { type filter hook $hook priority 0; policy accept; counter; }
		}
	END
	shift 2
	"$@"
	status=$?
	n "$gw" nft list table "$family" watch | grep 'packets [1-9]' || status=1
	n "$gw" nft delete table "$family" watch
	return $status
}

# watched DEVICE COMMAND...: the command succeeds, and tcpdump sees three pings of its, and
# their answers, at the gateway's device. What it has not read yet is lost with it.
watched()
{
	local dump

	ip netns exec "$gw" tcpdump --immediate-mode -n -U -i "$1" -w "$work/dump" \
		2> "$work/ready" &
	dump=$!
	busywait 10000 grep -q listening "$work/ready" || return 1
	shift
	"$@" || return 1
	# shellcheck disable=SC2317
	seen() { [ "$(tcpdump -n -r "$work/dump" icmp 2> /dev/null | grep -c echo)" -ge 6 ]; }
	busywait 2000 seen
	kill $dump
	wait $dump
	seen
}

# in_batch NS: commands of ip(8), from the standard input, in one process.
in_batch()
{
	ip -n "$1" -batch -
}

# ns NAME...: for each name a namespace, called as the variable says.
ns()
{
	local name new=()

	for name; do
		printf -v "$name" '%s' "dstm-$name-$$"
		new+=("${!name}")
	done
	namespaces+=("${new[@]}")
	printf 'netns add %s\n' "${new[@]}" | ip -batch - || bail "no network namespace"
	for name in "${new[@]}"; do
		# shellcheck disable=SC2016
		n "$name" sh -c '
			for i in all default; do
				echo 0 > /proc/sys/net/ipv6/conf/$i/accept_dad
				echo 0 > /proc/sys/net/ipv6/conf/$i/dad_transmits
				echo 0 > /proc/sys/net/ipv4/conf/$i/rp_filter
			done
			exec ip link set lo up' || bail "namespace $name"
	done
}

routers()
{
	local name

	for name in "$@"; do
		n "$name" sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward
			echo 1 > /proc/sys/net/ipv6/conf/all/forwarding'
	done
}

# link_underlay CLIENT GATEWAY NUMBER HOST: CLIENT is 2001:db8:NUMBER::HOST.
link_underlay()
{
	local c=$1 g=$2 num=$3 host=$4

	in_batch "$c" <<-END || return 1
		link add up$num type veth peer name down$num netns $g
		link set up$num up
		addr add 2001:db8:$num::$host/64 dev up$num nodad
	END
	in_batch "$g" <<-END || return 1
		link set down$num up
		addr add 2001:db8:$num::1/64 dev down$num nodad
	END
	ip -n "$c" -6 route add default via "2001:db8:$num::1"
}

# link_inet INET GATEWAY: the IPv4 Internet behind the gateway.
link_inet()
{
	in_batch "$2" <<-END || return 1
		link add inet0 type veth peer name veth0 netns $1
		link set inet0 up
		addr add 198.51.100.1/24 dev inet0
	END
	in_batch "$1" <<-END
		link set veth0 up
		addr add 198.51.100.2/24 dev veth0
		route add default via 198.51.100.1
	END
}

# tunnel_client NS NUMBER HOST IPV4: a plain ip6tnl device, default settings.
tunnel_client()
{
	in_batch "$1" <<-END
		link add tun type ip6tnl mode ipip6 local 2001:db8:$2::$3 remote 2001:db8::1
		link set tun up
		addr add $4/32 dev tun
		route add default dev tun
	END
}

# topology: client (IPv6 only) -- gw -- inet, dstm0 without a mapping.
topology()
{
	ns client gw inet
	link_underlay "$client" "$gw" 1 7 || bail "no veth"
	link_inet "$inet" "$gw"
	in_batch "$gw" <<-END
		addr add 2001:db8::1/128 dev lo nodad
		addr add 2001:db8::2/128 dev lo nodad
	END
	routers "$gw"
	tunnel_client "$client" 1 7 192.0.2.7 || bail "no ip6tnl"
	gateway_device "$gw" || bail "no dstm device"
	busywait 3000 n "$client" ping -6 -c 1 -W 1 2001:db8::1 > /dev/null ||
		bail "no underlay"
}

gateway_device()
{
	n "$1" "$nl" link add dstm0 role gateway local 2001:db8::1 || return 1
	in_batch "$1" <<-END
		link set dstm0 up
		route add 192.0.2.0/24 dev dstm0
	END
}

gw_nl()
{
	n "$gw" "$nl" "$@"
}

map()
{
	local verb=$1

	shift
	gw_nl map "$verb" dev dstm0 "$@"
}

# Each process costs a tenth of a second in User-mode Linux, and Python most of a
# second: what is asked often, as the following, is to start none but dstm-nl. The
# shell's read asks the kernel for every single character of a pipe, $() does not.
declare -A counter

# counters [NS]: puts those of dstm0 into the array counter.
counters()
{
	local words i

	# The device, and pairs of words.
	# shellcheck disable=SC2207
	words=($(exec_n "${1:-$gw}" "$nl" stats dev dstm0))
	counter=()
	for ((i = 1; i < ${#words[@]}; i += 2)); do
		counter[${words[i]}]=${words[i + 1]}
	done
	[ ${#counter[@]} -gt 0 ]
}

# stat NAME [NS]: a counter of dstm0.
stat()
{
	counters "${2:-$gw}" && [ -n "${counter[$1]}" ] && echo "${counter[$1]}"
}

# mapping_field FIELD [show arguments]: a number of the first mapping shown.
mapping_field()
{
	local field=$1

	shift
	[[ $(exec_n "$gw" "$nl" -j map show dev dstm0 "$@") =~ \"$field\":\ *([0-9]+) ]] &&
		echo "${BASH_REMATCH[1]}"
}

# fails COMMAND...: succeeds when the command does not.
fails()
{
	! "$@"
}

# counted NAME N COMMAND...: the command succeeds, and raises this counter by N.
counted()
{
	local name=$1 by=$2 before status

	shift 2
	counters || return 1
	before=${counter[$name]}
	"$@"
	status=$?
	# shellcheck disable=SC2317
	reached() { counters && [ "${counter[$name]}" -ge $((before + by)) ]; }
	busywait 500 reached
	echo "$name: $before, then ${counter[$name]}, expected $by more; status $status"
	[ $status -eq 0 ] && [ "${counter[$name]}" -eq $((before + by)) ]
}

# mapped COUNT [ARGUMENTS]
mapped()
{
	local want=$1 IFS=$'\n' have

	shift
	# shellcheck disable=SC2207
	have=($(exec_n "$gw" "$nl" map show dev dstm0 "$@"))
	echo "${#have[@]} mappings, expected $want"
	[ ${#have[@]} -eq "$want" ]
}

listening()
{
	[ -e "$1" ]
}

# serve NS ADDRESS PORT...: TCP and UDP echo, in the background.
serve()
{
	local where=$1 ready

	shift
	ready=$(mktemp -u "$work/ready.XXXXXX")
	n "$where" "${python[@]}" "$SELFTESTS/traffic.py" echo --ready "$ready" "$@" \
		> "$ready.log" 2>&1 &
	busywait 60000 listening "$ready" || { cat "$ready.log"; bail "no echo server"; }
}

# ask NS PROGRAM ARGUMENTS...: traffic.py, send.py or ynl.py, by an agent that stays.
ask()
{
	local where=$1 line

	shift
	# What runs in the background must not take others' answers.
	if [ "$BASHPID" -ne $$ ]; then
		n "$where" "${python[@]}" "$SELFTESTS/$1.py" "${@:2}"
		return
	fi
	[ -n "${agents[$where]}" ] || start_agent "$where"
	echo "$*" >&"${agents[$where]}"
	while IFS= read -r -t 120 line <&"${answers[$where]}"; do
		[[ $line =~ ^exit\ ([0-9]+)$ ]] && return "${BASH_REMATCH[1]}"
		echo "$line"
	done
	echo "no answer from the agent in $where"
	return 1
}

declare -A agents answers
start_agent()
{
	local pipe=$work/agent.$1 in out

	mkfifo "$pipe.in" "$pipe.out"
	n "$1" "${python[@]}" "$SELFTESTS/agent.py" < "$pipe.in" > "$pipe.out" 2>&1 &
	exec {in}<> "$pipe.in" {out}<> "$pipe.out"
	agents[$1]=$in
	answers[$1]=$out
}

# traffic NS ARGUMENTS: see traffic.py.
traffic()
{
	ask "$1" traffic "${@:2}"
}

# inject NS ARGUMENTS: see send.py.
inject()
{
	ask "$1" send "${@:2}"
}

pings()
{
	local where=$1 whom=$2

	shift 2
	n "$where" ping -4 -n -c 3 -i 0.01 -W 2 "$@" "$whom"
}
