#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# From a bare Debian 12 on: installs, builds, and runs every test. KERNELS="6.12 6.1"
# in the environment takes these kernels only. Each line tells of what has passed or
# failed, the last one counts. What the kernels said is kept in .build/check.
set -u

cd "$(dirname "$0")/.." || exit 1
. selftests/vm/lib.sh
out=$PWD/.build/check
results=$out/results

# What runs in a kernel, in this order: what is about orders, about packets, and about
# what happens at the same time. Two of which one waits a lot are side by side.
orders="forward.sh+programs.sh antispoof.sh events.sh errors.sh"
packets="mtu.sh trace.sh gso.sh ynl.sh packets.sh+lifetime.sh"
at_once="diagnose.sh replace.sh sync.sh dump.sh netns.sh"
# What is random, with a short budget (make check-long has a long one), or long; an
# emulated kernel gets a part of it.
more="packets_hooked.sh+model.sh fuzz.sh coexist.sh"
# What passes parts of the stack by. User-mode Linux has no probes of functions, by which
# early.sh sees it.
ways="routes.sh shortcut.sh packets_shortcut.sh"
# The daemons need the kernel's interfaces, not its speed or its bugs: one is enough.
# So does a dump of as many mappings as are worth it; others have fewer.
clients="client.sh client_demand.sh client_ports.sh client_move.sh"
servers="gateway.sh daemons.sh daemons_local.sh daemons_kill.sh chaos.sh"
stories="daemons_policy.sh daemons_ports.sh daemons_demo.sh systemd.sh"
# By hand it is 200 clients for 5 minutes.
export DSTM_CHAOS_CLIENTS=${DSTM_CHAOS_CLIENTS:-12} DSTM_CHAOS_SECONDS=${DSTM_CHAOS_SECONDS:-20}

# KERNEL [OPTIONS OF vm/run] | TESTS: a boot each. The first list's run side by side, those
# first that take long, or whose kernel takes long to build. What has two CPUs, or holds
# User-mode Linux to a time, comes last, when the second list's are through: these wait more
# than they work, and run one after the other, beside those. The third one's is alone on the
# machine, for it needs both CPUs.
boots_together()
{
	cat <<-END
	7.x | $orders $at_once $packets early.sh shortcut.sh $more
	uml-debug | kunit.sh faults.sh $packets $ways $more
	6.1 | $orders $at_once $packets early.sh shortcut.sh $more
	uml-debug | $orders $at_once
	6.12 | $orders $packets
	6.12 | early.sh shortcut.sh packets_shortcut.sh $more
	6.12 --smp 2 | $at_once
	uml-7.x --mem 4096 | scale.sh
	END
	# It is uml-debug's kernel, without what watches it: one of them is enough.
	wanted uml-debug || echo "uml-7.x | kunit.sh $orders $at_once $packets $ways $more"
}
boots_waiting()
{
	cat <<-END
	uml-7.x | $clients dump.sh
	uml-7.x | $servers
	uml-7.x | $stories
	END
}
boots_alone()
{
	cat <<-END
	6.12 --smp 2 | smp.sh
	END
}
boot_limit=2400

# Tests that hold time against the clock want a CPU; those that wait, in apart, want one
# now and then, but at once.
lanes=$(nproc)
apart=

# What the compiler has made for one clone it need not make for the next.
export CCACHE_DIR=$cache/ccache CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1 CCACHE_MAXSIZE=500M
PATH=/usr/lib/ccache:$PATH

# What the tests in the kernels use.
programs()
{
	step "the kernel's source is there" selftests/vm/source &&
		step "the tools build" make -s -j"$(nproc)" tools &&
		step "the packets of all cases are made" stored_packets &&
		step "what the tests use builds" make -s -C selftests
}

# Once, and not on each emulated CPU.
stored_packets()
{
	PYTHONPATH=selftests PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m packets --store
}

# What needs no kernel, or brings up its own.
host_tests()
{
	step "the netlink spec is valid, and what is generated from it is in the tree" \
		make -s spec-check
	step "unit tests of the tools" make -s -j"$(nproc)" -C user check
	step "fuzzers of the tools, a short time each" \
		make -s -j"$(nproc)" -C user fuzz-run FUZZ_SECONDS=1
	step "what Documentation/conformance.rst names is there" selftests/conformance.sh
	step "README has the figures that were measured" \
		env PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 selftests/bench/readme.py check
	step "selftests/vm/run" selftests/vm/selftest.sh uml-7.x
	step "make install and dkms-install" selftests/install.sh uml-7.x
}
host_tests_and_waiting()
{
	host_tests
	have_cpu_at_once
	each_boot < <(boots_waiting)
}

