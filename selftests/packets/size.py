# SPDX-License-Identifier: GPL-2.0
"""Packets that are too big for the path to their client."""

from scapy.layers.inet import TCP
from scapy.layers.l2 import Ether
from scapy.utils import checksum

from . import hosts
from .build import IP, Raw, hop, inner_fragments, outer_fragments, own_error, sized, tcp
from .case import decap, encap, from_inet, to_client, to_inet, to_underlay, tx
from .checks import one_identification
from .frame import Case, Segments
from .hosts import FIVE_AT, HOST, SHARED, TEP, WHOLE, WHOLE_AT

FRAGMENT = "RFC 6333 6.3, RFC 2473 7.2"
TOO_BIG = "RFC 2473 7.2, RFC 1191 4"
JUMBO = {"mtu": "9000"}


def outside(inner, mtu=1500, src=TEP, dst=WHOLE_AT, **how):
    return [to_underlay(part, free=("flowlabel", "fragid"))
            for part in outer_fragments(inner, mtu, src=src, dst=dst, **how)]


def fragmented_outside(name, length, link=None, remote=WHOLE_AT, limit=None, **how):
    packet = sized(length, **how)
    return Case(name, FRAGMENT, [from_inet(packet)],
                outside(hop(packet), dst=remote, limit=limit), tx(packet), link=link or {},
                check=one_identification)


def fragmented_inside(name, length, link=None, remote=WHOLE_AT, **how):
    packet = sized(length, **how)
    parts = inner_fragments(hop(packet), 1460)
    return Case(name, FRAGMENT, [from_inet(packet)],
                [to_client(part, dst=remote) for part in parts], tx(*parts),
                link={"frag": "inner"} | (link or {}))


def too_big(name, packet, mtu=1460, link=None):
    told = own_error(hop(packet), code=4, mtu=mtu)
    return Case(name, TOO_BIG, [from_inet(packet)], [to_inet(told, free=("ipid",))],
                {"tx-too-big": 1}, link=link or {})


def train(size, count, flags="DF", **how):
    """One TCP packet of many segments, as a card with LRO or a guest hands it on: as
    it is sent, as the gateway has it, and its segments behind the gateway."""
    data = bytes(i % 251 for i in range(size * count))
    packet = tcp(data=data, id=1000, flags=flags, **how)
    parts = []
    for number in range(count):
        part = packet.copy()
        part.id += number
        part[TCP].seq += number * size
        part[TCP].payload = type(packet[TCP].payload)(data[number * size:(number + 1) * size])
        parts.append(hop(part))
    unfinished = bytearray(bytes(packet))
    unfinished[36:38] = pseudo_sum(packet)
    ether = bytes(Ether(src=hosts.INET_MAC, dst=hosts.DUT_INET_MAC, type=0x800))
    return Segments("inet", ether + unfinished, size), bytes(unfinished), parts


def segments(name, size, count, remote=WHOLE_AT, **how):
    """It is judged by its segments, and counted as one."""
    sent, packet, parts = train(size, count, **how)
    return Case(name, TOO_BIG, [sent], [to_client(part, dst=remote) for part in parts],
                tx(packet))


def big_segments():
    """One byte more than fits: its sender is told, or each segment is fragmented."""
    sent, packet, parts = train(1421, 3)
    told = own_error(hop(packet), code=4, mtu=1460)
    yield Case("segments-one-more-df", TOO_BIG, [sent], [to_inet(told, free=("ipid",))],
               {"tx-too-big": 1})
    sent, packet, parts = train(1421, 3, flags=0)
    yield Case("segments-one-more", FRAGMENT, [sent],
               [frame for part in parts for frame in outside(part)], tx(packet))
    cut = [piece for part in parts for piece in inner_fragments(part, 1460)]
    yield Case("segments-one-more-inside", FRAGMENT, [sent],
               [to_client(piece) for piece in cut], tx(*cut), link={"frag": "inner"})


