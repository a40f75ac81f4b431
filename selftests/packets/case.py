# SPDX-License-Identifier: GPL-2.0
"""How the frames and the cases are made."""

from scapy.layers.inet import ICMP, IP
from scapy.layers.inet6 import ICMPv6DestUnreach, ICMPv6EchoRequest
from scapy.layers.l2 import Ether

from . import build, hosts
from .build import IPv6, Raw
from .frame import MARK, Case, Frame


def underlay(packet):
    return Frame("underlay", bytes(Ether(src=hosts.UNDERLAY_MAC, dst=hosts.DUT_UNDERLAY_MAC,
                                         type=0x86dd) / Raw(bytes(packet))))


def from_client(inner, **how):
    return underlay(build.outer(inner, **how))


def from_inet(packet):
    return Frame("inet", bytes(Ether(src=hosts.INET_MAC, dst=hosts.DUT_INET_MAC,
                                     type=0x800) / Raw(bytes(packet))))


def into_device(packet):
    return Frame("device", bytes(packet))


def to_underlay(packet, free=("flowlabel",)):
    return Frame("underlay", bytes(Ether(dst=hosts.UNDERLAY_MAC, src=hosts.DUT_UNDERLAY_MAC,
                                         type=0x86dd) / Raw(bytes(packet))), free)


def to_client(inner, free=("flowlabel",), **how):
    how = {"src": hosts.TEP, "dst": hosts.WHOLE_AT} | how
    return to_underlay(build.outer(inner, **how), free)


def to_inet(packet, free=()):
    return Frame("inet", bytes(Ether(dst=hosts.INET_MAC, src=hosts.DUT_INET_MAC,
                                     type=0x800) / Raw(bytes(packet))), free)


def rx(*packets):
    """These came out of the tunnel."""
    return {"rx-packets": len(packets), "rx-bytes": sum(len(bytes(p)) for p in packets)}


def tx(*packets):
    return {"tx-packets": len(packets), "tx-bytes": sum(len(bytes(p)) for p in packets)}


def refused(packet, dst=hosts.WHOLE_AT, src=hosts.TEP):
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


def markers():
    """Echoes of the stack itself, which the device does not see."""
    return (underlay(IPv6(src=hosts.ROUTER, dst=hosts.DUT_UNDERLAY) /
                     ICMPv6EchoRequest(data=MARK)),
            from_inet(IP(src=hosts.HOST, dst=hosts.DUT_INET) / ICMP() / MARK))
