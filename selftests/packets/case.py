# SPDX-License-Identifier: GPL-2.0
"""A case: what is sent, what has to come out, byte for byte, and which counters
move. What a standard leaves free is named by a frame's "free"."""

from collections import namedtuple
from dataclasses import dataclass, field
from typing import Callable

from scapy.layers.inet6 import ICMPv6DestUnreach
from scapy.layers.l2 import Ether

from . import build
from .build import IPv6, Raw

# where is underlay, inet or device.
Frame = namedtuple("Frame", "where data free", defaults=((),))
# One frame that stands for TCP segments of that size.
Segments = namedtuple("Segments", "where data size")
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


def underlay(packet):
    return Frame("underlay", bytes(Ether(src=build.UNDERLAY_MAC, dst=build.DUT_UNDERLAY_MAC,
                                         type=0x86dd) / Raw(bytes(packet))))


def from_client(inner, **how):
    return underlay(build.outer(inner, **how))


def from_inet(packet):
    return Frame("inet", bytes(Ether(src=build.INET_MAC, dst=build.DUT_INET_MAC,
                                     type=0x800) / Raw(bytes(packet))))


def into_device(packet):
    return Frame("device", bytes(packet))


def to_underlay(packet, free=("flowlabel",)):
    return Frame("underlay", bytes(Ether(dst=build.UNDERLAY_MAC, src=build.DUT_UNDERLAY_MAC,
                                         type=0x86dd) / Raw(bytes(packet))), free)


def to_client(inner, free=("flowlabel",), **how):
    how = {"src": build.TEP, "dst": build.WHOLE_AT} | how
    return to_underlay(build.outer(inner, **how), free)


def to_inet(packet, free=()):
    return Frame("inet", bytes(Ether(dst=build.INET_MAC, src=build.DUT_INET_MAC,
                                     type=0x800) / Raw(bytes(packet))), free)


def rx(*packets):
    """These came out of the tunnel."""
    return {"rx-packets": len(packets), "rx-bytes": sum(len(bytes(p)) for p in packets)}


def tx(*packets):
    return {"tx-packets": len(packets), "tx-bytes": sum(len(bytes(p)) for p in packets)}


def refused(packet, dst=build.WHOLE_AT, src=build.TEP):
    """RFC 7596 section 6.2: the source check failed, and the sender is told."""
    return to_underlay(IPv6(src=src, dst=dst) / ICMPv6DestUnreach(code=5) /
                       Raw(bytes(packet)[:1280 - 48]))


def decap(name, ref, inner, out=None, link=None, **how):
    """A client's packet that gets through."""
    out = build.hop(inner) if out is None else out
    return Case(name, ref, [from_client(inner, **how)], [to_inet(out)], rx(out),
                link=link or {})


def decap_drop(name, ref, inner, counter, link=None, **how):
    return Case(name, ref, [from_client(inner, **how)], [], {counter: 1}, link=link or {})


def decap_refused(name, ref, inner, counter, **how):
    """Dropped, and told so."""
    sent = build.outer(inner, **how)
    return Case(name, ref, [underlay(sent)],
                [refused(sent, dst=sent.src, src=sent.dst)], {counter: 1})


def encap(name, ref, packet, link=None, free=("flowlabel",), **how):
    """A packet from the Internet that gets to the client."""
    out = build.hop(packet)
    return Case(name, ref, [from_inet(packet)], [to_client(out, free=free, **how)], tx(out),
                link=link or {})


def encap_drop(name, ref, packet, counter, link=None):
    return Case(name, ref, [from_inet(packet)], [], {counter: 1}, link=link or {})


def encap_refused(name, ref, packet, counter):
    """Dropped, and its sender hears of an unreachable host."""
    told = build.own_error(build.hop(packet), dst=packet.src)
    return Case(name, ref, [from_inet(packet)], [to_inet(told, free=("ipid",))], {counter: 1})


def device_drop(name, ref, packet, counter, link=None):
    return Case(name, ref, [into_device(packet)], [], {counter: 1}, link=link or {})
