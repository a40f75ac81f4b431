#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# run.sh [TEST...]: runs tests one after the other, shows their TAP, and sums up.
# Exit status 1 when a test failed. Without a name, all there are.

cd "$(dirname "$0")" || exit 1
if [ $# -eq 0 ]; then
	# shellcheck disable=SC2046
	set -- $(make -s print_tests)
fi

out=$(mktemp "${TMPDIR:-/tmp}/dstm-tap.XXXXXX") || exit 1
trap 'rm -f "$out"' EXIT
passed=0
failed=0
skipped=0
number=0
total=$#
bad=()
now()
{
	date +%s
}

echo "TAP version 13"
echo "1..$total"
for test in "$@"; do
	number=$((number + 1))
	name=$(basename "$test")
	begin=$(now)
	echo "# selftests: dstm: $name"
	timeout -k 10 "${DSTM_TEST_TIMEOUT:-900}" "./$name" 2>&1 | tee "$out" | sed 's/^/# /'
	status=${PIPESTATUS[0]}
	p=$(grep '^ok ' "$out" | grep -vc '# SKIP')
	f=$(grep -c '^not ok ' "$out")
	s=$(grep -c '^ok .*# SKIP' "$out")
	passed=$((passed + p))
	failed=$((failed + f))
	skipped=$((skipped + s))
	took="$(($(now) - begin)) s"
	if [ "$status" -eq 4 ]; then
		skipped=$((skipped + 1))
		echo "ok $number selftests: dstm: $name # SKIP $(sed -n 's/^1\.\.0 # SKIP //p' "$out")"
	elif [ "$status" -eq 0 ] && grep -q '^1\.\.[1-9]' "$out"; then
		echo "ok $number selftests: dstm: $name # $took"
	else
		# It died between its verdicts.
		[ "$f" -eq 0 ] && failed=$((failed + 1))
		[ "$status" -eq 124 ] && echo "# $name: timed out"
		bad+=("$name")
		echo "not ok $number selftests: dstm: $name # exit=$status, $took"
	fi
done

[ ${#bad[@]} -gt 0 ] && echo "# failed: ${bad[*]}"
echo "# $passed passed, $failed failed, $skipped skipped"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ ${#bad[@]} -eq 0 ]
