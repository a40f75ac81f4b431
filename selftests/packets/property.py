# SPDX-License-Identifier: GPL-2.0
"""Random mappings and random packets: the device against the model."""

import argparse
import ipaddress
import json
import random
import sys
from collections import Counter

from scapy.layers.inet6 import ICMPv6DestUnreach, IPv6
from scapy.packet import Raw

from . import build, model
from .build import IP
from .case import from_client, from_inet, markers, to_inet, to_underlay
from .compare import IPV6_AT, ipv4_at, is_ipv6
from .hosts import DUT_INET, GATEWAY, HOST, HOST2, TEP, TEP2
from .network import Network

TABLES = 1000           # packets between two tables
BATCH = 50              # packets between two looks at what came out


def random_address(used):
    while True:
        address = f"192.0.2.{random.randrange(1, 255)}"
        if address not in used:
            used.add(address)
            return address


def random_table():
    """Whole addresses, port sets in one piece and in several."""
    mappings, used = [], set()
    for number in range(random.randrange(1, 25)):
        one = {"ipv4": random_address(used)}
        if random.random() < 0.3:
            one["local"] = TEP2
        k = random.choice((0, 0, 1, 2, 6, 8, 16))
        a = random.choice((0, 0, 1, 4, 6, 8)) if k < 9 else 0
        sets = {random.randrange(1 << k) for _ in range(random.randrange(1, 4))} if k else {None}
        for psid in sets:
            remote = ipaddress.ip_address("2001:db8:2::") + random.randrange(16, 1 << 64)
            mappings.append(one | {"remote": str(remote)} |
                            ({"psid": psid, "psid-len": k, "psid-offset": a} if k else {}))
    return mappings


def random_port(mapping):
    """Mostly of the set, often just beside it."""
    if "psid" not in mapping or random.random() < 0.2:
        return random.randrange(65536)
    a, k = mapping["psid-offset"], mapping["psid-len"]
    m = 16 - a - k
    first = random.randrange(1, 1 << a) if a else 0
    last = random.choice((0, (1 << m) - 1, random.randrange(1 << m)))
    port = ((first << k | mapping["psid"]) << m) | last
    return (port + random.choice((0, 0, 0, -1, 1))) % 65536


def random_transport(src, dst, sport, dport, **ip):
    """ident is the port of both ends; who is mapped has it as sport or dport."""
    kind = random.randrange(12)
    data = random.randbytes(random.choice((0, 1, 7, 8, 100, 1000)))
    ends = {"src": src, "dst": dst}
    if kind < 4:
        return build.udp(sport=sport, dport=dport, data=data, **ends, **ip)
    if kind < 6:
        return build.tcp(sport=sport, dport=dport, data=data, **ends, **ip)
    if kind < 8:
        return build.ports(random.choice((33, 132, 136)), sport=sport, dport=dport, **ends, **ip)
    if kind < 9:
        return build.portless(random.choice((47, 50, 4, 41, 253)), data=data, **ends, **ip)
    if kind < 10:
        return build.portless(17, data=data[:3], **ends, **ip)
    return None


def random_packet(src, dst, sport, dport, mapped, **ip):
    """mapped: which of the two ports is the one that counts."""
    ends = {"src": src, "dst": dst}
    packet = random_transport(src, dst, sport, dport, **ip)
    if packet:
        return packet
    if random.random() < 0.5:
        return build.echo(ident=sport if mapped == "src" else dport,
                          kind=random.choice(("echo-request", "echo-reply")), **ends, **ip)
    # The packet inside went the other way.
    about = random_transport(dst, src, dport, sport) or \
        build.echo(src=dst, dst=src, ident=sport if mapped == "src" else dport)
    about = bytes(about)
    if random.random() < 0.2:
        about = build.patched(about, random.randrange(20), random.randrange(256))
    if random.random() < 0.2:
        about = about[:random.randrange(len(about))]
    kind = random.choice((3, 4, 5, 11, 12))
    return build.error(about, kind=kind, code=0, **ends, **ip)


