#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# docs.sh DSTM-NL: every word of its help is in the man page and the completion. The
# daemons' pages name the figures that they have for Prometheus, and what those go by.

cd "$(dirname "$0")/../.." || exit 1
man=Documentation/man/dstm-nl.8
completion=user/nl/dstm-nl.bash
. user/tests/tap.sh

# Lower-case words of the usage lines, and the options.
words=$("$1" help | sed -n 's/^  dstm-nl //p' | tr -c 'a-z0-9-\n' '\n' |
	grep -x '[a-z][a-z0-9-]*' | sort -u)
options=$("$1" help | sed -n 's/^  \(-[a-zA-Z]\) .*/\1/p')

[ -n "$words" ] && [ -n "$options" ]
result $? "help has words and options"
for word in $words $options; do
	for file in $man $completion; do
		sed 's/Fl \([a-zA-Z]\)/-\1/g; s/\\//g' "$file" | grep -qw -e "$word"
		result $? "$word in $file"
	done
done

# figures: the names in the standard input.
figures()
{
	grep -o 'dstm_[a-z_]*' | sort -u
}
for daemon in gateway server; do
	page=Documentation/man/dstm-$daemon.8
	[ "$(grep -o '"dstm_[a-z_]*"' user/$daemon/figures.c | figures)" = "$(figures < $page)" ]
	result $? "$page names the figures of user/$daemon/figures.c"
done
page=Documentation/man/dstm-server.8
reasons=$(sed -n 's/.*\[DROP_[A-Z]*\] = "\(.*\)".*/\1/p' user/server/*.c)
[ -n "$reasons" ]
result $? "the server has reasons to drop a packet"
for reason in $reasons; do
	grep -qx ".It Cm $reason" $page
	result $? "$reason in $page"
done
tap_done
