# SPDX-License-Identifier: GPL-2.0
"""A case: what is sent, what has to come out, byte for byte, and which counters
move. What a standard leaves free is named by a frame's "free". Plain data, so that
it can be stored."""

from collections import namedtuple
from dataclasses import dataclass, field
from typing import Callable

# where is underlay, inet or device.
Frame = namedtuple("Frame", "where data free", defaults=((),))
# One frame that stands for TCP segments of that size.
Segments = namedtuple("Segments", "where data size")
# What ends a case: all before this has had its effect.
MARK = b"all before this has been handled"
# Nothing is sent for so many seconds.
Pause = namedtuple("Pause", "seconds")


@dataclass
class Case:
    name: str
    ref: str
    send: list
    # None: what comes out is left to check.
    expect: list = field(default_factory=list)
    count: dict = field(default_factory=dict)
    link: dict = field(default_factory=dict)
    # Commands in the gateway's namespace, around the case.
    before: list = field(default_factory=list)
    after: list = field(default_factory=list)
    # Looks at all frames that came out; says what is wrong with them.
    check: Callable = None
