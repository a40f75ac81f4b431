# SPDX-License-Identifier: GPL-2.0
"""Role client, the mirror image: into the tunnel by inner source, out of it by
inner destination. Who borrows the address sends from "inet"."""

from scapy.layers.inet6 import ICMPv6DestUnreach, ICMPv6PacketTooBig

from .build import (echo, error, hop, inner_fragments, outer, outer_fragments, own_error, patched,
                    portless, sized, udp)
from .case import from_client, from_inet, refused, rx, to_client, to_inet, tx, underlay
from .frame import Case
from .hosts import (AT_TEP2, GATEWAY, GATEWAY2, HOST2, NOBODY, OTHER, ROUTER, SHARED, TEP, TEP2,
                    WHOLE, path_client)
from .marks import CE, ECT0
from .relay import icmpv6, sent
from .size import outside

RFC = "RFC 7596 5.2"
FRAGMENT = "RFC 6333 5.3, RFC 2473 7.2"
PORTS = "RFC 7596 8.1"


def out(name, ref, packet, remote=GATEWAY, link=None, **how):
    after = hop(packet)
    return Case(f"client-{name}", ref, [from_inet(packet)],
                [to_client(after, dst=remote, **how)], tx(after), link=link or {})


def out_drop(name, ref, packet, counter, told=None):
    answers = [to_inet(told, free=("ipid",))] if told else []
    return Case(f"client-{name}", ref, [from_inet(packet)], answers, {counter: 1})


def back(name, ref, inner, after=None, remote=GATEWAY, **how):
    after = hop(inner) if after is None else after
    return Case(f"client-{name}", ref, [from_client(inner, src=remote, **how)],
                [to_inet(after)], rx(after))


def back_drop(name, ref, inner, counter, remote=GATEWAY, answered=False, link=None, **how):
    packet = outer(inner, src=remote, **how)
    answers = [refused(packet, dst=remote, src=packet.dst)] if answered else []
    return Case(f"client-{name}", ref, [underlay(packet)], answers, {counter: 1},
                link=link or {})


def unreachable(packet):
    return own_error(hop(packet), dst=packet.src)


def outward():
    mine = udp(src=WHOLE, dst=HOST2)
    nobodys = udp(src=NOBODY, dst=HOST2)
    outside = udp(src=SHARED, dst=HOST2, sport=5119)
    return [
        out("out", RFC, mine),
        out("out-ping", RFC, echo(src=WHOLE, dst=HOST2)),
        out("out-other-gateway", RFC, udp(src=OTHER, dst=HOST2), remote=GATEWAY2),
        out("out-other-tep", RFC, udp(src=AT_TEP2, dst=HOST2), src=TEP2),
        out("out-first-port", PORTS, udp(src=SHARED, dst=HOST2, sport=5120)),
        out("out-last-port", PORTS, udp(src=SHARED, dst=HOST2, sport=6143)),
        out("out-error", PORTS, error(hop(udp(src=HOST2, dst=SHARED)), src=SHARED, dst=HOST2)),
        out("out-marks", "RFC 6040 4.1", udp(src=WHOLE, dst=HOST2, tos=0xb8 | ECT0),
            tc=0xb8 | ECT0),
        out("out-limit", "RFC 2473 4.1.1", mine, link={"encaplimit": "4"}, limit=4),
        out_drop("out-no-mapping", RFC, nobodys, "tx-no-mapping", unreachable(nobodys)),
        out_drop("out-port-before", PORTS, outside, "tx-no-port-set", unreachable(outside)),
        out_drop("out-no-ports", PORTS, portless(src=SHARED, dst=HOST2), "tx-no-ports"),
        out_drop("out-error-about-another", PORTS,
                 error(hop(udp(src=HOST2, dst=OTHER)), src=SHARED, dst=HOST2), "tx-icmp-error"),
        too_big(), path_mtu(), fragmented(), fragments(),
    ]


def too_big():
    packet = sized(1461, src=WHOLE, dst=HOST2, flags="DF")
    told = own_error(hop(packet), dst=WHOLE, code=4, mtu=1460)
    return Case("client-out-too-big", "RFC 2473 7.2", [from_inet(packet)],
                [to_inet(told, free=("ipid",))], {"tx-too-big": 1}, link={"mtu": "9000"})


def path_mtu():
    """A router on the way to the gateway takes less."""
    address, remote = path_client(0)
    first, last, big = (sized(n, src=address, dst=HOST2, flags="DF") for n in (1440, 1360, 1361))
    return Case("client-path-mtu", "RFC 2473 6.7 and 8.3",
                [icmpv6(ICMPv6PacketTooBig(mtu=1400), sent(first, dst=remote)),
                 from_inet(last), from_inet(big)],
                [to_inet(own_error(hop(first), dst=address, code=4, mtu=1360), free=("ipid",)),
                 to_client(hop(last), dst=remote),
                 to_inet(own_error(hop(big), dst=address, code=4, mtu=1360), free=("ipid",))],
                {"tx-too-big": 1} | tx(last))