# What this shell starts from now on does not queue for a CPU. Between two machines that
# never rest, User-mode Linux would for each of its many steps, and a lease come too late.
have_cpu_at_once()
{
	chrt -r -p 1 $BASHPID || echo "no CPU at once: daemons may be late, and their tests may fail"
}

builds()
{
	local k

	for k in 6.1 6.12 7.x; do
		! wanted $k || step "the module builds without a warning, W=1, $k" \
			no_warnings selftests/vm/module $k
	done
	step "the module builds without a warning, sparse" sparse
	step "checkpatch has nothing to say" checkpatch
}

# record PASSED FAILED NAME
record()
{
	echo "$1 $2 $3" >>"$results"
}

# step NAME COMMAND...: one verdict; the output is shown when it fails.
step()
{
	local name=$1 status=0 begin=$SECONDS log

	shift
	log=$out/${name//[^a-z0-9]/-}.log
	"$@" >"$log" 2>&1 </dev/null || status=$?
	if [ $status -eq 0 ]; then
		record 1 0 "$name"
		echo "ok $name ($((SECONDS - begin)) s)"
	else
		record 0 1 "$name"
		tail -n 60 "$log"
		echo "not ok $name (exit status $status, all of it is in $log)"
	fi
	return $status
}

# no_warnings COMMAND...: it succeeds and prints none.
no_warnings()
{
	local said status=0

	said=$("$@" 2>&1) || status=$?
	echo "$said"
	[ $status -eq 0 ] && ! grep -qiE 'warning:|error:' <<<"$said"
}

# A kernel that finds sparse too old, as 7.x does, goes on without it. What is compiled
# already is not once more.
sparse()
{
	local said status=0

	said=$(no_warnings selftests/vm/make 6.12 -j"$(nproc)" module W=1 \
		MO="$PWD/.build/6.12" C=2) || status=1
	echo "$said"
	[ $status -eq 0 ] && grep -q '^ *CHECK ' <<<"$said"
}

# compat.h is about kernel versions, which checkpatch wants nobody to ask for, and
# trace.h in the form of all headers of tracepoints, which it does not know.
checkpatch()
{
	local source files

	source=$(selftests/vm/source) || return 1
	files=$(find kernel uapi -name '*.[ch]' ! -name compat.h ! -name trace.h)
	# shellcheck disable=SC2086 # one word per file is meant
	"$source/scripts/checkpatch.pl" --no-tree --no-summary --strict --terse \
		--show-types -f $files
}

read -ra kernels_wanted <<<"${KERNELS-}"
wanted()
{
	[ ${#kernels_wanted[@]} -eq 0 ] || [[ " ${kernels_wanted[*]} " = *" $1 "* ]]
}

# What nothing is to run in would pass.
known()
{
	local k names

	names=$({ boots_together; boots_waiting; boots_alone; } | cut -d ' ' -f 1 | sort -u | xargs)
	for k in "${kernels_wanted[@]}"; do
		[[ " $names " = *" $k "* ]] || die "KERNELS: there is no $k, but $names"
	done
}

# there KERNEL: whoever boots it first sees to it; the others wait in vm/run.
there()
{
	! mkdir "$out/there/$1" 2>/dev/null || step "kernel $1 is there" selftests/vm/build "$1"
}

# Lines of run.sh: each test's verdict, and what failed within it.
progress()
{
	awk -v kernel="$1" '
		/^# not ok/ { show = 1 }
		/^# ok/ { show = 0 }
		/^(ok|not ok) / { show = 0; sub(/[0-9]+ selftests: dstm: /, ""); print $0 " [" kernel "]" }
		show { print "[" kernel "] " $0 }
		{ fflush() }'
}

# What was said after vm/run began for the last time.
last_boot()
{
	awk '/^run: the emulator / { said = ""; next }
		{ said = said $0 "\n" }
		END { printf "%s", said }' "$1"
}

# skipped KERNEL: in run.sh's lines, tests and cases that were, though all that they need
# is here. Only User-mode Linux has no IPsec.
skipped()
{
	local without=

	[[ $1 != uml* ]] || without=$'IPsec\nIPsec policies'
	sed -nE 's/^(ok [0-9]+ selftests: dstm:|# ok [0-9]+ -) (.*) # SKIP.*/\2/p' |
		grep -vxF "$without"
}

# in_kernel KERNEL OPTIONS | TESTS: all of them in one boot.
in_kernel()
{
	local words name log said status failed lost

	read -ra words <<<"$1"
	there "${words[0]}" || return
	name="$1:$2"
	log=$out/${words[0]}-$(cksum <<<"$name" | cut -c 1-5).log
	# shellcheck disable=SC2086 # one word per test is meant
	selftests/vm/run -k "${words[@]}" --timeout $boot_limit -- \
		selftests/run.sh $2 2>&1 </dev/null | tee "$log" | progress "${words[0]}"
	status=${PIPESTATUS[0]}
	said=$(last_boot "$log")
	# What failed before the emulator did has failed.
	failed=$(grep -c '^# not ok ' "$log")
	lost=$(skipped "${words[0]}" <<<"$said")
	failed=$((failed + $(grep -c . <<<"$lost")))
	grep '^# ok .*# SKIP' <<<"$said" | sed "s/^# ok [0-9]* - /skipped [${words[0]}] /"
	record "$(grep '^# ok ' <<<"$said" | grep -vc '# SKIP')" "$failed" \
		"$1: $(sed -n 's/^not ok .*dstm: \([^ ]*\).*/\1/p' <<<"$said" | tr '\n' ' ')${lost:+skipped: ${lost//$'\n'/, }}"
	# A splat, the end of time, a test that died between its verdicts.
	if [ "$status" -gt 1 ] || { [ "$status" -eq 1 ] && [ "$failed" -eq 0 ]; }; then
		tail -n 60 "$log" | sed "s/^/[${words[0]}] /"
		record 0 1 "$1 ended with exit status $status, see $log"
	fi
	echo "$name" >>"$out/booted"
}

# beside COMMAND...: in the background, as soon as a lane is free, of which what is apart
# takes none. With all that it starts it is a process group.
beside()
{
	while [ "$(jobs -rp | grep -cvx "$apart")" -ge "$lanes" ]; do
		wait -n
	done
	set -m
	"$@" </dev/null &
	set +m
}

# What is in the lanes ends with us, the machines, too: vm/run sees to that.
stop()
{
	local lane

	trap '' INT TERM
	for lane in $(jobs -rp); do
		kill -- "-$lane"
	done
	wait
	exit 130
} 2>/dev/null

# each_boot HOW...: in_kernel for each line of the standard input.
each_boot()
{
	local kernel tests

	while IFS='|' read -r kernel tests; do
		kernel=${kernel% }
		! wanted "${kernel%% *}" || "$@" in_kernel "$kernel" "$tests"
	done
}

# Each of the boots has its results among the others.
all_booted()
{
	local booted planned

	booted=$(wc -l <"$out/booted")
	planned=$({ boots_together; boots_waiting; boots_alone; } | each_boot echo | wc -l)
	[ "$booted" -eq "$planned" ] || record 0 1 "$booted boots, not $planned"
}

summary()
{
	awk '
		{ passed += $1; failed += $2 }
		$2 { $1 = ""; bad = bad "failed:" $0 "\n" }
		END { printf "%s%d passed, %d failed\n", bad, passed, failed; exit failed > 0 }' \
		"$results"
}

known
mkdir -p "$out"
# Whatever is started has the lock, too: nothing of a run that was killed gets into the
# next one's results.
exec {alone}>"$out/.lock"
flock -n "$alone" || die "another check, or what is left of it, runs in this folder"
trap stop INT TERM
rm -rf "$out/there"
mkdir -p "$out/there"
: >"$results"
: >"$out/booted"
step "packages are installed" selftests/packages.sh check && programs || { summary; exit 1; }
beside host_tests_and_waiting
apart=$!
beside builds
each_boot beside < <(boots_together)
wait
lanes=1 each_boot beside < <(boots_alone)
wait
all_booted
summary
