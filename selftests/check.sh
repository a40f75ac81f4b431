#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# From a bare Debian 12 on: install, build, unit tests, and the selftests of tests_for() in
# each kernel. Ends with a line that counts what passed and what failed.
set -u

cd "$(dirname "$0")/.." || exit 1
repo=$PWD
out=$repo/.build/check
passed=0
failed=0
failures=()
mkdir -p "$out"

packages="gcc make bc bison flex xz-utils pkg-config libelf-dev libssl-dev
libmnl-dev libjansson-dev libcmocka-dev linux-source-6.12 kmod busybox-static
iproute2 iputils-ping ethtool tcpdump nftables socat python3 python3-yaml
python3-jsonschema mandoc sparse"

install_packages()
{
	local missing

	# shellcheck disable=SC2086
	missing=$(for p in $packages; do
		dpkg-query -Wf '${Status}' "$p" 2>/dev/null |
			grep -q 'ok installed' || echo "$p"
	done)
	[ -z "$missing" ] && return
	apt-get -qq update && DEBIAN_FRONTEND=noninteractive \
		apt-get -qq install -y --no-install-recommends $missing
}

result()
{
	if [ "$1" -eq 0 ]; then
		passed=$((passed + 1))
		echo "ok $2"
	else
		failed=$((failed + 1))
		failures+=("$2")
		echo "not ok $2"
	fi
}

# step NAME COMMAND...: one verdict; the output is shown when it fails.
step()
{
	local name=$1 status=0
	shift
	"$@" >"$out/log" 2>&1 </dev/null || status=$?
	[ $status -eq 0 ] || tail -n 60 "$out/log"
	result $status "$name"
	return $status
}

# Count the cases of a TAP log.
count_tap()
{
	local name=$1 log=$2 good bad

	good=$(grep -cE '^ok ' "$log")
	bad=$(grep -cE '^not ok ' "$log")
	passed=$((passed + good))
	failed=$((failed + bad))
	[ "$bad" -eq 0 ] || failures+=("$name: $(grep -E '^not ok ' "$log" | tr '\n' ';')")
}

# One selftest in one kernel: its cases count, and so does the kernel's peace.
selftest()
{
	local kernel=$1 test=$2 log=$out/$1-$2.log status=0

	echo "# $kernel: $test"
	selftests/vm/run -k "$kernel" --mem 4096 --timeout 400 -- "selftests/$test" >"$log" 2>&1 || status=$?
	grep -aE '^(ok|not ok|# |1\.\.)' "$log"
	count_tap "$kernel $test" "$log"
	[ $status -ne 77 ] && [ $status -ne 4 ] || status=0	# skipped, and says why
	if [ $status -ne 0 ] && ! grep -qE '^not ok ' "$log"; then
		tail -n 60 "$log"
		result 1 "$kernel $test ended with $status"
	fi
}

# Under UML's KASAN a module that is loaded where another was unloaded trips the
# kernel's own loader, so tests that unload one are not for uml-debug.
tests_for()
{
	case $1 in
	uml-debug) echo kunit.sh events.sh sync.sh ;;
	*) echo kunit.sh forward.sh events.sh sync.sh replace.sh errors.sh \
		gso.sh ynl.sh netns.sh ;;
	esac
}

no_warnings()
{
	local log=$out/build.log

	make clean-module MO="$repo/.build/warn" >/dev/null &&
	make module $(selftests/vm/kdir uml) MO="$repo/.build/warn" "$@" >"$log" 2>&1 || {
		cat "$log"
		return 1
	}
	! grep -E 'warning:|error:' "$log"
}

step "packages are installed" install_packages || exit 1
step "the netlink spec is valid, and what is generated from it is in the tree" \
	make spec-check
step "the tools build" make tools
step "unit tests of the tools" make -C user check
for kernel in $(make -s print-kernels); do
	step "$kernel is built" selftests/vm/build "$kernel" || continue
	[ "$kernel" != uml ] || {
		step "the module builds without a warning, W=1" no_warnings W=1
		step "the module builds without a warning, sparse" no_warnings C=2
	}
	for test in $(tests_for "$kernel"); do
		selftest "$kernel" "$test"
	done
done

[ $failed -eq 0 ] || printf 'failed: %s\n' "${failures[@]}"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
