#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The random tests with a long budget, which the environment may change: so many steps
# of the server's leases and packets of the gateway against their models, so many
# mutated netlink messages that the kernel has read, and mutated packets for so many
# seconds. The fuzzers run where memory and locks are watched.
set -eu

cd "$(dirname "$0")/.."
export DSTM_MODEL_PACKETS=${DSTM_MODEL_PACKETS:-100000}
export DSTM_FUZZ_MESSAGES=${DSTM_FUZZ_MESSAGES:-2000000}
export DSTM_FUZZ_SECONDS=${DSTM_FUZZ_SECONDS:-600}
limit=${DSTM_LONG_LIMIT:-7200}
export DSTM_TEST_TIMEOUT=$limit
export MODEL_STEPS=${MODEL_STEPS:-2000000} MODEL_SEED=${MODEL_SEED:-$RANDOM}

make -s -C selftests
engine=$PWD/.build/user/check/server_engine
make -s -C user O="$PWD/.build/user" "$engine"
status=0
"$engine" || status=1
selftests/vm/run -k uml --timeout "$limit" -- selftests/model.sh || status=1
selftests/vm/run -k uml-debug --timeout "$limit" -- selftests/run.sh fuzz.sh faults.sh ||
	status=1
exit $status
