# SPDX-License-Identifier: GPL-2.0
"""The packets that those in the test network send."""

from scapy.layers.inet import ICMP, IP, TCP, UDP, fragment
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment
from scapy.packet import Raw
from scapy.utils import checksum

from .hosts import DUT_INET, HOST, HOST2, TEP, WHOLE, WHOLE_AT


def udp(src=HOST, dst=WHOLE, sport=3000, dport=5200, data=b"datagram", **ip):
    return IP(src=src, dst=dst, **ip) / UDP(sport=sport, dport=dport) / Raw(data)


def tcp(src=HOST, dst=WHOLE, sport=3000, dport=5200, data=b"", **ip):
    return IP(src=src, dst=dst, **ip) / TCP(sport=sport, dport=dport, flags="A") / Raw(data)


def echo(src=HOST, dst=WHOLE, ident=5200, kind="echo-request", data=b"ping", **ip):
    return IP(src=src, dst=dst, **ip) / ICMP(type=kind, id=ident, seq=1) / Raw(data)


def ports(protocol, src=HOST, dst=WHOLE, sport=3000, dport=5200, **ip):
    """A packet of a protocol whose header begins with two ports."""
    header = sport.to_bytes(2, "big") + dport.to_bytes(2, "big")
    return IP(src=src, dst=dst, proto=protocol, **ip) / Raw(header + bytes(8))


def portless(protocol=47, src=HOST, dst=WHOLE, data=bytes(16), **ip):
    return IP(src=src, dst=dst, proto=protocol, **ip) / Raw(data)


def error(about, src=HOST2, dst=WHOLE, kind=3, code=3, mtu=0, **ip):
    """An ICMPv4 error; about is the packet that it is about."""
    return IP(src=src, dst=dst, **ip) / ICMP(type=kind, code=code, nexthopmtu=mtu) / \
        Raw(bytes(about))


def own_error(about, dst=HOST, kind=3, code=1, mtu=0):
    """What the gateway itself says: RFC 1812 section 4.3.2.5 asks for this
    precedence, section 4.3.2.3 for up to 576 bytes."""
    quoted = bytes(about)[:576 - 28]
    return IP(src=DUT_INET, dst=dst, tos=0xc0, ttl=64, id=0) / \
        ICMP(type=kind, code=code, nexthopmtu=mtu) / Raw(quoted)


def hop(packet, tos=None):
    """The packet one router further, and no longer than it says it is."""
    data = bytearray(bytes(packet))
    header = (data[0] & 15) * 4
    data[8] -= 1
    if tos is not None:
        data[1] = tos
    data[10:12] = bytes(2)
    data[10:12] = checksum(bytes(data[:header])).to_bytes(2, "big")
    return bytes(data[:int.from_bytes(data[2:4], "big")])


def outer(inner, src=WHOLE_AT, dst=TEP, tc=0, fl=0, hlim=64, limit=None, nh=4):
    """The inner packet in an IPv6 one; limit is RFC 2473's section 4.1.1."""
    header = IPv6(src=src, dst=dst, tc=tc, fl=fl, hlim=hlim, nh=nh)
    if limit is None:
        return header / Raw(bytes(inner))
    header.nh = 60
    return header / Raw(bytes([nh, 0, 4, 1, limit, 1, 1, 0])) / Raw(bytes(inner))


def sized(length, **how):
    """An UDP datagram of that total length."""
    return udp(data=bytes(i & 0xff for i in range(length - 28)), **how)


def outer_fragments(inner, mtu=1500, ident=1, limit=None, **how):
    """RFC 8200 section 4.5: the outer packet in fragments. Each has the options, as
    Linux does it: a further tunnel (RFC 2473 section 4.1.1) looks for them there."""
    whole = bytes(inner)
    step = (mtu - (48 if limit is None else 56)) & ~7
    return [outer(IPv6ExtHdrFragment(nh=4, offset=at // 8, m=int(at + step < len(whole)),
                                     id=ident) / Raw(whole[at:at + step]),
                  limit=limit, nh=44, **how)
            for at in range(0, len(whole), step)]


def inner_fragments(packet, mtu):
    """RFC 791: the packet in fragments of at most that length."""
    return [bytes(part) for part in fragment(IP(bytes(packet)), fragsize=(mtu - 20) & ~7)]


def patched(packet, offset, value):
    """With one byte of it changed after all checksums were made."""
    data = bytearray(bytes(packet))
    data[offset] = value
    return bytes(data)
