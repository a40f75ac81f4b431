#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What vm/run promises to whoever calls it, held against User-mode Linux.
#
#   selftest.sh [KERNEL]

. "$(dirname "$0")/../lib.sh"

need_root
run=("$SELFTESTS/vm/run" -k "${1:-uml}")

# status WANTED ARGUMENTS-OF-run...
status()
{
	local want=$1 got=0

	shift
	"${run[@]}" "$@" > "$work/out" 2> "$work/err" < /dev/null || got=$?
	cat "$work/out" "$work/err"
	echo "exit status $got, expected $want"
	[ "$got" -eq "$want" ]
}

says()
{
	cat "$work/out"
	grep -qx -e "$1" "$work/out"
}

complains()
{
	cat "$work/err"
	grep -q -e "$1" "$work/err"
}

check "a command that succeeds" status 0 -- sh -c 'echo yes; uname -r; ls -d /sys/module/dstm'
check "its output is passed on" says yes
check "dstm.ko is loaded" says /sys/module/dstm
check "its exit status is passed on" status 77 -- sh -c 'exit 77'
check "words stay words" status 0 -- printf '<%s>\n' 'two  words' '$HOME' '*' "it's"
check "with blanks" says '<two  words>'
check "and everything else" says "<it's>"
check "--no-module loads none" status 1 --no-module -- test -d /sys/module/dstm
check "it runs where it was called" status 0 -- test -e "$(realpath --relative-to="$PWD" "$0")"
mark=$SELFTESTS/../.build/written-in-the-vm
check "the machine's files can not be changed" status 2 -- sh -c "echo > '$mark'"
check "and are not" [ ! -e "$mark" ]

streamed()
{
	local first

	"${run[@]}" -- sh -c 'echo first; sleep 3; echo second' < /dev/null 2>&1 | {
		read -r first
		echo "$first at $EPOCHREALTIME"
		begin=${EPOCHREALTIME/./}
		read -r second
		echo "$second at $EPOCHREALTIME"
		[ "$first $second" = "first second" ] &&
			[ $((${EPOCHREALTIME/./} - begin)) -gt 1000000 ]
	}
}
check "output is streamed" streamed

check "the time limit" status 124 --timeout 10 -- sleep 300
check "says so" complains 'time limit'
# shellcheck disable=SC2016
check "a warning of the kernel is a failure" status 125 -- \
	sh -c 'echo "WARNING: something is wrong" > /dev/kmsg; exit 0'
check "and is shown" complains 'something is wrong'
check "so is one after which the command fails" status 125 -- \
	sh -c 'echo "unregister_netdevice: waiting for dstm0" > /dev/kmsg; exit 3'
check "a panic, too" status 125 -- \
	sh -c 'echo c > /proc/sysrq-trigger; sleep 60'
check "what is not a splat is none" status 0 -- \
	sh -c 'echo "all is well" > /dev/kmsg'

# A kernel that dies while it boots, DEATHS times: "timeout", which starts it, is ours.
mkdir "$work/dies"
cat > "$work/dies/timeout" <<-END
	#!/bin/sh
	read -r deaths < "$work/deaths"
	[ "\$deaths" -gt 0 ] || exec $(command -v timeout) "\$@"
	echo \$((deaths - 1)) > "$work/deaths"
	echo "Kernel panic - not syncing: death \$deaths" >&2
END
chmod +x "$work/dies/timeout"
dying()
{
	echo "$1" > "$work/deaths"
	PATH=$work/dies:$PATH status "$2" -- echo alive
}
check "a panic before the module is loaded: once more" dying 1 0
check "then the command runs" says alive
check "and the panic is shown" complains 'death 1'
check "but not a third time" dying 2 125
check "and the last panic is shown" complains 'death 1'

check "an unknown kernel" status 2 -k 2.4 -- true
check "more CPUs than it has" status 2 --smp 2 -- true
check "to count instructions without an emulator" status 2 --instructions -- true
check "says so" complains 'not emulated'
check "no command" status 2
check "--list" status 0 --list
check "--list has uml" says 'uml *ready'

tap_done
