# SPDX-License-Identifier: GPL-2.0
"""ICMPv6 errors about tunnel packets: relayed to who sent the packet inside,
when there is a mapping that the packet was sent by."""

from scapy.layers.inet6 import (ICMPv6DestUnreach, ICMPv6PacketTooBig, ICMPv6ParamProblem,
                                ICMPv6TimeExceeded)

from .build import (IPv6, Raw, error, hop, outer, outer_fragments, own_error, patched, portless,
                    sized, udp)
from .case import from_inet, to_client, to_inet, tx, underlay
from .frame import Case, Pause
from .hosts import (FIVE_AT, HOST, NOBODY, NOBODY_AT, OTHER, OTHER_AT, ROUTER, SHARED, SIX_AT,
                    TEP, TEP2, WHOLE, WHOLE_AT, path_client)
from .martian import RANGES
from .size import outside

RFC = "RFC 2473 8"
PATH = "RFC 2473 6.7 and 8.3"


def icmpv6(kind, embedded, dst=TEP, src=ROUTER):
    """From a router in the IPv6 network; as long as the minimum MTU allows."""
    return underlay(IPv6(src=src, dst=dst) / kind / Raw(bytes(embedded)[:1280 - 48]))


def sent(inner, src=TEP, dst=WHOLE_AT, fl=0x12345, **how):
    """The packet of ours that the error is about."""
    return outer(hop(inner), src=src, dst=dst, hlim=60, fl=fl, **how)


def told(inner, **how):
    return to_inet(own_error(hop(inner), **how), free=("ipid",))


def relayed(name, kind, inner=None, limit=None, **how):
    inner = inner or udp()
    return Case(name, RFC, [icmpv6(kind, sent(inner, limit=limit, **how))], [told(inner)])


def dropped(name, embedded, kind=None, ref=RFC, dst=TEP):
    return Case(name, ref, [icmpv6(kind or ICMPv6DestUnreach(), embedded, dst)])


def relays():
    for code in range(7):
        yield relayed(f"relay-unreachable-{code}", ICMPv6DestUnreach(code=code))
    yield from (
        relayed("relay-hop-limit", ICMPv6TimeExceeded(code=0)),
        relayed("relay-encapsulation-limit", ICMPv6ParamProblem(code=0, ptr=44), limit=0),
        relayed("relay-parameter-problem", ICMPv6ParamProblem(code=1, ptr=6)),
        relayed("relay-port-set", ICMPv6DestUnreach(), inner=udp(dst=SHARED), dst=FIVE_AT),
        relayed("relay-long-packet", ICMPv6DestUnreach(), inner=sized(1400)),
        hairpinned(), first_fragment(),
        dropped("relay-not-about-later-outer-fragment", in_fragments(sized(1500))[1]),
        dropped("relay-not-of-reassembly-time", sent(udp()), ICMPv6TimeExceeded(code=1),
                ref="RFC 2473 8.1"),
        dropped("relay-not-at-other-tep", sent(udp(), src=TEP2), dst=TEP2),
        dropped("relay-not-of-another-client", sent(udp(), dst=OTHER_AT)),
        dropped("relay-not-of-no-client", sent(udp(), dst=NOBODY_AT)),
        dropped("relay-not-of-one-bit", sent(udp(), dst="2001:db8:2::6")),
        dropped("relay-not-of-unmapped-address", sent(udp(dst=NOBODY))),
        dropped("relay-not-of-another-address", sent(udp(dst=OTHER))),
        dropped("relay-not-of-neighbours-port", sent(udp(dst=SHARED), dst=SIX_AT)),
        dropped("relay-not-of-unmapped-port", sent(udp(dst=SHARED, dport=5119), dst=FIVE_AT)),
        dropped("relay-not-when-cut-off", bytes(sent(udp()))[:40 + 19]),
        dropped("relay-not-about-an-error", ref="RFC 1122 3.2.2",
                embedded=sent(error(hop(udp(src=WHOLE, dst=HOST))))),
        dropped("relay-not-about-later-fragment", ref="RFC 1122 3.2.2",
                embedded=sent(portless(17, frag=100))),
        *(dropped(f"relay-not-to-{name}-{edge}", sent(udp(src=address)))
          for name, *edges in RANGES for edge, address in zip(("first", "last"), edges)),
        dropped("relay-not-to-its-destination", sent(udp(src=WHOLE))),
        dropped("relay-not-inner-version", patched(sent(udp()), 40, 0x55)),
        wrong_checksum(),
    )


