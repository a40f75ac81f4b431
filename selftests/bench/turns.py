# SPDX-License-Identifier: GPL-2.0
"""How contestants share the time: in turns, which are short, so that a machine that is
slow for a moment is so for all of them."""

import statistics

# Of a round.
TURNS = 4


def by_round(runs, rounds):
    """What each of the runs, functions by name, returns: the mean of every round's turns."""
    means = {name: [] for name in runs}
    for _ in range(rounds):
        turns = {name: [] for name in runs}
        for _ in range(TURNS):
            for name, run in runs.items():
                turns[name].append(run())
        for name, values in turns.items():
            means[name].append(statistics.mean(values))
    return means
