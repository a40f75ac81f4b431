# SPDX-License-Identifier: GPL-2.0
"""The contestants: who takes packets from in0 to sink0, and how."""

from dataclasses import dataclass
from functools import lru_cache

import generator
from generator import Load
from network import Namespace, load_mappings, mappings

TEP = "3fff::1"
ALL = 1 << 30


@dataclass
class Contestant:
    name: str
    ns: Namespace
    load: Load
    clients: int
    order: str = "uniform"

    def sequence(self):
        return sequence(self.clients, self.order)

    def run(self, **changes):
        generator.set_sequence(self.sequence())
        with self.ns:
            return generator.run(self.load.but(**changes))


@lru_cache(maxsize=None)
def sequence(clients, order):
    return getattr(generator, order)(clients)


def border():
    """A router with the clients' network and the Internet behind sink0."""
    ns = Namespace()
    with ns:
        ns.ip("link add in0 type bench", "link add sink0 type bench",
              "link set in0 up", "link set sink0 up",
              "addr add 198.51.100.2/24 dev in0", f"addr add {TEP}/64 dev in0 nodad",
              "addr add 203.0.113.1/24 dev sink0", "addr add 3fff:1::1/64 dev sink0 nodad",
              "neigh add 203.0.113.2 lladdr 02:00:00:00:00:01 dev sink0 nud permanent",
              "neigh add 3fff:1::2 lladdr 02:00:00:00:00:01 dev sink0 nud permanent",
              "route add 198.51.100.1/32 via 203.0.113.2",
              "route add 2001:db8::/32 via 3fff:1::2")
    return ns


def plain():
    ns = border()
    with ns:
        ns.ip("route add 10.0.0.0/8 via 203.0.113.2")
    return ns


def ip6_tnl(count):
    ns = border()
    with ns:
        ns.ip(*(line for i in range(count) for line in (
            f"link add t{i} type ip6tnl mode ipip6 local {TEP} remote 2001:db8:0:{i:x}::7 "
            "encaplimit none hoplimit 64", f"link set t{i} up",
            f"route add 10.0.{i >> 8}.{i & 255}/32 dev t{i}")))
    return ns


def lwtunnel(count):
    ns = border()
    with ns:
        ns.ip("link add t0 type ip6tnl external", "link set t0 up",
              *(f"route add 10.0.{i >> 8}.{i & 255}/32 encap ip6 dst 2001:db8:0:{i:x}::7 "
                f"src {TEP} hoplimit 64 dev t0" for i in range(count)))
    return ns


def dstm(count, sets=1, shortcut=False):
    ns = border()
    with ns:
        ns.nl("link", "add", "d0", "local", TEP,
              *(("shortcut", "on", "dev", "in0") if shortcut else ()))
        ns.ip("link set d0 up", "route add 10.0.0.0/8 dev d0")
        load_mappings(ns, "d0", mappings(count, sets))
    return ns


def hops():
    """Two routers; returns both, and what to say in each for the way between."""
    first, second = border(), Namespace()
    with second:
        second.ip("link add in0 type bench", "link add sink0 type bench",
                  "link set sink0 up", "addr add 203.0.113.1/24 dev sink0",
                  "neigh add 203.0.113.2 lladdr 02:00:00:00:00:01 dev sink0 nud permanent",
                  "route add 10.0.0.0/8 via 203.0.113.2")
    with first:
        first.ip("route del 2001:db8::/32", "link add to1 type veth peer name to0")
        second.adopt("to0")
        first.ip("link set to1 up", "addr add 192.0.2.1/30 dev to1",
                 "addr add 3fff:2::1/64 dev to1 nodad")
    with second:
        second.ip("link set to0 up", "addr add 192.0.2.2/30 dev to0",
                  "addr add 3fff:2::2/64 dev to0 nodad", f"route add {TEP}/128 via 3fff:2::1")
    return first, second


