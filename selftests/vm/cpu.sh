# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Which of the host's CPUs a kernel with one CPU runs on. To be sourced.
#
# Its program is several threads or processes that hand over to each other all the
# time: User-mode Linux at each system call and each page fault, QEMU at each access to
# a file. To wake one that sleeps on another CPU takes ten times as long as to go on
# with it on the same one.

# The CPUs that we may use, a line each.
our_cpus()
{
	local allowed part

	IFS=, read -ra allowed < <(sed -n 's/^Cpus_allowed_list:\t//p' /proc/self/status)
	for part in "${allowed[@]}"; do
		seq "${part%-*}" "${part#*-}"
	done
}

# Sets cpu, one that as few of our machines have as any, and keeps it until the shell
# ends, and all that it has started.
take_cpu()
{
	local turn taken

	mkdir -p "$cache/.cpu"
	for ((turn = 0; ; turn++)); do
		for cpu in $(our_cpus); do
			exec {taken}>"$cache/.cpu/$cpu.$turn"
			flock -n "$taken" && return
			exec {taken}>&-
		done
	done
}
