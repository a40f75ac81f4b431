# SPDX-License-Identifier: GPL-2.0
"""Outer source, outer destination, inner address and inner port are one
mapping's, or the packet is dropped."""

from functools import partial

from scapy.layers.inet6 import ICMPv6DestUnreach

from . import build, hosts
from .build import IPv6, Raw, echo, error, portless, ports, udp
from .case import (decap, decap_drop, decap_refused, device_drop, encap, encap_drop,
                   encap_refused, from_client, from_inet, into_device, refused, to_inet,
                   to_underlay, underlay)
from .checks import a_second_or_two
from .frame import Case, Pause
from .hosts import (AT_TEP2, AT_TEP2_AT, FIVE_AT, HOST, NOBODY, NOBODY_AT, OTHER, OTHER_AT,
                    PIECES, PIECES_AT, SHARED, SINGLE, SINGLE_AT, SIX_AT, TEP2, WHOLE, WHOLE_AT)

RFC = "RFC 7596 6.2"
PORTS = "RFC 7596 6.2 and 8.1"
WITH_PORTS = {"tcp": 6, "udp": 17, "dccp": 33, "sctp": 132, "udplite": 136}


TIMESTAMP = b"\x0d\0\xf2\xff" + bytes(16)


def whole_address():
    return [
        *(decap(f"decap-{name}", RFC, ports(number, src=WHOLE, dst=HOST))
          for name, number in WITH_PORTS.items() if name != "udp"),
        decap("decap-icmp-echo", RFC, echo(src=WHOLE, dst=HOST)),
        decap("decap-icmp-timestamp", RFC,
              portless(1, src=WHOLE, dst=HOST, data=TIMESTAMP)),
        decap("decap-gre", RFC, portless(src=WHOLE, dst=HOST)),
        decap("decap-esp", RFC, portless(50, src=WHOLE, dst=HOST)),
        decap("decap-at-its-tep", RFC, udp(src=AT_TEP2, dst=HOST), src=AT_TEP2_AT, dst=TEP2),
        decap_refused("decap-inner-source-one-bit", RFC, udp(src="192.0.2.6", dst=HOST),
                      "rx-inner-address"),
        decap_refused("decap-inner-source-nobodys", RFC, udp(src=NOBODY, dst=HOST),
                      "rx-inner-address"),
        decap_refused("decap-inner-source-the-gateways", RFC,
                      udp(src=hosts.DUT_INET, dst=HOST), "rx-inner-address"),
        decap_refused("decap-inner-source-anothers", RFC, udp(src=OTHER, dst=HOST),
                      "rx-outer-source"),
        decap_refused("decap-outer-source-one-bit", RFC, udp(src=WHOLE, dst=HOST),
                      "rx-outer-source", src="2001:db8:2::6"),
        decap_refused("decap-outer-source-first-bit", RFC, udp(src=WHOLE, dst=HOST),
                      "rx-outer-source", src="2001:db8:2:8000::7"),
        decap_refused("decap-from-no-client", RFC, udp(src=WHOLE, dst=HOST),
                      "rx-outer-source", src=NOBODY_AT),
        decap_refused("decap-at-another-tep", RFC, udp(src=WHOLE, dst=HOST),
                      "rx-outer-destination", dst=TEP2),
        decap_refused("decap-not-at-its-tep", RFC, udp(src=AT_TEP2, dst=HOST),
                      "rx-outer-destination", src=AT_TEP2_AT),
        decap_refused("decap-tep-before-source", RFC, udp(src=WHOLE, dst=HOST),
                      "rx-outer-destination", src=NOBODY_AT, dst=TEP2),
        no_tep(),
    ]


def no_tep():
    """An address of the gateway's that is no TEP: no concern of the device's."""
    sent = build.outer(udp(src=WHOLE, dst=HOST), dst=hosts.DUT_UNDERLAY)
    told = IPv6(src=hosts.DUT_UNDERLAY, dst=WHOLE_AT) / \
        ICMPv6DestUnreach(code=4) / Raw(bytes(sent))
    return Case("decap-at-no-tep", "RFC 2473 3.3", [underlay(sent)], [to_underlay(told)])


def port_set(name, address, remote, inside, outside):
    for port in inside:
        yield decap(f"decap-{name}-{port}", PORTS, udp(src=address, dst=HOST, sport=port),
                    src=remote)
        yield encap(f"encap-{name}-{port}", PORTS, udp(dst=address, dport=port), dst=remote)
    for port in outside:
        yield decap_refused(f"decap-{name}-not-{port}", PORTS,
                            udp(src=address, dst=HOST, sport=port), "rx-inner-port",
                            src=remote)
        yield encap_refused(f"encap-{name}-not-{port}", PORTS,
                            udp(dst=address, dport=port), "tx-no-port-set")


