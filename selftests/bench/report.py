# SPDX-License-Identifier: GPL-2.0
"""
Runs on the host: python3 selftests/bench/report.py FOLDER DATE COMMIT. Makes bench.json,
tables and plots of what was measured in each kernel, KERNEL/WHAT.json in the folder.
"""

import json
import os
import statistics
import subprocess
import sys


def row(*cells):
    return "| " + " | ".join(cells) + " |"


def heading(*cells):
    return [row(*cells), row(*("---" for _ in cells))]


def times(one, other):
    """How many times as long the other takes, so how many times its packets one passes.
    Each round is held against itself: a machine that becomes slower in between makes both
    slower."""
    return statistics.median(b / a for a, b in zip(one["rounds"], other["rounds"]))


def throughput(groups):
    """The first of each group is what the others are held against."""
    lines = []
    for name, group in groups.items():
        base = next(iter(group.values()))
        lines += ["", f"### {name}", ""]
        lines += heading("ns a packet", "median", "min", "max", "Mpps",
                         "times " + next(iter(group)))
        for who, t in group.items():
            lines.append(row(who, *(f"{t[k]:.0f}" for k in ("median", "min", "max")),
                             f"{1000 / t['median']:.2f}", f"{times(t, base):.2f}"))
    return lines


def sizes(table):
    lines = ["", "### packet sizes, ns a packet", ""]
    lines += heading("bytes", *next(iter(table.values())))
    for size, group in table.items():
        lines.append(row(size, *(f"{t['median']:.0f}" for t in group.values())))
    return lines


def latency(group):
    lines = ["", "### one packet alone, ns from driver to driver", ""]
    lines += heading("", "p50", "p99", "p99.9")
    for who, t in group.items():
        lines.append(row(who, *(str(t[p]) for p in ("p50", "p99", "p99.9"))))
    return lines


def tcp(group):
    base = next(iter(group.values()))
    lines = ["", "### one TCP connection, Gbit/s", ""]
    lines += heading("", "median", "min", "max", "times " + next(iter(group)))
    for who, t in group.items():
        lines.append(row(who, *(f"{t[k]:.1f}" for k in ("median", "min", "max")),
                         f"{times(base, t):.2f}"))
    return lines


def updates(table):
    lines = ["", "### changes of the table, mappings a second", ""]
    lines += heading("", "added", "replaced", "deleted one by one")
    for when in ("alone", "under load"):
        lines.append(row(when, *(f"{table[when][k]:,.0f}"
                                 for k in ("added", "replaced", "deleted"))))
    took = {when: statistics.median(ns for _, ns in points)
            for when, points in table["packets"].items()}
    lines += ["", f"Packets lost meanwhile: {table['lost']}. A packet took {took['before']:.0f} ns "
              f"before, and {took['meanwhile']:.0f} meanwhile, all that ran on the core included."]
    return lines


def scaling(table):
    lines = ["", "### two CPUs, times the packets of one", ""]
    lines += heading("", "median", "min", "max")
    for who, t in table.items():
        lines.append(row(who, *(f"{t[k]:.2f}" for k in ("median", "min", "max"))))
    return lines


def instructions(groups):
    lines = []
    for name, group in groups.items():
        base = next(iter(group.values()))
        lines += ["", f"### {name}", ""]
        lines += heading("", "instructions a packet", "times " + next(iter(group)))
        for who, n in group.items():
            lines.append(row(who, f"{n:.0f}", f"{base / n:.2f}"))
    return lines


