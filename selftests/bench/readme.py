# SPDX-License-Identifier: GPL-2.0
"""
What README.md says of packets, from what `make bench` has measured.

  readme.py update FOLDER   take the figures and the plots that are in FOLDER
  readme.py check           fail where README.md is not what the figures in the tree say
"""

import json
import os
import re
import shutil
import sys

from report import cost_goals, heading, row, scaling_goals, shape, verdict

TREE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
README = os.path.join(TREE, "README.md")
KEPT = os.path.join(TREE, "Documentation", "performance")
BEGIN, END = "<!-- measured by make bench -->", "<!-- end of what was measured -->"

# More would be a line a packet size; the rest is in bench.md.
COUNTED = ("IPv4 forwarding, 1 address", "IPv4 forwarding, 1,000 addresses", "ip6_tnl, 1 device",
           "lwtunnel, 1 route", "dstm, 1 mapping", "dstm, 1,000 mappings",
           "dstm, shortcut, 1 mapping", "dstm, shortcut, 1,000 mappings", "dstm, 1,000 port sets")


def cell(times, who):
    """Median and range, or nothing: it does not take part."""
    t = times.get(who)
    return "{median:.0f} ({min:.0f} to {max:.0f})".format(**t) if t else ""


def costs(one, other):
    groups = [report["throughput"][way] for report in (one, other)
              for way in ("encapsulation", "decapsulation")]
    lines = heading("", "6.12, into the tunnel", "out of it", "7.x, into the tunnel", "out of it")
    return lines + [row(who, *(cell(group, who) for group in groups)) for who in groups[0]]


def in_words(one, other, two):
    """Figures that are too few for a table."""
    hops = [[f"{t['median']:.0f}" for t in report["throughput"]["two hops"].values()]
            for report in (one, other)]
    alone = [list(report["latency"].values()) for report in (one, other)]
    smp = two["scaling"]

    def lone(which, what):
        return " and ".join(str(group[which][what]) for group in alone)

    def ratios(kind):
        return ", ".join(f"{t['median']:.2f}" for who, t in smp.items()
                         if who.startswith("dstm") and who.endswith(kind))

    return f"""Through two routers in a row, plain forwarding took {hops[0][0]} and {hops[1][0]} ns, a gateway
and a client with a tunnel between them {hops[0][1]} and {hops[1][1]}. One packet alone took {lone(0, "p50")}
ns forwarded and {lone(2, "p50")} into the tunnel (ip6_tnl: {lone(1, "p50")}), one in a hundred more than
{lone(0, "p99")}, {lone(2, "p99")} ({lone(1, "p99")}). On two cores, by User-mode Linux
{two["machine"]["kernel"]}, which can do that only slowly, plain forwarding passed {smp["IPv4 forwarding, different clients"]["median"]:.2f} times what
it does on one. With different clients it was, into the tunnel and out of it, and the same by
the shortcut: {ratios("different clients")}; with one client for both cores {ratios("same client")}."""


def goals(one, other, two):
    lines = heading("", "6.12", "7.x", "goal")
    for (what, value, goal), (_, newer, _) in zip(cost_goals(one), cost_goals(other)):
        lines.append(row(what, verdict(value, goal), verdict(newer, goal), shape(goal)))
    for what, value, goal in scaling_goals(two["scaling"]):
        lines.append(row(what, "", verdict(value, goal), shape(goal)))
    return lines


def instructions(report):
    encap, decap = (report["instructions"][way] for way in ("encapsulation", "decapsulation"))
    lines = heading("", "into the tunnel", "out of it")
    for who in COUNTED:
        lines.append(row(who, f"{encap[who]:.0f}", f"{decap[who]:.0f}" if who in decap else ""))
    return lines


def text(bench):
    one, other, two = bench["uml"], bench["uml-7.x"], bench["uml-smp"]
    machine = one["machine"]
    return "\n".join([
        f"On {bench['date']}, of {bench['commit']}, User-mode Linux {machine['kernel']} and "
        f"{other['machine']['kernel']}, one after the",
        f"other on one core ({machine['cpu']}), 64 byte packets, nanoseconds a packet,",
        f"median and range of {machine['rounds']} rounds:", "",
        *costs(one, other), "",
        "Clients are at random, each as likely as any other. Forwarding to one address is",
        "quicker than to a thousand, for the stack knows the way from the packet before; a shortcut",
        "for a thousand clients is held against a thousand addresses.", "",
        in_words(one, other, two), "",
        "What it was to be, and is; times are packets a second, each round held against itself:", "",
        *goals(one, other, two), "",
        "The same in instructions of Debian's own 6.12, the generator's included, counted by an",
        "emulator; that says nothing of waiting for memory, but it does not depend on the machine:",
        "", *instructions(bench["6.12"])])


def readme(bench):
    with open(README) as f:
        now = f.read()
    part = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    assert part.search(now), f"README.md has no place for figures: {BEGIN}"
    return now, part.sub(lambda _: f"{BEGIN}\n\n{text(bench)}\n\n{END}", now)


def kept():
    with open(os.path.join(KEPT, "bench.json")) as f:
        return json.load(f)


def update(folder):
    for name in os.listdir(folder):
        if name == "bench.json" or name.endswith(".svg"):
            shutil.copy(os.path.join(folder, name), KEPT)
    _, new = readme(kept())
    with open(README, "w") as f:
        f.write(new)


def check():
    now, new = readme(kept())
    if now != new:
        sys.exit("README.md does not say what Documentation/performance/bench.json does: "
                 "selftests/bench/readme.py update FOLDER")


match sys.argv[1:]:
    case ["update", folder]:
        update(folder)
    case ["check"]:
        check()
    case _:
        sys.exit(__doc__)
