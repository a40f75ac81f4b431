#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The demonstration shows what it says that it shows.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/daemons-lib.sh"

need_daemons
check "the demonstration goes well" "$SELFTESTS/demo.sh"
tap_done