def other_host():
    return random.choice((HOST, HOST2, f"203.0.113.{random.randrange(1, 255)}"))


def spoil(packet):
    """One byte of the header is wrong now, mostly in spite of the checksum."""
    data = bytes(packet)
    return build.patched(data, random.randrange(20), random.randrange(256))


def broken(packet):
    """In fragments, in any order, perhaps without one."""
    packet = IP(bytes(packet))
    packet.id = random.randrange(1, 65536)
    packet.chksum = None
    parts = build.inner_fragments(packet, random.choice((44, 60, 260, 576)))
    if len(parts) > 1 and random.random() < 0.1:
        parts.remove(random.choice(parts))
    random.shuffle(parts)
    return bytes(packet), parts


class Run:
    def __init__(self, network, mappings):
        self.network = network
        self.mappings = mappings
        # An address is a tunnel end point as long as a mapping is there.
        self.teps = sorted({TEP} | {m.get("local", TEP) for m in mappings})
        self.gateway = model.Gateway(mappings, TEP, DUT_INET)
        self.sent, self.expected, self.counters = [], Counter(), Counter()

    def pick(self):
        """A mapping; sometimes one that is not in the table."""
        if random.random() < 0.05:
            return {"ipv4": random_address({m["ipv4"] for m in self.mappings}),
                    "remote": GATEWAY}
        return random.choice(self.mappings)

    def _expect(self, outcome):
        for frame in outcome.frames:
            self.expected[normal(expected_frame(*frame))] += 1
        self.counters.update(outcome.counters)

    def out_of_tunnel(self):
        mapping = self.pick()
        peer = self.pick()
        dst = peer["ipv4"] if random.random() < 0.1 else other_host()
        dport = random_port(peer)
        packet = random_packet(mapping["ipv4"], dst, random_port(mapping), dport, "src",
                               tos=random.randrange(256), ttl=random.choice((1, 2, 64, 255)))
        src, tep = mapping["remote"], mapping.get("local", TEP)
        if random.random() < 0.05:
            src = self.pick()["remote"]
        if random.random() < 0.05:
            tep = random.choice(self.teps)
        tclass = random.randrange(256)
        if random.random() < 0.1:
            self._fragments(packet, model.SOURCE, src, tep, tclass)
            return
        inner = spoil(packet) if random.random() < 0.1 else bytes(packet)
        self.sent.append(from_client(inner, src=src, dst=tep, tc=tclass))
        self._expect(self.gateway.out_of_tunnel(src, tep, tclass, inner))

    def into_tunnel(self):
        mapping = self.pick()
        packet = random_packet(other_host(), mapping["ipv4"], random.randrange(65536),
                               random_port(mapping), "dst", tos=random.randrange(256),
                               ttl=random.choice((1, 2, 64, 255)))
        if random.random() < 0.1:
            self._fragments(packet, model.DESTINATION)
            return
        self.sent.append(from_inet(packet))
        self._expect(self.gateway.from_inet(bytes(packet)))

    def _fragments(self, packet, end, *tunnel):
        """A port set's are put together, and what is missing drops the rest. The
        source of a hairpinned one would be told in fragments: it has none."""
        whole, parts = broken(packet)
        if model.address(whole, model.DESTINATION).startswith("192.0.2.") and tunnel:
            return
        send = (lambda p: from_client(p, src=tunnel[0], dst=tunnel[1], tc=tunnel[2])) \
            if tunnel else from_inet
        handle = (lambda p, whole=True: self.gateway.out_of_tunnel(*tunnel, p, whole)) \
            if tunnel else (lambda p, whole=True: self.gateway.from_inet(p))
        # Nothing to cut, or a part of the error about each.
        if not parts or whole[8] <= 1 and model.word(parts[0], 6) & model.FRAGMENT:
            return
        self.sent += [send(part) for part in parts]
        if not self.gateway_shares(whole, end) or \
                not model.word(parts[0], 6) & model.FRAGMENT or \
                tunnel and self.gateway.is_strange(parts[0], tunnel[0]):
            for part in parts:
                self._expect(handle(part))
            return
        nested = sum(model.is_nested(part) for part in parts)
        self.counters[("rx" if tunnel else "tx") + "-nested"] += nested
        if tunnel and model.ECN[tunnel[2] & 3][whole[1] & 3] is None:
            # Each came with a mark of its own.
            self.counters["rx-ecn"] += len(parts) - nested
        elif not nested and sum(len(part) - 20 for part in parts) == len(whole) - 20:
            self._expect(handle(whole, False))

    def gateway_shares(self, data, end):
        return model.is_shared(self.gateway.table, data, end)

    def check(self):
        """What is wrong, in lines."""
        before = self.network.counters.read()
        for frame in self.sent:
            self.network.send(frame)
        got = Counter(normal(frame) for frames in self.network.settle().values()
                      for frame in frames)
        after = self.network.counters.read()
        wrong = [f"expected {f.hex()}" for f in (self.expected - got).elements()]
        wrong += [f"came     {f.hex()}" for f in (got - self.expected).elements()]
        for name in after:
            moved = after[name] - before[name]
            if moved != self.counters[name]:
                wrong.append(f"{name} moved by {moved}, expected {self.counters[name]}")
        if wrong:
            wrong = [f"sent {f.where} {f.data.hex()}" for f in self.sent] + wrong
        self.sent, self.expected, self.counters = [], Counter(), Counter()
        return wrong