def plain_hops():
    first, _ = hops()
    with first:
        first.ip("route add 10.0.0.0/8 via 192.0.2.2")
    return first


def dstm_hops(count):
    """A gateway, and a client that lends its addresses to all behind it."""
    first, second = hops()
    with first:
        first.nl("link", "add", "d0", "local", TEP)
        first.ip("link set d0 up", "route add 10.0.0.0/8 dev d0",
                 "route add 2001:db8::/32 via 3fff:2::2")
        load_mappings(first, "d0", mappings(count, 1, share=ALL))
    with second:
        second.ip("addr add 2001:db8::7/128 dev lo nodad")
        second.nl("link", "add", "d0", "role", "client", "local", "2001:db8::7")
        second.ip("link set d0 up")
        load_mappings(second, "d0", mappings(count, 1, share=ALL, remote=TEP))
    return first


def thousands(n):
    return f"{n:,}"


def contestants(sizes):
    """Name -> contestants, those of one name against each other."""
    out = Load(tunnel_out=True)
    back = Load(tunnel_in=True)
    encap, decap = [], []

    for n in sorted({1, 1000, sizes[-1]}):
        name = "IPv4 forwarding, %s" % ("1 address" if n == 1 else "%s addresses" % thousands(n))
        for group in (encap, decap):
            group.append(Contestant(name, plain(), Load(), n))
    for n in (1, 1000):
        ns = ip6_tnl(n)
        name = f"ip6_tnl, {thousands(n)} device{'s' if n > 1 else ''}"
        encap.append(Contestant(name, ns, out, n))
        decap.append(Contestant(name, ns, back, n))
    for n in (1, 10000):
        encap.append(Contestant(f"lwtunnel, {thousands(n)} route{'s' if n > 1 else ''}",
                                lwtunnel(n), out, n))
    for n in sizes:
        ns = dstm(n)
        name = f"dstm, {thousands(n)} mapping{'s' if n > 1 else ''}"
        encap.append(Contestant(name, ns, out, n))
        decap.append(Contestant(name, ns, back, n))
    encap.append(Contestant(name + ", Zipf", ns, out, n, order="zipf"))
    decap.append(Contestant(name + ", Zipf", ns, back, n, order="zipf"))
    for n in sorted({1, 1000, sizes[-1]}):
        ns = dstm(n, shortcut=True)
        name = f"dstm, shortcut, {thousands(n)} mapping{'s' if n > 1 else ''}"
        encap.append(Contestant(name, ns, out, n))
        decap.append(Contestant(name, ns, back, n))
    for n in sizes[1:]:
        ns = dstm(n, sets=16)
        name = f"dstm, {thousands(n)} port sets"
        encap.append(Contestant(name, ns, out.but(sets=16), n))
        decap.append(Contestant(name, ns, back.but(sets=16), n))
    pair = [Contestant("IPv4 forwarding, two hops", plain_hops(), Load(hops=2), 1000),
            Contestant("dstm, gateway and client", dstm_hops(1000), Load(hops=2, share=ALL), 1000)]
    return {"encapsulation": encap, "decapsulation": decap, "two hops": pair}


def scaling():
    """Those that run on one CPU and on two."""
    out, back = Load(tunnel_out=True), Load(tunnel_in=True)
    one, many = {"clients": 1}, {"clients": 1000, "order": "apart"}
    forwarding, ordinary, short = plain(), dstm(1000), dstm(1000, shortcut=True)

    return [Contestant(name + (", same client" if who is one else ", different clients"),
                       ns, load, **who)
            for name, ns, load in (("IPv4 forwarding", forwarding, Load()),
                                   ("dstm, into the tunnel", ordinary, out),
                                   ("dstm, out of the tunnel", ordinary, back),
                                   ("dstm, shortcut, into the tunnel", short, out),
                                   ("dstm, shortcut, out of the tunnel", short, back))
            for who in (many, one)]
