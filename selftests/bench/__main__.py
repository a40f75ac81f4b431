# SPDX-License-Identifier: GPL-2.0
"""
Runs in the kernel that is measured: python3 selftests/bench WHAT MODULE UPDATES.
WHAT is one of costs, scaling (on two CPUs), and instructions (where each takes a
nanosecond). What it finds is a line of JSON on stdout, progress is on stderr.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import contests
import generator
from tcp import bulk
from turns import TURNS, by_round

ROUNDS = int(os.environ.get("DSTM_BENCH_ROUNDS", "11"))
PACKETS = int(os.environ.get("DSTM_BENCH_PACKETS", "200000"))
LARGEST = int(os.environ.get("DSTM_BENCH_MAPPINGS", "1000000"))
SIZES = [n for n in (1, 1000, 100000) if n < LARGEST] + [LARGEST]
PACKET_SIZES = (64, 256, 576, 1024, 1400)


def say(text):
    print(text, file=sys.stderr, flush=True)


class Wrong(Exception):
    """Something was not sent, or did not arrive as it should."""


def verify(name, result):
    if result.wrong or not result.wanted == result.sent == result.received:
        raise Wrong(f"{name}: {result.sent} of {result.wanted} sent, "
                    f"{result.received} arrived right, {result.wrong} wrong")


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values),
            "rounds": values}


def interleave(group, rounds, **changes):
    """Nanoseconds a packet of each contestant; each round all of them, in turn."""
    def once(c):
        result = c.run(packets=PACKETS // TURNS, **changes)
        verify(c.name, result)
        return result.each

    for c in group:
        c.run(packets=1)    # neighbours get to know each other
        verify(c.name, c.run(packets=20000, **changes))
    times = by_round({c.name: partial(once, c) for c in group}, rounds)
    return {name: spread(t) for name, t in times.items()}


def pick(group, *names):
    return [c for c in group if c.name in names]


def percentile(histogram, width, share):
    left = sum(histogram) * share
    for slot, n in enumerate(histogram):
        left -= n
        if left <= 0:
            break
    return round(slot * width)


def latency(group):
    """One packet at a time, until all that it sets off is done."""
    sums = {c.name: [0] * 4096 for c in group}
    rounds = {c.name: [] for c in group}
    for _ in range(ROUNDS * TURNS):
        for c in group:
            result = c.run(packets=5000, timed=True)
            verify(c.name, result)
            slots, width = generator.latencies(result)
            sums[c.name] = [a + b for a, b in zip(sums[c.name], slots)]
            rounds[c.name].append(percentile(slots, width, .99))
    return {name: {"p50": percentile(h, width, .5), "p99": percentile(h, width, .99),
                   "p99.9": percentile(h, width, .999), "rounds": rounds[name],
                   "histogram": h, "width": width}
            for name, h in sums.items()}


def kernel_memory():
    with open("/proc/meminfo") as f:
        lines = dict(line.split(":") for line in f)
    return sum(int(lines[k].split()[0]) for k in ("Slab", "VmallocUsed")) * 1024


def memory(count):
    """Bytes of the kernel's for each mapping: slabs, and pages of the table."""
    ns = contests.border()
    with ns:
        ns.nl("link", "add", "d0", "local", contests.TEP)
        before = kernel_memory()
        contests.load_mappings(ns, "d0", contests.mappings(count, 1))
        used = kernel_memory() - before
        ns.ip("link del d0")
    return used / count


def update_rates(program, contestant, count):
    """In a thread of its own, since a thread is in one namespace."""
    with contestant.ns.visit():
        out = subprocess.run([program, "d0", str(count)], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
    return json.loads(out)


def storm(program, contestant, count):
    """The same while packets go through the table; what is lost is told."""
    begin, lost = time.monotonic(), 0
    times = {"before": [], "meanwhile": [], "after": []}

    def send(when):
        result = contestant.run(packets=PACKETS // 4)
        times[when].append((time.monotonic() - begin, result.each))
        return result.sent - result.received

    with ThreadPoolExecutor(1) as other:
        alone = other.submit(update_rates, program, contestant, count).result()
        for _ in range(10):
            send("before")
        loaded = other.submit(update_rates, program, contestant, count)
        while not loaded.done():
            lost += send("meanwhile")
        for _ in range(10):
            send("after")
        return {"alone": alone, "under load": loaded.result(), "lost": lost, "packets": times}


def machine():
    return {"kernel": os.uname().release, "cpu": os.environ.get("DSTM_BENCH_CPU", "a machine"),
            "rounds": ROUNDS, "packets": PACKETS}


def costs(updates):
    say("setting up the contestants")
    groups = contests.contestants(SIZES)
    report = {"throughput": {}}
    for name, group in groups.items():
        say(name)
        report["throughput"][name] = interleave(group, ROUNDS)
    encap = groups["encapsulation"]
    some = pick(encap, "IPv4 forwarding, 1 address", "ip6_tnl, 1 device", "dstm, 1 mapping")
    say("packet sizes")
    report["sizes"] = {size: interleave(some, max(ROUNDS // 2, 3), size=size)
                       for size in PACKET_SIZES}
    say("latency")
    report["latency"] = latency(some)
    say("TCP")
    report["tcp"] = {name: spread(v) for name, v in bulk(ROUNDS).items()}
    say("updates")
    report["updates"] = storm(updates, pick(encap, "dstm, 1,000 mappings")[0], 200000)
    say("memory")
    report["memory"] = memory(LARGEST)
    return report


def scaling(_):
    """How many times the packets of one CPU two have; a round is held against itself."""
    say("two CPUs")
    group = contests.scaling()
    ratios = {c.name: [] for c in group}
    for c in group:
        c.run(packets=1)
        verify(c.name, c.run(packets=20000, threads=2))
    for _ in range(ROUNDS):
        for c in group:
            one, two = (c.run(packets=PACKETS, threads=n) for n in (1, 2))
            verify(c.name, one)
            verify(c.name, two)
            ratios[c.name].append(one.each / two.each)
    return {"scaling": {name: spread(r) for name, r in ratios.items()}}


def instructions(_):
    """Always the same, so one round is enough; and slow, so few packets are."""
    say("instructions")
    counts = {}
    for name, group in contests.contestants([1, 1000]).items():
        counts[name] = {}
        for c in group:
            c.run(packets=2000)
            result = c.run(packets=2000)
            verify(c.name, result)
            counts[name][c.name] = result.each
    return {"instructions": counts}


def main():
    what, module, updates = sys.argv[1:]
    measure = {"costs": costs, "scaling": scaling, "instructions": instructions}[what]
    subprocess.run(["insmod", module], check=True)
    print(json.dumps({"machine": machine(), **measure(updates)}), flush=True)


main()
