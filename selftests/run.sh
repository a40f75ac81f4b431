#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# run.sh [TEST...]: runs tests one after the other, shows their TAP, and sums up.
# Exit status 1 when a test failed. Without a name, all there are. A.sh+B.sh are at
# the same time: what waits a lot leaves the CPU to another.

cd "$(dirname "$0")" || exit 1
if [ $# -eq 0 ]; then
	# shellcheck disable=SC2046
	set -- $(make -s print_tests)
fi

out=$(mktemp -d "${TMPDIR:-/tmp}/dstm-tap.XXXXXX") || exit 1
trap 'rm -rf "$out"' EXIT
passed=0
failed=0
skipped=0
number=0
bad=()

# perform TEST: shows its output, and keeps it, its exit status and its time.
perform()
{
	local name=${1##*/} begin=$SECONDS status

	echo "# selftests: dstm: $name"
	timeout -k 10 "${DSTM_TEST_TIMEOUT:-900}" "./$1" 2>&1 < /dev/null |
		tee "$out/$name" | stdbuf -oL sed 's/^/# /'
	status=${PIPESTATUS[0]}
	echo "$status $((SECONDS - begin))" > "$out/$name.end"
}

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

# judge TEST
judge()
{
	local name=${1##*/} status took

	number=$((number + 1))
	read -r status took < "$out/$name.end"
	count "$out/$name"
	if [ "$status" -eq 4 ]; then
		echo "ok $number selftests: dstm: $name # SKIP $(sed -n 's/^1\.\.0 # SKIP //p' "$out/$name")"
	elif [ "$status" -eq 0 ] && grep -q '^1\.\.[1-9]' "$out/$name"; then
		echo "ok $number selftests: dstm: $name # $took s"
	else
		# It died between its verdicts.
		[ "$cases_failed" -gt 0 ] || failed=$((failed + 1))
		[ "$status" -ne 124 ] || echo "# $name: timed out"
		bad+=("$name")
		echo "not ok $number selftests: dstm: $name # exit=$status, $took s"
	fi
}

echo "TAP version 13"
read -ra all <<< "${*//+/ }"
echo "1..${#all[@]}"
for together in "$@"; do
	IFS=+ read -ra tests <<< "$together"
	for test in "${tests[@]:1}"; do
		perform "$test" > "$out/${test##*/}.shown" &
	done
	perform "${tests[0]}"
	wait
	judge "${tests[0]}"
	for test in "${tests[@]:1}"; do
		cat "$out/${test##*/}.shown"
		judge "$test"
	done
done

[ ${#bad[@]} -eq 0 ] || echo "# failed: ${bad[*]}"
echo "# $passed passed, $failed failed, $skipped skipped"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
