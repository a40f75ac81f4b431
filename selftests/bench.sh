#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Measures what a packet costs, against the other ways Linux has: in User-mode Linux of
# two kernels on one core of this machine, on two cores, and in instructions of Debian's
# own kernel. Tables go to the terminal; they, the figures as JSON and the plots go to
# .build/bench. Takes seven minutes and more, and half an hour besides the first time,
# when kernels are built.
set -eu -o pipefail

cd "$(dirname "$0")/.."
out=$PWD/.build/bench

DSTM_BENCH_CPU=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
export DSTM_BENCH_CPU

# measure WHAT KERNEL OPTIONS-OF-vm/run...: into KERNEL/WHAT.json
measure()
{
	local what=$1 kernel=$2 folder=$out/$2

	shift 2
	mkdir -p "$folder"
	selftests/vm/build "$kernel" >/dev/null
	selftests/vm/make "$kernel" -s -C selftests/bench OUT="$folder" >"$folder/make.log" 2>&1 ||
		{ cat "$folder/make.log" >&2; return 1; }
	echo "$kernel:" >&2
	selftests/vm/run -k "$kernel" --timeout 3000 "$@" -- python3 selftests/bench "$what" \
		"$folder/module/dstm_bench.ko" "$folder/updates" |
		tee "$folder/log" | grep -v '^{' || [ "${PIPESTATUS[0]}" -eq 0 ]
	grep '^{' "$folder/log" >"$folder/$what.json" ||
		{ echo "bench: $kernel did not come to an end" >&2; return 1; }
}

selftests/packages.sh bench
make -s tools
rm -rf "$out"
mkdir -p "$out"
measure costs uml --mem 4096
measure costs uml-7.x --mem 4096
measure scaling uml-smp --smp 2
measure instructions 6.12 --instructions
python3 selftests/bench/report.py "$out" "$(date -u +%F)" \
	"$(git describe --always --dirty 2>/dev/null || echo 'no commit')"
