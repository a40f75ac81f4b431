#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What vm/run promises to whoever calls it, held against User-mode Linux.
#
#   selftest.sh [KERNEL]

. "$(dirname "$0")/../lib.sh"

need_root
kernel=${1:-uml}
run=("$SELFTESTS/vm/run" -k "$kernel")

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
check "the machine's files can not be changed" status 77 -- \
	sh -c "echo > '$mark' || exit 77"
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
# A kernel that is gone before the module is.
# shellcheck disable=SC2016
check "so is an end that is too soon" status 125 -- sh -c '
	printf "#!/bin/sh\nbusybox poweroff -f\n" > /tmp/rmmod && chmod +x /tmp/rmmod &&
		mount --bind /tmp/rmmod "$(realpath "$(command -v rmmod)")"'
check "says so" complains 'did not come to an end'
check "what is not a splat is none" status 0 -- \
	sh -c 'echo "all is well" > /dev/kmsg'

# A kernel that traps on what is not there, FAULTS times: "timeout", which starts it, is
# ours. BYTE is what it has trapped on, as its memory tells, after it said BEFORE.
mkdir "$work/fails"
cat > "$work/fails/timeout" <<-END
	#!/bin/sh
	read -r faults byte before < "$work/faults"
	[ "\$faults" -gt 0 ] || exec $(command -v timeout) "\$@"
	echo "\$((faults - 1)) \$byte \$before" > "$work/faults"
	exec >&2
	echo "[    3.300000] \$before"
	echo "[    3.369832] Oops: int3: 0000 [#1] PREEMPT SMP NOPTI"
	echo "[    3.370592] RIP: 0010:sched_clock_cpu+0x9/0x190"
	echo "[    3.370898] Code: 90 90 f3 0f 1e fa \$byte <90> c3 cc cc cc cc"
	echo "[    3.382494] Kernel panic - not syncing: Fatal exception in interrupt"
END
chmod +x "$work/fails/timeout"
# failing FAULTS BYTE STATUS [BEFORE]
failing()
{
	echo "$1 $2 ${4-all is well}" > "$work/faults"
	PATH=$work/fails:$PATH status "$3" -- echo alive
}
check "a breakpoint that the emulator made up: once more" failing 2 66 0
check "then the command runs" says alive
check "and the fault is shown" complains 'sched_clock_cpu'
check "but not for ever" failing 3 66 125
check "a breakpoint that is there is a failure" failing 1 cc 125
check "at once" complains 'COMMAND said nothing'
check "so is what was wrong before" failing 1 66 125 'WARNING: something is wrong'

# What a kernel with one CPU is started with, without the kernel.
cat > "$work/fails/timeout" <<-'END'
	#!/bin/sh
	shift 3
	exec "$1" "$2" "$3" grep Cpus_allowed_list: /proc/self/status >&2
END
PATH=$work/fails:$PATH check "a kernel with one CPU" status 125 -- true
check "stays on one of the host's" complains '^Cpus_allowed_list:.[0-9]*$'

check "an unknown kernel" status 2 -k 2.4 -- true
check "more CPUs than it has" status 2 --smp 2 -- true
check "no number of CPUs" status 2 --smp two -- true
check "says so" complains 'not two'
check "to count instructions without an emulator" status 2 --instructions -- true
check "says so" complains 'not emulated'
check "no command" status 2
check "--list" status 0 --list
check "--list has the one that was booted" says "$kernel *ready"

tap_done
