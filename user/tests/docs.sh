#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# docs.sh DSTM-NL: every word of its help is in the man page and the completion.

cd "$(dirname "$0")/../.." || exit 1
man=Documentation/man/dstm-nl.8
completion=user/nl/dstm-nl.bash
. user/tests/tap.sh

# Lower-case words of the usage lines, and the options.
words=$("$1" help | sed -n 's/^  dstm-nl //p' | tr -c 'a-z0-9-\n' '\n' |
	grep -x '[a-z][a-z0-9-]*' | sort -u)
options=$("$1" help | sed -n 's/^  \(-[a-zA-Z]\) .*/\1/p')

for word in $words $options; do
	for file in $man $completion; do
		sed 's/Fl \([a-zA-Z]\)/-\1/g; s/\\//g' "$file" | grep -qw -e "$word"
		result $? "$word in $file"
	done
done
tap_done