def in_fragments(inner, remote=WHOLE_AT):
    return outer_fragments(hop(inner), src=TEP, dst=remote, hlim=60)


def first_fragment():
    """An error about the first of a packet's outer fragments: the packet is as lost."""
    inner = sized(1500)
    return Case("relay-first-outer-fragment", RFC,
                [icmpv6(ICMPv6DestUnreach(), in_fragments(inner)[0])], [told(inner)])


def hairpinned():
    """The packet inside is another client's: it hears of it by its tunnel."""
    inner = udp(src=OTHER)
    answer = own_error(hop(inner), dst=OTHER)
    return Case("relay-to-a-client", RFC, [icmpv6(ICMPv6DestUnreach(), sent(inner))],
                [to_client(answer, dst=OTHER_AT, tc=0xc0, free=("flowlabel", "ipid"))],
                tx(answer))


def wrong_checksum():
    frame = icmpv6(ICMPv6DestUnreach(), sent(udp()))
    data = bytearray(frame.data)
    data[14 + 40 + 2] ^= 1
    return Case("relay-not-wrong-checksum", "RFC 4443 2.3", [frame._replace(data=bytes(data))])


def path_mtu(number, name, mtu, learned, limit=None, **how):
    """A Packet Too Big, and what it does to packets of just this and more."""
    address, remote = path_client(number)
    overhead = 40 if limit is None else 48
    fits = learned - overhead
    link = {} if limit is None else {"encaplimit": str(limit)}
    first = sized(1440, dst=address, flags="DF")
    last, big = (sized(n, dst=address, flags="DF") for n in (fits, fits + 1))
    return Case(name, PATH,
                [icmpv6(ICMPv6PacketTooBig(mtu=mtu), sent(first, dst=remote, limit=limit, **how)),
                 from_inet(last), from_inet(big)],
                [told(first, code=4, mtu=fits),
                 to_client(hop(last), dst=remote, limit=limit),
                 told(big, code=4, mtu=fits)],
                {"tx-too-big": 1} | tx(last), link=link)


def not_believed(number, name, change, mtu=1300):
    """A Packet Too Big that nobody could send who saw the packet; or one that
    RFC 8201 section 4 wants to be discarded."""
    address, remote = path_client(number)
    inner = sized(1440, dst=address, flags="DF")
    full = sized(1460, dst=address, flags="DF")
    return Case(name, PATH,
                [icmpv6(ICMPv6PacketTooBig(mtu=mtu),
                        sent(**({"inner": inner, "dst": remote} | change))),
                 from_inet(full)],
                [to_client(hop(full), dst=remote)], tx(full))


def path_mtus():
    return [
        path_mtu(0, "path-mtu-1400", 1400, 1400),
        path_mtu(1, "path-mtu-1280", 1280, 1280),
        not_believed(2, "path-mtu-never-below-1280", {}, mtu=1279),
        not_believed(3, "path-mtu-never-0", {}, mtu=0),
        path_mtu(4, "path-mtu-encapsulation-limit", 1400, 1400, limit=4),
        not_believed(10, "path-mtu-not-by-unmapped-address",
                     {"inner": sized(1440, dst=NOBODY, flags="DF")}),
        not_believed(11, "path-mtu-not-by-another-address",
                     {"inner": sized(1440, dst=OTHER, flags="DF")}),
        not_believed(12, "path-mtu-not-by-another-tep", {"src": TEP2}),
        not_believed(13, "path-mtu-not-by-multicast",
                     {"inner": sized(1440, src="224.0.0.1", dst=path_client(13)[0],
                                     flags="DF")}),
        *by_mark(), *by_ways(),
        bigger_than_link(), without_df(), by_fragment(), no_relay_when_it_fits(), aged(),
    ]


