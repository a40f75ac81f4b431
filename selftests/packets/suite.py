# SPDX-License-Identifier: GPL-2.0
"""All cases, in the order in which they are run."""

import shlex

from . import (case, client, fragments, hairpin, header, icmp, losses, marks, martian, nested,
               owner, relay, size)

CASES = {
    "gateway": [header, martian, nested, owner, icmp, relay, size, fragments, hairpin, marks,
                losses],
    "client": [client],
}


def words(command):
    """A command as it is run; to take it apart is slow where that happens."""
    return shlex.split(command) if isinstance(command, str) else command


def suite():
    """The cases of each role, and the markers."""
    made = {"markers": case.markers()}
    for role, parts in CASES.items():
        made[role] = [one for part in parts for one in part.cases()]
        for one in made[role]:
            one.before = [words(command) for command in one.before]
            one.after = [words(command) for command in one.after]
        names = {one.name for one in made[role]}
        assert len(names) == len(made[role]), "two cases of one name"
    return made
