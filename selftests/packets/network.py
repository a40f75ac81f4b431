# SPDX-License-Identifier: GPL-2.0
"""The device under test between its two wires, and how a case is run on it."""

import os
import subprocess
import time

from . import compare
from .frame import MARK, Pause, Segments
from .wire import Counters, Namespace, Port, SegmentPort, stay_on_one_cpu

# What a new device does, but for icmp-rate, which would disturb.
DEFAULTS = {"hoplimit": "64", "encaplimit": "none", "hairpin": "on", "icmp-errors": "on",
            "frag": "outer", "tclass": "inherit", "dscp": "inner", "flowlabel": "auto",
            "mtu": "1500", "icmp-rate": "1000000"}
PATIENCE = 60


class Network:
    """The markers are two frames, one a side, that come back with MARK at the end."""

    def __init__(self, dut, wire, markers):
        stay_on_one_cpu()
        self.dut = dut
        self.markers = markers
        self.link = {}
        self.ports = {"underlay": Port(wire, "under1"), "inet": Port(wire, "inet1")}
        self.device = Port(dut, "dstm0", listen=False)
        self.segments = SegmentPort(wire, "inet1")
        self.counters = Counters(dut, "dstm0")

    def run(self, words):
        with Namespace(self.dut):
            subprocess.run(words, check=True, stdout=subprocess.DEVNULL)

    def nl(self, *words):
        self.run([os.environ.get("DSTM_NL", "dstm-nl"), *words])

    def configure(self, options):
        wanted = DEFAULTS | options
        change = [word for name, value in wanted.items() if self.link.get(name) != value
                  for word in (name, value)]
        if change:
            self.nl("link", "set", "dstm0", *change)
        self.link = wanted

    def send(self, frame):
        if isinstance(frame, Pause):
            time.sleep(frame.seconds)
        elif isinstance(frame, Segments):
            self.segments.send_segments(frame.data, 54, frame.size, 34)
        elif frame.where == "device":
            self.device.send_packet(frame.data)
        else:
            self.ports[frame.where].send(frame.data)

    def settle(self):
        """What came out of each side. All that was sent before has had its
        effect when an echo is answered, and after the second one even what
        went through the device's own receive queue."""
        got = {"underlay": [], "inet": []}
        for _ in range(2):
            for marker in self.markers:
                self.send(marker)
            for where, port in self.ports.items():
                while True:
                    frame = port.receive(PATIENCE)
                    if frame is None:
                        raise TimeoutError(f"no echo from the gateway on {where}")
                    if frame.endswith(MARK):
                        break
                    got[where].append(frame)
        return got

    def counted(self, before, expected):
        """How far the counters have moved. What waits in the queue into the tunnel, no
        marker comes behind: it may take a slow CPU a while."""
        end = time.monotonic() + 5
        while True:
            after = self.counters.read()
            moved = {name: after[name] - before[name] for name in after}
            if time.monotonic() > end or \
                    all(n == expected.get(name, 0) for name, n in moved.items()):
                return moved
            time.sleep(.02)

    def try_case(self, one):
        """Lines that say what is wrong; none when all is right."""
        self.configure(one.link)
        for words in one.before:
            self.run(words)
        before = self.counters.read()
        for frame in one.send:
            self.send(frame)
        got = self.settle()
        moved = self.counted(before, one.count)
        for words in one.after:
            self.run(words)

        wrong = []
        for where, frames in got.items():
            if one.expect is None:
                continue
            expected = [frame for frame in one.expect if frame.where == where]
            wrong += compare.differences(where, expected, frames)
        wrong += [f"{name} moved by {n}, expected {one.count.get(name, 0)}"
                  for name, n in moved.items() if n != one.count.get(name, 0)]
        wrong += [f"no counter {name}" for name in one.count if name not in moved]
        if not wrong and one.check:
            wrong += one.check(got)
        return wrong
