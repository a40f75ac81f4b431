#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Measures what a packet costs, in User-mode Linux on one core of this machine,
# against the other ways Linux has. Tables go to the terminal; they, the figures as
# JSON and the plots go to .build/bench. Takes five minutes on a quiet machine.
set -eu -o pipefail

cd "$(dirname "$0")/.."
out=$PWD/.build/bench
kernel=uml

selftests/packages.sh bench
make -s tools
mkdir -p "$out"
selftests/vm/build $kernel >/dev/null
read -ra kdir <<<"$(selftests/vm/kdir $kernel)"
make -s -C selftests/bench OUT="$out" "${kdir[@]}"

date=$(date -u +%F)
DSTM_BENCH_CPU=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
export DSTM_BENCH_CPU
selftests/vm/run -k $kernel --mem 4096 --timeout 3000 -- \
	python3 selftests/bench "$out/module/dstm_bench.ko" "$out/updates" |
	tee "$out/log" | grep -v '^{' || [ "${PIPESTATUS[0]}" -eq 0 ]
grep '^{' "$out/log" >"$out/bench.json" || { echo "bench: it did not come to an end" >&2; exit 1; }
python3 selftests/bench/report.py "$out" "$date"