def port_sets():
    return [
        *port_set("set-5", SHARED, FIVE_AT, (5120, 6143), (5119,)),
        *port_set("set-6", SHARED, SIX_AT, (6144, 7167), (7168,)),
        *port_set("pieces", PIECES, PIECES_AT, (4928, 4943, 62272, 62287),
                  (832, 4927, 4944, 62271, 62288)),
        *port_set("single", SINGLE, SINGLE_AT, (5200,), (5199, 5201)),
        decap_refused("decap-neighbours-port", PORTS,
                      udp(src=SHARED, dst=HOST, sport=6144), "rx-outer-source", src=FIVE_AT),
    ]


def protocols():
    for name, number in WITH_PORTS.items():
        yield decap(f"decap-set-{name}", PORTS,
                    ports(number, src=SHARED, dst=HOST, sport=5200), src=FIVE_AT)
        yield decap_refused(f"decap-set-{name}-wrong", PORTS,
                            ports(number, src=SHARED, dst=HOST, sport=5200 ^ 0x8000),
                            "rx-inner-port", src=FIVE_AT)
        yield encap(f"encap-set-{name}", PORTS, ports(number, dst=SHARED), dst=FIVE_AT)
        yield encap_refused(f"encap-set-{name}-wrong", PORTS,
                            ports(number, dst=SHARED, dport=5200 ^ 0x8000), "tx-no-port-set")
    for kind in "echo-request", "echo-reply":
        yield decap(f"decap-set-{kind}", PORTS,
                    echo(src=SHARED, dst=HOST, kind=kind), src=FIVE_AT)
        yield decap_refused(f"decap-set-{kind}-wrong", PORTS,
                            echo(src=SHARED, dst=HOST, ident=5119, kind=kind),
                            "rx-inner-port", src=FIVE_AT)
        yield encap(f"encap-set-{kind}", PORTS, echo(dst=SHARED, kind=kind), dst=FIVE_AT)
        yield encap_refused(f"encap-set-{kind}-wrong", PORTS,
                            echo(dst=SHARED, ident=5119, kind=kind), "tx-no-port-set")


def without_ports():
    cut = bytes(ports(17, src=SHARED, dst=HOST, sport=5200, len=23))[:23]
    for name, number, data in (("gre", 47, bytes(16)), ("esp", 50, bytes(16)),
                               ("ipv6", 41, bytes(40)), ("ipv4", 4, bytes(20)),
                               ("icmp-timestamp", 1, TIMESTAMP),
                               ("icmp-router-solicitation", 1, b"\x0a\0\xf5\xff" + bytes(4)),
                               ("udp-of-3-bytes", 17, bytes(3)),
                               ("icmp-of-7-bytes", 1, b"\x08\0\xf7\xff" + bytes(3))):
        yield decap_drop(f"decap-set-{name}", PORTS,
                         portless(number, src=SHARED, dst=HOST, data=data), "rx-no-ports",
                         src=FIVE_AT)
        yield encap_drop(f"encap-set-{name}", PORTS,
                         portless(number, dst=SHARED, data=data), "tx-no-ports")
    yield decap_drop("decap-set-ports-cut-off", PORTS, cut, "rx-no-ports", src=FIVE_AT)


def into_the_tunnel():
    return [
        *(encap(f"encap-{name}", RFC, ports(number))
          for name, number in WITH_PORTS.items() if name != "udp"),
        encap("encap-gre", RFC, portless()),
        encap("encap-icmp-echo", RFC, echo()),
        encap("encap-icmp-timestamp", RFC, portless(1, data=TIMESTAMP)),
        encap("encap-to-other", RFC, udp(dst=OTHER), dst=OTHER_AT),
        encap("encap-from-tep2", RFC, udp(dst=AT_TEP2), src=TEP2, dst=AT_TEP2_AT),
        encap_refused("encap-no-mapping", RFC, udp(dst=NOBODY), "tx-no-mapping"),
        encap_refused("encap-no-mapping-one-bit", RFC, udp(dst="192.0.2.6"), "tx-no-mapping"),
        encap_refused("encap-no-mapping-echo", RFC, echo(dst=NOBODY), "tx-no-mapping"),
        encap_refused("encap-no-mapping-gre", RFC, portless(dst=NOBODY), "tx-no-mapping"),
        encap_refused("encap-no-mapping-long", RFC, udp(dst=NOBODY, data=bytes(1000)),
                      "tx-no-mapping"),
        device_drop("device-no-mapping", RFC, udp(dst=NOBODY), "tx-no-mapping"),
        encap_drop("encap-loop", "RFC 2473 4.1.2", udp(dst=hosts.LOOPS), "tx-loop"),
        encap_refused("encap-no-route", "RFC 2473 8", udp(dst=hosts.STRAY), "tx-no-route"),
        Case("encap-refused-by-output", RFC, [from_inet(udp())], count={"tx-error": 1},
             before=["nft add table ip6 o",
                     "nft add chain ip6 o out '{ type filter hook output priority 0; }'",
                     "nft add rule ip6 o out ip6 nexthdr 4 drop"],
             after=["nft delete table ip6 o"]),
        Case("encap-own-address", RFC, [from_inet(echo(dst=hosts.DUT_INET, ident=1))],
             [to_inet(echo(src=hosts.DUT_INET, dst=HOST, ident=1, kind="echo-reply", id=0),
                      free=("ipid",))]),
        not_ipv4(),
    ]


