# SPDX-License-Identifier: GPL-2.0
"""The load generator in the kernel, dstm_bench.ko."""

import array
import random
from dataclasses import dataclass, replace

PARAMETERS = "/sys/module/dstm_bench/parameters/"
DEBUGFS = "/sys/kernel/debug/dstm_bench/"
SEQUENCE = 1 << 20


@dataclass(frozen=True)
class Load:
    """What is sent, and what must come of it; see modinfo dstm_bench."""
    packets: int = 500000
    size: int = 64
    sets: int = 1
    share: int = 1
    hops: int = 1
    tunnel_in: bool = False
    tunnel_out: bool = False
    batch: int = 8
    threads: int = 1
    timed: bool = False

    def but(self, **kwargs):
        return replace(self, **kwargs)


@dataclass(frozen=True)
class Result:
    wanted: int
    sent: int
    received: int
    wrong: int
    nanoseconds: int

    @property
    def each(self):
        return self.nanoseconds / self.sent


def _read(name):
    with open(PARAMETERS + name) as f:
        return int(f.read())


def _write(name, value):
    with open(PARAMETERS + name, "w") as f:
        f.write(str(int(value) if isinstance(value, bool) else value))


def uniform(clients):
    """Each as likely as any other."""
    rng = random.Random(clients)
    return array.array("I", rng.choices(range(clients), k=SEQUENCE))


def zipf(clients):
    """The n-th is 1/n as likely as the first, as names and servers are."""
    rng = random.Random(clients)
    return array.array("I", (int(clients ** rng.random()) - 1 for _ in range(SEQUENCE)))


def apart(clients):
    """Uniform, but two threads have no client in common."""
    half = clients // 2
    rng = random.Random(clients)
    return array.array("I", rng.choices(range(half), k=SEQUENCE // 2) +
                       rng.choices(range(half, clients), k=SEQUENCE // 2))


def set_sequence(numbers):
    with open(DEBUGFS + "sequence", "wb") as f:
        f.write(numbers.tobytes())


def run(load, device="in0"):
    """Send; in the namespace of the device."""
    for name, value in vars(load).items():
        _write(name, value)
    _write("run", device)
    return Result(load.packets * load.threads,
                  *(_read(n) for n in ("sent", "received", "wrong", "nanoseconds")))


STEP = 8    # LATENCY_STEP


def latencies(result):
    """How many packets of the last run took how long, and the width of a slot in ns."""
    with open(DEBUGFS + "latency") as f:
        slots = [int(n) for n in f.read().split()]
    return slots, STEP * result.nanoseconds / _read("ticks")