def options_inside():
    """RFC 791 section 3.1: later fragments have the options with the copied flag."""
    once, copied = b"\x19\x04\x01\x02", b"\x99\x04\x03\x04"
    header = {"src": HOST, "dst": WHOLE, "id": 80, "proto": 253}
    data = bytes(i & 0xff for i in range(1440))
    packet = IP(**header, options=[once + copied]) / Raw(data)
    parts = [hop(IP(**header, options=[once + copied], flags="MF") / Raw(data[:1432])),
             hop(IP(**header, options=[b"\x01" * 4 + copied], frag=179) / Raw(data[1432:]))]
    return Case("size-options-inside", "RFC 791 3.1", [from_inet(packet)],
                [to_client(part) for part in parts], tx(*parts), link={"frag": "inner"})


def longest():
    """The longest packet there is, which comes in fragments to a port set. With an
    encapsulation limit it is too long for IPv6."""
    packet = sized(65535, dst=SHARED, id=81)
    yield Case("size-65535", FRAGMENT,
               [from_inet(part) for part in inner_fragments(packet, 9000)],
               outside(hop(packet), dst=FIVE_AT), tx(packet))
    packet = sized(65535, dst=SHARED, id=82)
    yield Case("size-65535-encapsulation-limit", "RFC 8200 3",
               [from_inet(part) for part in inner_fragments(packet, 9000)],
               [to_inet(own_error(hop(packet), code=4, mtu=1452), free=("ipid",))],
               {"tx-too-big": 1}, link={"encaplimit": "4"})


def pseudo_sum(packet):
    """What the checksum field holds before a card fills it in."""
    data = bytes(packet)
    pseudo = data[12:20] + b"\0\x06" + (len(data) - 20).to_bytes(2, "big")
    return (~checksum(pseudo) & 0xffff).to_bytes(2, "big")


def cases():
    return [
        encap("size-fits", FRAGMENT, sized(1460)),
        encap("size-fits-df", TOO_BIG, sized(1460, flags="DF")),
        fragmented_outside("size-one-more", 1461),
        fragmented_outside("size-1500", 1500),
        fragmented_outside("size-three-fragments", 4000, link=JUMBO),
        fragmented_outside("size-port-set", 1500, dst=SHARED, remote=FIVE_AT),
        fragmented_outside("size-one-more-encapsulation-limit", 1453,
                           link={"encaplimit": "4"}, limit=4),
        encap("size-fits-encapsulation-limit", FRAGMENT, sized(1452),
              link={"encaplimit": "4"}, limit=4),
        too_big("size-one-more-df", sized(1461, flags="DF")),
        too_big("size-1500-df", sized(1500, flags="DF")),
        too_big("size-4000-df", sized(4000, flags="DF"), link=JUMBO),
        too_big("size-port-set-df", sized(1461, flags="DF", dst=SHARED)),
        too_big("size-one-more-df-encapsulation-limit", sized(1453, flags="DF"), mtu=1452,
                link={"encaplimit": "4"}),
        fragmented_inside("size-one-more-inside", 1461, id=77),
        fragmented_inside("size-three-fragments-inside", 4000, link=JUMBO, id=78),
        fragmented_inside("size-port-set-inside", 1500, dst=SHARED, remote=FIVE_AT, id=79),
        encap("size-fits-inside", FRAGMENT, sized(1460), link={"frag": "inner"}),
        too_big("size-one-more-df-inside", sized(1461, flags="DF"),
                link={"frag": "inner"} | JUMBO),
        no_error_when_off(),
        decap("size-out-of-the-tunnel", FRAGMENT, sized(1460, src=WHOLE, dst=HOST)),
        segments("segments-fit", 1000, 4),
        segments("segments-just-fit", 1460 - 40, 3),
        segments("segments-port-set", 1000, 4, dst=SHARED, remote=FIVE_AT),
        *big_segments(), options_inside(), *longest(),
    ]


def no_error_when_off():
    """Fragmentation needed is not one of the errors that can be switched off:
    without it path MTU discovery ends in a black hole."""
    return too_big("size-df-told-even-without-icmp-errors", sized(1461, flags="DF"),
                   link={"icmp-errors": "off"})