def not_ipv4():
    """IPv6 that is routed into the device has nothing to do there."""
    packet = IPv6(src=hosts.ROUTER, dst="2001:db8:3::1", hlim=64) / Raw(b"x")
    packet.nh = 59
    return Case("device-ipv6", RFC, [underlay(packet)], count={"tx-protocol": 1},
                before=["ip -6 route add 2001:db8:3::/64 dev dstm0"],
                after=["ip -6 route del 2001:db8:3::/64 dev dstm0"])


def silence():
    """When no error is sent (RFC 1122 section 3.2.2, RFC 4443 section 2.4)."""
    about = udp(src=HOST, dst=NOBODY)
    spoofed = udp(src=NOBODY, dst=HOST)
    return [
        encap_drop("no-error-when-off", RFC, udp(dst=NOBODY), "tx-no-mapping",
                   link={"icmp-errors": "off"}),
        decap_drop("no-refusal-when-off", RFC, spoofed, "rx-inner-address",
                   link={"icmp-errors": "off"}),
        encap_drop("no-error-about-error", "RFC 1122 3.2.2",
                   error(udp(src=NOBODY, dst=hosts.HOST2), dst=NOBODY), "tx-no-mapping"),
        encap_drop("no-error-about-later-fragment", "RFC 1122 3.2.2",
                   portless(17, dst=NOBODY, frag=100), "tx-no-mapping"),
        encap_refused("error-about-first-fragment", "RFC 1122 3.2.2",
                      udp(dst=NOBODY, flags="MF"), "tx-no-mapping"),
        decap_drop("no-refusal-of-error", "RFC 4443 2.4",
                   error(about, src=NOBODY, dst=HOST), "rx-inner-address"),
        decap_drop("no-refusal-of-later-fragment", "RFC 1122 3.2.2",
                   portless(17, src=NOBODY, dst=HOST, frag=100), "rx-inner-address"),
        # The stack itself drops what comes from a group.
        Case("no-refusal-to-multicast", "RFC 4443 2.4", [from_client(spoofed, src="ff0e::1")]),
    ]


def rates():
    """Errors of each kind are limited for themselves: 5 a second, of 12."""
    def limited(name, ref, frame, counter, side):
        return Case(name, ref, [Pause(1.1)] + [frame] * 12, None, {counter: 12},
                    link={"icmp-rate": "5"},
                    check=partial(a_second_or_two, side=side, rate=5))

    return [
        limited("rate-of-errors", "RFC 1812 4.3.2.8", from_inet(udp(dst=NOBODY)),
                "tx-no-mapping", "inet"),
        limited("rate-of-refusals", "RFC 7596 9",
                from_client(udp(src=NOBODY, dst=HOST)), "rx-inner-address", "underlay"),
        *unlimited(),
    ]


def unlimited():
    """What nobody is told of takes nothing from those who are: errors, later
    fragments, and what was not routed here."""
    about = udp(src=NOBODY, dst=hosts.HOST2)
    silent = [from_inet(error(about, dst=NOBODY)), from_inet(portless(17, dst=NOBODY, frag=100)),
              into_device(udp(dst=NOBODY))]
    told = udp(dst=NOBODY)
    answer = to_inet(build.own_error(build.hop(told)), free=("ipid",))
    yield Case("rate-not-of-silence", "RFC 1812 4.3.2.8",
               [Pause(1.1)] + silent * 4 + [from_inet(told)] * 5, [answer] * 5,
               {"tx-no-mapping": 17}, link={"icmp-rate": "5"})
    silent = [from_client(error(about, src=NOBODY, dst=HOST)),
              from_client(portless(17, src=NOBODY, dst=HOST, frag=100))]
    spoofed = build.outer(udp(src=NOBODY, dst=HOST))
    yield Case("rate-not-of-silent-refusals", "RFC 7596 9",
               [Pause(1.1)] + silent * 4 + [underlay(spoofed)] * 5,
               [refused(spoofed, dst=WHOLE_AT)] * 5, {"rx-inner-address": 13},
               link={"icmp-rate": "5"})


def down():
    inside = udp(src=WHOLE, dst=HOST)
    again = ["ip link set dstm0 up", "ip route replace 192.0.2.0/24 dev dstm0"]
    return [
        Case("down-decap", RFC, [from_client(inside), from_client(udp(src=NOBODY, dst=HOST))],
             count={"rx-down": 2}, before=["ip link set dstm0 down"], after=again),
        decap("up-again", RFC, inside),
    ]


def cases():
    return [*whole_address(), *port_sets(), *protocols(), *without_ports(),
            *into_the_tunnel(), *silence(), *rates(), *down()]