def routed(case, before, after):
    case.before, case.after = before, after
    return case


def by_mark():
    """The route is one of a rule for marked packets, and the error has no mark."""
    address, remote = path_client(30)
    small = sized(100, dst=address)
    case = path_mtu(30, "path-mtu-by-mark", 1400, 1400)
    case.send.insert(0, from_inet(small))
    case.expect.insert(0, to_client(hop(small), dst=remote))
    case.count["tx-packets"] += 1
    case.count["tx-bytes"] += 100
    yield routed(case, ["ip -6 rule add fwmark 6 table 66",
                        "ip -6 route add 2001:db8:2::/48 via 2001:db8:1::2 table 66",
                        "nft add table ip m",
                        "nft add chain ip m f '{ type filter hook forward priority 0; }'",
                        "nft add rule ip m f oifname dstm0 meta mark set 6"],
                 ["nft delete table ip m", "ip -6 route flush table 66",
                  "ip -6 rule del fwmark 6 table 66"])


def by_ways():
    """There are two routes, of which the addresses alone choose; not the flow label,
    of which each error has another one."""
    ways = "2001:db8:2::1:0/112"
    for number in range(31, 39):
        yield routed(path_mtu(number, f"path-mtu-of-two-ways-{number}", 1400, 1400,
                              fl=number * 0x1357),
                     ["ip -6 neigh replace 2001:db8:1::3 lladdr 02:00:00:00:01:02 dev under0"
                      " nud permanent",
                      f"ip -6 route add {ways} nexthop via 2001:db8:1::2"
                      " nexthop via 2001:db8:1::3"],
                     [f"ip -6 route del {ways}"])


def bigger_than_link():
    address, remote = path_client(20)
    full = sized(1461, dst=address, flags="DF")
    return Case("path-mtu-not-above-the-link", PATH,
                [icmpv6(ICMPv6PacketTooBig(mtu=9000), sent(full, dst=remote)), from_inet(full)],
                [told(full, code=4, mtu=1460)], {"tx-too-big": 1})


def without_df():
    """RFC 2473 section 7.2 (b): nobody is told, the gateway fragments."""
    address, remote = path_client(21)
    packet = sized(1400, dst=address)
    return Case("path-mtu-without-df", "RFC 2473 7.2",
                [icmpv6(ICMPv6PacketTooBig(mtu=1400), sent(packet, dst=remote)),
                 from_inet(packet)],
                outside(hop(packet), mtu=1400, dst=remote), tx(packet))


def by_fragment():
    """What is told of an outer fragment holds for the fragments to come."""
    address, remote = path_client(24)
    packet = sized(1500, dst=address)
    return Case("path-mtu-by-a-fragment", PATH,
                [icmpv6(ICMPv6PacketTooBig(mtu=1300), in_fragments(packet, remote)[0]),
                 from_inet(packet)],
                outside(hop(packet), mtu=1300, dst=remote), tx(packet))


def no_relay_when_it_fits():
    """A packet that fits the path by now is nothing to tell of."""
    address, remote = path_client(22)
    inner = sized(1000, dst=address, flags="DF")
    return Case("path-mtu-told-only-when-too-big", RFC,
                [icmpv6(ICMPv6PacketTooBig(mtu=1400), sent(inner, dst=remote))])


def aged():
    """RFC 8201 section 4: what was learned is forgotten after a time."""
    address, remote = path_client(23)
    full = sized(1460, dst=address, flags="DF")
    return Case("path-mtu-ages", "RFC 8201 4",
                [icmpv6(ICMPv6PacketTooBig(mtu=1300), sent(full, dst=remote)),
                 from_inet(full), Pause(1.3), from_inet(full)],
                [told(full, code=4, mtu=1260), told(full, code=4, mtu=1260),
                 to_client(hop(full), dst=remote)],
                {"tx-too-big": 1} | tx(full),
                before=["sysctl -w net.ipv6.route.mtu_expires=1"],
                after=["sysctl -w net.ipv6.route.mtu_expires=600"])


def cases():
    return [*relays(), *path_mtus()]