def cost_goals(report):
    """What, what came of it, and what it was to be: at least, or if negative at most."""
    encap, decap, hops = report["throughput"].values()
    largest = [name for name in encap if name.startswith("dstm, ") and name.endswith("mappings")
               and "shortcut" not in name][-1]
    sets = {n: n.replace("mappings", "port sets") for n in encap
            if n.replace("mappings", "port sets") in encap and n.endswith("mappings")}
    tcp = list(report["tcp"].values())
    alone = list(report["latency"].values())
    for name, group in (("into the tunnel", encap), ("out of the tunnel", decap)):
        one = group["dstm, 1 mapping"]
        yield f"{name}, times ip6_tnl with one device", times(one, group["ip6_tnl, 1 device"]), 2
        yield f"{name}, {largest[6:]}, times 1", times(group[largest], one), .75
        yield (f"{name}, port sets, times whole addresses, the least",
               min(times(group[s], group[n]) for n, s in sets.items()), .9)
        for who, whom in (("1 mapping", "1 address"), ("1,000 mappings", "1,000 addresses")):
            yield (f"{name}, shortcut, {who}, times forwarding to {whom}",
                   times(group[f"dstm, shortcut, {who}"],
                         group[f"IPv4 forwarding, {whom}"]), 1)
    yield "a gateway and a client, times forwarding", times(*reversed(hops.values())), .8
    yield "one TCP connection, times without a tunnel", times(tcp[0], tcp[-1]), .93
    yield ("one packet alone, 99 of 100, times forwarding",
           times(alone[0], alone[-1]), -1.05)
    yield "mappings added a second", report["updates"]["alone"]["added"], 500000
    yield "packets lost meanwhile", report["updates"]["lost"], 0
    yield "bytes of memory a mapping", report["memory"], -160


def scaling_goals(table):
    ours = {name: t["median"] for name, t in table.items() if name.startswith("dstm")}
    for who, goal in (("different clients", 1.9), ("same client", 1.7)):
        yield (f"two CPUs, {who}, times one, the least",
               min(r for name, r in ours.items() if name.endswith(who)), goal)


def verdict(value, goal):
    met = value >= goal if goal > 0 else value <= -goal
    form = "{:.2f}" if abs(goal) < 100 and goal else "{:,.0f}"
    if not met and form.format(value) == form.format(abs(goal)):
        form = "{:.4f}"     # what misses it by less than is shown
    return f"{form.format(value)} ({'good' if met else 'not met'})"


def shape(goal):
    return ("at least " if goal > 0 else "at most ") + f"{abs(goal):,}"


def verdicts(goals):
    lines = heading("", "measured", "goal")
    for what, value, goal in goals:
        lines.append(row(what, verdict(value, goal), shape(goal)))
    return lines


def costs(report):
    lines = throughput(report["throughput"]) + sizes(report["sizes"])
    lines += latency(report["latency"]) + tcp(report["tcp"]) + updates(report["updates"])
    lines += ["", f"A mapping takes {report['memory']:.0f} bytes of the kernel's memory."]
    return lines + ["", "### goals", ""] + verdicts(cost_goals(report))


def section(measured, what, date):
    """Of one kernel."""
    machine = measured["machine"]
    kernel = f"Linux {machine['kernel']}"
    how = f"{machine['rounds']} rounds of {machine['packets']:,} packets"
    if what == "costs":
        lines = [f"## {kernel}, User-mode, one core", "",
                 f"Measured on {date}, on {machine['cpu']}: {how}, 64 bytes of IPv4 each where "
                 "nothing else is said."]
        return lines + costs(measured)
    if what == "scaling":
        lines = [f"## {kernel}, User-mode, two cores", "",
                 f"Measured on {date}, on {machine['cpu']}: {how} a core. With several CPUs, "
                 "User-mode Linux is slow, so the ratios count, and no times are told."]
        return lines + scaling(measured["scaling"]) + ["", "### goals", ""] + verdicts(
            scaling_goals(measured["scaling"]))
    return [f"## {kernel}, in instructions", "",
            f"Counted on {date} by an emulator, in which each takes a nanosecond."] + instructions(
                measured["instructions"])


def write_report(measured, folder, date):
    lines = []
    for (_, what), report in measured.items():
        lines += section(report, what, date) + [""]
    text = "\n".join(lines)
    with open(os.path.join(folder, "bench.md"), "w") as f:
        f.write(text)
    print(text)


