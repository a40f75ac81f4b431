# SPDX-License-Identifier: GPL-2.0
"""All cases, in the order in which they are run."""

from . import (client, fragments, hairpin, header, icmp, losses, marks, martian, nested, owner,
               relay, size)

CASES = {
    "gateway": [header, martian, nested, owner, icmp, relay, size, fragments, hairpin, marks,
                losses],
    "client": [client],
}


def suite(role):
    cases = [case for part in CASES[role] for case in part.cases()]
    names = {case.name for case in cases}
    assert len(names) == len(cases), "two cases of one name"
    return cases
