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
bad=()

# count FILE: adds up a test's cases.
count()
{
	local line

	cases_failed=0
	while IFS= read -r line; do
		case $line in
		"ok "*"# SKIP"* | "1..0 # SKIP"*) skipped=$((skipped + 1)) ;;
		"ok "*) passed=$((passed + 1)) ;;
		"not ok "*) cases_failed=$((cases_failed + 1)) ;;
		esac
	done < "$1"
	failed=$((failed + cases_failed))
}

echo "TAP version 13"
echo "1..$#"
for test in "$@"; do
	number=$((number + 1))
	name=${test##*/}
	begin=$SECONDS
	echo "# selftests: dstm: $name"
	timeout -k 10 "${DSTM_TEST_TIMEOUT:-900}" "./$test" 2>&1 < /dev/null |
		tee "$out" | stdbuf -oL sed 's/^/# /'
	status=${PIPESTATUS[0]}
	took="$((SECONDS - begin)) s"
	count "$out"
	if [ "$status" -eq 4 ]; then
		echo "ok $number selftests: dstm: $name # SKIP $(sed -n 's/^1\.\.0 # SKIP //p' "$out")"
	elif [ "$status" -eq 0 ] && grep -q '^1\.\.[1-9]' "$out"; then
		echo "ok $number selftests: dstm: $name # $took"
	else
		# It died between its verdicts.
		[ "$cases_failed" -gt 0 ] || failed=$((failed + 1))
		[ "$status" -ne 124 ] || echo "# $name: timed out"
		bad+=("$name")
		echo "not ok $number selftests: dstm: $name # exit=$status, $took"
	fi
done

[ ${#bad[@]} -eq 0 ] || echo "# failed: ${bad[*]}"
echo "# $passed passed, $failed failed, $skipped skipped"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