def fragmented():
    packet = sized(1461, src=WHOLE, dst=HOST2)
    return Case("client-out-fragmented", FRAGMENT, [from_inet(packet)],
                outside(hop(packet), dst=GATEWAY), tx(packet))


def fragments():
    packet = sized(1400, src=SHARED, dst=HOST2, sport=5200, id=90)
    return Case("client-out-fragments", PORTS,
                [from_inet(part) for part in inner_fragments(packet, 576)],
                [to_client(hop(packet), dst=GATEWAY)], tx(packet))


def inward():
    yours = udp(src=HOST2, dst=WHOLE)
    shared = udp(src=HOST2, dst=SHARED, dport=5119)
    checksum = patched(yours, 11, bytes(yours)[11] ^ 1)
    return [
        back("back", RFC, yours),
        back("back-other-gateway", RFC, udp(src=HOST2, dst=OTHER), remote=GATEWAY2),
        back("back-other-tep", RFC, udp(src=HOST2, dst=AT_TEP2), dst=TEP2),
        back("back-first-port", PORTS, udp(src=HOST2, dst=SHARED, dport=5120)),
        back("back-error", PORTS,
             error(hop(udp(src=SHARED, dst=HOST2, sport=5200)), src=HOST2, dst=SHARED)),
        back("back-congestion", "RFC 6040 4.2", udp(src=HOST2, dst=WHOLE, tos=ECT0),
             hop(udp(src=HOST2, dst=WHOLE, tos=ECT0), tos=CE), tc=CE),
        back_drop("back-congestion-not-ect", "RFC 6040 4.2", yours, "rx-ecn", tc=CE),
        back_drop("back-outer-source", RFC, yours, "rx-outer-source", remote=GATEWAY2,
                  answered=True),
        back_drop("back-outer-source-one-bit", RFC, yours, "rx-outer-source",
                  remote="2001:db8:2::3", answered=True),
        back_drop("back-outer-destination", RFC, yours, "rx-outer-destination", dst=TEP2,
                  answered=True),
        back_drop("back-inner-address", RFC, udp(src=HOST2, dst=NOBODY), "rx-inner-address",
                  answered=True),
        back_drop("back-silent-when-off", RFC, udp(src=HOST2, dst=NOBODY), "rx-inner-address",
                  link={"icmp-errors": "off"}),
        back_drop("back-port-before", PORTS, shared, "rx-inner-port", answered=True),
        back_drop("back-no-ports", PORTS, portless(src=HOST2, dst=SHARED), "rx-no-ports"),
        back_drop("back-martian", "RFC 1812 5.3.7", udp(src="127.0.0.1", dst=WHOLE),
                  "rx-loopback"),
        back_drop("back-checksum", "RFC 791 3.1", checksum, "rx-checksum"),
        back_drop("back-error-about-another", PORTS,
                  error(hop(udp(src=OTHER, dst=HOST2)), src=HOST2, dst=WHOLE),
                  "rx-icmp-error"),
        put_together(), fragments_back(), *relayed(),
    ]


def put_together():
    inner = sized(1460, src=HOST2, dst=WHOLE)
    parts = outer_fragments(inner, mtu=1280, ident=91, src=GATEWAY, dst=TEP)
    return Case("client-back-outer-fragments", FRAGMENT, [underlay(part) for part in parts],
                [to_inet(hop(inner))], rx(inner))


def fragments_back():
    packet = sized(1400, src=HOST2, dst=SHARED, dport=5200, id=92)
    return Case("client-back-fragments", PORTS,
                [from_client(part, src=GATEWAY) for part in inner_fragments(packet, 576)],
                [to_inet(hop(packet))], rx(packet))


def relayed():
    """The way to the gateway is broken, or the gateway knows nothing of the lease; the
    latter is not believed of anybody else."""
    inner = udp(src=WHOLE, dst=HOST2)
    lost = sent(inner, dst=GATEWAY)
    told = to_inet(own_error(hop(inner), dst=WHOLE), free=("ipid",))
    yield Case("client-relay", "RFC 2473 8", [icmpv6(ICMPv6DestUnreach(), lost)], [told])
    refusal = ICMPv6DestUnreach(code=5)
    yield Case("client-refused-by-the-gateway", "RFC 7596 5.1",
               [icmpv6(refusal, lost, src=GATEWAY)], [told])
    for name, source in (("a-router", ROUTER), ("another-gateway", GATEWAY2),
                         ("one-bit", "2001:db8:2::3")):
        yield Case(f"client-not-refused-by-{name}", "RFC 7596 5.1",
                   [icmpv6(refusal, lost, src=source)])


def cases():
    return [*outward(), *inward()]
