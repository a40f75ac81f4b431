# SPDX-License-Identifier: GPL-2.0
"""All cases, in the order in which they are run."""

from . import (case, client, fragments, hairpin, header, icmp, losses, marks, martian, nested,
               owner, relay, size)

CASES = {
    "gateway": [header, martian, nested, owner, icmp, relay, size, fragments, hairpin, marks,
                losses],
    "client": [client],
}


def suite():
    """The cases of each role, and the markers."""
    made = {"markers": case.markers()}
    for role, parts in CASES.items():
        made[role] = [one for part in parts for one in part.cases()]
        names = {one.name for one in made[role]}
        assert len(names) == len(made[role]), "two cases of one name"
    return made