def gnuplot(folder, name, commands):
    for suffix, terminal in (("svg", "svg size 900,500 dynamic noenhanced background '#ffffff'"),
                             ("png", "pngcairo size 900,500 noenhanced")):
        script = f"set terminal {terminal}\nset output '{folder}/{name}.{suffix}'\n{commands}"
        subprocess.run(["gnuplot"], input=script, text=True, check=True)


def bars(folder, name, title, values):
    data = "".join(f'"{who}" {low} {value} {high}\n' for who, (value, low, high) in values.items())
    gnuplot(folder, name, f"""$data << END
{data}END
set title '{title}'
set style data histograms
set style histogram errorbars gap 1
set style fill solid 0.6
set yrange [0:*]
set xtics rotate by -30 nomirror
set bmargin 11
set rmargin 25
set grid ytics
unset key
plot $data using 3:2:4:xtic(1)
""")


def lines(folder, name, title, xlabel, series, log=True):
    blocks, plots = "", []
    for i, (who, points) in enumerate(series.items()):
        blocks += f"$d{i} << END\n" + "".join(f"{x} {y}\n" for x, y in points) + "END\n"
        plots.append(f"$d{i} using 1:2 with linespoints lw 2 title '{who}'")
    gnuplot(folder, name, blocks + f"""set title '{title}'
set xlabel '{xlabel}'
set yrange [0:*]
set format x '%.0f'
{"set logscale x" if log else ""}
set grid
set key left top
plot {", ".join(plots)}
""")


def by_table_size(group):
    series = {}
    for who, t in group.items():
        if who.startswith("dstm, ") and "Zipf" not in who and "shortcut" not in who:
            n, what = who[6:].split(" ", 1)
            series.setdefault(what.rstrip("s"), []).append((int(n.replace(",", "")), t["median"]))
    return series


def plot_costs(report, folder):
    for name, group in report["throughput"].items():
        bars(folder, name.replace(" ", "-"), f"{name}: million packets a second",
             {who: (1000 / t["median"], 1000 / t["max"], 1000 / t["min"])
              for who, t in group.items()})
    lines(folder, "table-size", "cost by table size, ns a packet, clients at random", "mappings", {
        f"{way}, {what}": points
        for way in ("encapsulation", "decapsulation")
        for what, points in by_table_size(report["throughput"][way]).items()})
    series = {}
    for size, group in report["sizes"].items():
        for who, t in group.items():
            series.setdefault(who, []).append((int(size), t["median"]))
    lines(folder, "packet-size", "cost by packet size, ns a packet", "bytes", series, log=False)
    lines(folder, "latency", "one packet alone, how many took how long", "ns", {
        who: [(slot * t["width"], n) for slot, n in enumerate(t["histogram"])
              if n and slot * t["width"] < 1500]
        for who, t in report["latency"].items()}, log=False)
    begin = min(at for at, _ in report["updates"]["packets"]["before"])
    lines(folder, "storm", "update storm: a packet while mappings are added, replaced and deleted, ns",
          "seconds", {when: [(at - begin, ns) for at, ns in points]
                      for when, points in report["updates"]["packets"].items()}, log=False)


def plot_scaling(report, folder):
    bars(folder, "scaling", "two CPUs, times the packets of one",
         {who.replace(" the tunnel", ""): (t["median"], t["min"], t["max"])
          for who, t in report["scaling"].items()})


MEASURED = (("uml", "costs"), ("uml-7.x", "costs"), ("uml-smp", "scaling"),
            ("6.12", "instructions"))


def read(folder, kernel, what):
    with open(os.path.join(folder, kernel, what + ".json")) as f:
        return json.load(f)


def main():
    folder, date, commit = sys.argv[1:]
    measured = {key: read(folder, *key) for key in MEASURED}
    with open(os.path.join(folder, "bench.json"), "w") as f:
        json.dump({"date": date, "commit": commit,
                   **{kernel: report for (kernel, _), report in measured.items()}}, f)
    write_report(measured, folder, date)
    plot_costs(measured["uml", "costs"], folder)
    plot_scaling(measured["uml-smp", "scaling"], folder)


if __name__ == "__main__":
    main()