def expected_frame(side, kind, *what):
    if side == "inet":
        return to_inet(what[0]).data
    src, dst, tclass, inner = what
    if kind == "tunnel":
        return to_underlay(build.outer(inner, src=src, dst=dst, tc=tclass)).data
    invoking = bytes(build.outer(inner, src=src, dst=dst, tc=tclass))
    return to_underlay(IPv6(src=dst, dst=src) / ICMPv6DestUnreach(code=5) /
                       Raw(invoking[:1280 - 48])).data


def normal(frame):
    """Without the flow label, and without identification and checksum of what the
    gateway itself says in IPv4."""
    frame = bytearray(frame)
    if is_ipv6(frame):
        frame[IPV6_AT + 1] &= 0xf0
        frame[IPV6_AT + 2:IPV6_AT + 4] = bytes(2)
    at = ipv4_at(frame)
    if frame[at + 12:at + 16] == ipaddress.ip_address(DUT_INET).packed:
        frame[at + 4:at + 6] = frame[at + 10:at + 12] = bytes(2)
    return bytes(frame)


def load(network, mappings, path):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(mappings, file)
    network.nl("map", "flush", "dev", "dstm0")
    network.nl("map", "load", "dev", "dstm0", path)


def main():
    parser = argparse.ArgumentParser(prog="packets.property", description=__doc__)
    parser.add_argument("network", metavar="DUT:WIRE")
    parser.add_argument("scratch", help="a file to load mappings from")
    parser.add_argument("--packets", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    args = parser.parse_args()
    random.seed(args.seed)
    print(f"# seed {args.seed}", flush=True)

    network = Network(*args.network.split(":"), markers())
    done = 0
    run = None
    while done < args.packets:
        if done % TABLES == 0:
            mappings = random_table()
            load(network, mappings, args.scratch)
            run = Run(network, mappings)
        for _ in range(BATCH):
            random.choice((run.out_of_tunnel, run.into_tunnel))()
        done += BATCH
        wrong = run.check()
        if wrong:
            print(f"# after {done} packets", json.dumps(mappings))
            print("\n".join(f"# {line}" for line in wrong))
            return 1
    print(f"# {done} packets without a difference")
    return 0


if __name__ == "__main__":
    sys.exit(main())
