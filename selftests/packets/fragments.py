# SPDX-License-Identifier: GPL-2.0
"""Fragments that arrive: of outer packets, and of inner ones."""

from .build import (IP, echo, hop, inner_fragments, outer, outer_fragments, own_error, sized, tcp,
                    udp)
from .case import from_client, from_inet, refused, rx, to_client, to_inet, tx, underlay
from .frame import Case, Pause
from .hosts import FIVE_AT, HOST, NOBODY_AT, SHARED, SIX_AT, WHOLE, WHOLE_AT

OUTER = "RFC 2473 7, RFC 6333 6.3"
INNER = "RFC 7596 6.2"
OVERLAP = "RFC 1858 3, RFC 5722"


def outer_case(name, frames, inner=None, ref=OUTER):
    expect = [to_inet(hop(inner))] if inner else []
    return Case(name, ref, [underlay(frame) for frame in frames], expect,
                rx(inner) if inner else {})


def outer_cases():
    inner = sized(1460, src=WHOLE, dst=HOST)

    def cut(ident, **how):
        return outer_fragments(inner, mtu=1280, ident=ident,
                               **({"src": WHOLE_AT, "dst": "2001:db8::1"} | how))

    first, last = cut(11)
    small = sized(1400, src=WHOLE, dst=HOST)
    atomic = outer_fragments(small, ident=12)
    changed = bytearray(bytes(cut(17)[1]))
    changed[42:44] = (int.from_bytes(changed[42:44], "big") - 8).to_bytes(2, "big")
    three = outer_fragments(sized(3000, src=WHOLE, dst=HOST), mtu=1280, ident=18)
    spoofed = outer_fragments(inner, mtu=1280, ident=19, src=SIX_AT)
    return [
        outer_case("outer-fragments", [first, last], inner),
        outer_case("outer-fragments-reversed", reversed(cut(13)), inner),
        outer_case("outer-fragments-encapsulation-limit", cut(14, limit=4), inner),
        outer_case("outer-fragments-three", [three[1], three[2], three[0]],
                   sized(3000, src=WHOLE, dst=HOST)),
        outer_case("outer-fragment-atomic", atomic, small, "RFC 6946 4"),
        outer_case("outer-fragment-missing", cut(15)[:1]),
        outer_case("outer-fragments-of-two-packets", [cut(16)[0], cut(20)[1]]),
        outer_case("outer-fragments-of-two-sources", [cut(21)[0], cut(21, src=SIX_AT)[1]]),
        outer_case("outer-fragments-overlap", [cut(17)[0], changed], ref=OVERLAP),
        Case("outer-fragments-spoofed", OUTER, [underlay(part) for part in spoofed],
             [refused(outer(inner, src=SIX_AT), dst=SIX_AT)], {"rx-outer-source": 1}),
    ]


def as_they_come(name, packet, order=lambda parts: parts):
    """To and from a whole address nothing is put together."""
    parts = order(inner_fragments(packet(WHOLE, HOST), 576))
    yield Case(f"decap-{name}", INNER, [from_client(part) for part in parts],
               [to_inet(hop(part)) for part in parts], rx(*parts))
    parts = order(inner_fragments(packet(HOST, WHOLE), 576))
    yield Case(f"encap-{name}", INNER, [from_inet(part) for part in parts],
               [to_client(hop(part)) for part in parts], tx(*parts))


def whole_address():
    def datagram(src, dst):
        return sized(1400, src=src, dst=dst, id=21)

    yield from as_they_come("fragments", datagram)
    yield from as_they_come("fragments-reversed", datagram, lambda p: p[::-1])
    yield from as_they_come("fragment-alone", datagram, lambda p: p[1:2])
    yield from as_they_come("fragments-of-ping", lambda src, dst: echo(
        src=src, dst=dst, data=bytes(1200), id=22))


idents = iter(range(100, 65000))


def both_ways(name, make, order=lambda parts: parts, mtu=576, dropped=0):
    """From and to a port set: matched as one packet, whatever the order; fragments
    that came before are dropped."""
    packet = make(src=SHARED, dst=HOST, sport=5200, dport=80, id=next(idents))
    parts = order(inner_fragments(packet, mtu))
    yield Case(f"decap-set-{name}", INNER, [from_client(part, src=FIVE_AT) for part in parts],
               [to_inet(hop(packet))], rx(packet) | {"rx-fragment": dropped})
    packet = make(src=HOST, dst=SHARED, sport=80, dport=5200, id=next(idents))
    parts = order(inner_fragments(packet, mtu))
    yield Case(f"encap-set-{name}", INNER, [from_inet(part) for part in parts],
               [to_client(hop(packet), dst=FIVE_AT)], tx(packet) | {"tx-fragment": dropped})


def datagram(sport, dport, **how):
    return sized(1400, sport=sport, dport=dport, **how)


def stream(sport, dport, **how):
    return tcp(data=bytes(1000), sport=sport, dport=dport, **how)


def ping(sport, dport, **how):
    return echo(ident=5200, data=bytes(1000), **how)


def with_df(**how):
    return datagram(**how, flags="DF")


def port_set():
    yield from both_ways("fragments", datagram)
    yield from both_ways("fragments-reversed", datagram, lambda p: p[::-1])
    yield from both_ways("fragments-last-first", datagram, lambda p: p[-1:] + p[:-1])
    yield from both_ways("fragments-twice", datagram, lambda p: p[:1] + p, dropped=1)
    yield from both_ways("fragments-tcp", stream)
    yield from both_ways("fragments-ping", ping)
    yield from both_ways("fragments-tiny", stream, mtu=28)
    yield from wrong_port()
    yield from incomplete()
    yield from malicious()
    yield from late()


