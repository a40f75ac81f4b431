# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# Sees which packets a shortcut takes, by the tracepoint dstm:dstm_shortcut. To be
# sourced after lib.sh.

tracing=/sys/kernel/tracing

watch_shortcut()
{
	[ -d $tracing/events/dstm ] || mount -t tracefs tracefs $tracing 2> /dev/null
	[ -d $tracing/events/dstm ] || skip_all "this kernel has no event tracing"
	trap 'status=$?; echo 0 > $tracing/events/dstm/enable; cleanup; exit $status' EXIT
	echo 1 > $tracing/events/dstm/dstm_shortcut/enable
	echo 1 > $tracing/tracing_on
	echo > $tracing/trace
}

# took [FROM]: how many packets the shortcut took at a device, or at all.
took()
{
	grep -c "dstm_shortcut: .*from=${1:-}" $tracing/trace
}