def wrong_port():
    """No error about what was put together: no single packet is at fault."""
    packet = datagram(5119, 80, src=SHARED, dst=HOST, id=next(idents))
    parts = inner_fragments(packet, 576)
    yield Case("decap-set-fragments-port-before", INNER,
               [from_client(part, src=FIVE_AT) for part in parts],
               count={"rx-inner-port": 1})
    packet = datagram(80, 5119, src=HOST, dst=SHARED, id=next(idents))
    parts = inner_fragments(packet, 576)
    yield Case("encap-set-fragments-port-before", INNER, [from_inet(part) for part in parts],
               [to_inet(own_error(hop(packet)), free=("ipid",))], {"tx-no-port-set": 1})
    packet = datagram(6144, 80, src=SHARED, dst=HOST, id=next(idents))
    yield Case("decap-set-fragments-neighbours-port", INNER,
               [from_client(part, src=FIVE_AT) for part in inner_fragments(packet, 576)],
               count={"rx-outer-source": 1})


def incomplete():
    parts = inner_fragments(datagram(5200, 80, src=SHARED, dst=HOST, id=next(idents)), 576)
    yield Case("decap-set-fragment-missing", INNER,
               [from_client(part, src=FIVE_AT) for part in parts[:-1]])
    parts = inner_fragments(datagram(80, 5200, src=HOST, dst=SHARED, id=next(idents)), 576)
    yield Case("encap-set-fragment-missing", INNER, [from_inet(part) for part in parts[1:]])
    starved = ["sysctl -w net.ipv4.ipfrag_low_thresh=0",
               "sysctl -w net.ipv4.ipfrag_high_thresh=0"]
    restored = ["sysctl -w net.ipv4.ipfrag_high_thresh=4194304",
                "sysctl -w net.ipv4.ipfrag_low_thresh=3145728"]
    yield Case("decap-set-fragments-no-memory", INNER,
               [from_client(part, src=FIVE_AT) for part in parts_again(SHARED, HOST)],
               count={"rx-fragment": 3}, before=starved, after=restored)
    yield Case("encap-set-fragments-no-memory", INNER,
               [from_inet(part) for part in parts_again(HOST, SHARED)],
               count={"tx-fragment": 3}, before=starved, after=restored)


def parts_again(src, dst):
    return inner_fragments(datagram(5200, 5200, src=src, dst=dst, id=next(idents)), 576)


def moved(part, units):
    """The fragment, so many units of 8 bytes further."""
    part = IP(part)
    part.frag += units
    part.chksum = None
    return bytes(part)


def strangers():
    """What can not be of a client's packet takes no memory until the rest comes."""
    parts = parts_again(SHARED, HOST)
    yield Case("decap-set-later-fragments-of-no-client", OVERLAP,
               [from_client(parts[0], src=FIVE_AT)] +
               [from_client(part, src=NOBODY_AT) for part in parts[1:]],
               count={"rx-outer-source": 2})
    parts = parts_again(SHARED, HOST)
    yield Case("decap-set-first-fragment-of-no-client", OVERLAP,
               [from_client(parts[0], src=NOBODY_AT)],
               [refused(outer(parts[0], src=NOBODY_AT), dst=NOBODY_AT)],
               {"rx-outer-source": 1})
    parts = parts_again(SHARED, HOST)
    yield Case("decap-set-fragments-of-another-address", OVERLAP,
               [from_client(part, src=WHOLE_AT) for part in parts[1:]],
               count={"rx-outer-source": 2})


def late():
    """RFC 792: a gateway need not tell that the rest did not come."""
    brief = {"before": ["sysctl -w net.ipv4.ipfrag_time=1"],
             "after": ["sysctl -w net.ipv4.ipfrag_time=3600"]}
    yield Case("decap-set-fragment-late", "RFC 792",
               [from_client(parts_again(SHARED, HOST)[0], src=FIVE_AT), Pause(1.3)], **brief)
    yield Case("encap-set-fragment-late", "RFC 792",
               [from_inet(parts_again(HOST, SHARED)[0]), Pause(1.3)], **brief)


def malicious():
    """Nobody gets past the check by fragments that cover others, or by adding to
    another's packet."""
    for name, units in (("overlap", -1), ("beyond-64k", 8190)):
        parts = parts_again(SHARED, HOST)
        yield Case(f"decap-set-fragments-{name}", OVERLAP,
                   [from_client(part, src=FIVE_AT)
                    for part in (parts[0], moved(parts[1], units))], count={"rx-fragment": 1})
        parts = parts_again(HOST, SHARED)
        yield Case(f"encap-set-fragments-{name}", OVERLAP,
                   [from_inet(part) for part in (parts[0], moved(parts[1], units))],
                   count={"tx-fragment": 1})
    parts = parts_again(SHARED, HOST)
    yield Case("decap-set-fragments-of-two-tunnels", OVERLAP,
               [from_client(part, src=remote)
                for part, remote in zip(parts, (FIVE_AT, SIX_AT, FIVE_AT))])
    yield from strangers()
    header = udp(src=SHARED, dst=HOST, sport=5200, flags="MF", id=next(idents), len=24)
    yield Case("decap-set-first-fragment-of-4-bytes", OVERLAP,
               [from_client(bytes(header)[:24], src=FIVE_AT)], count={"rx-fragment": 1})


def cases():
    return [*outer_cases(), *whole_address(), *port_set()]
