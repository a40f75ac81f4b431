# SPDX-License-Identifier: GPL-2.0
"""Packets of other tunnels inside: some, but not without end."""

from .build import IP, IPv6, Raw, hop, inner_fragments, portless, udp
from .case import (decap, decap_drop, encap, encap_drop, from_client, from_inet, rx, to_client,
                   to_inet, tx)
from .frame import Case
from .hosts import HOST, WHOLE

RFC = "RFC 2473 4.1"
IPIP, SIX, GRE = 4, 41, 47


def in_ipv4(inner, protocol=IPIP):
    return IP(src="10.0.0.1", dst="10.0.0.2", proto=protocol) / Raw(bytes(inner))


def in_ipv6(inner, protocol=IPIP):
    return IPv6(src="2001:db8:a::1", dst="2001:db8:a::2", nh=protocol) / Raw(bytes(inner))


def in_options(inner):
    """Behind a Destination Options header of padding."""
    return in_ipv6(bytes([IPIP, 0, 1, 4, 0, 0, 0, 0]) + bytes(inner), 60)


def gre(inner, ethertype, key=False):
    flags, rest = (0x3000, bytes(8)) if key else (0, b"")
    return flags.to_bytes(2, "big") + ethertype.to_bytes(2, "big") + rest + bytes(inner)


def layers(count, wrap=in_ipv4):
    packet = udp(src="10.0.0.1", dst="10.0.0.2")
    for _ in range(count):
        packet = wrap(packet)
    return bytes(packet)


def gre_layers(count, key=False):
    return layers(count, lambda inner: in_ipv4(gre(inner, 0x800, key), GRE))


def both_ways(name, protocol, data, dropped=False):
    outward = portless(protocol, src=WHOLE, dst=HOST, data=data)
    inward = portless(protocol, data=data)
    if dropped:
        yield decap_drop(f"decap-nested-{name}", RFC, outward, "rx-nested")
        yield encap_drop(f"encap-nested-{name}", RFC, inward, "tx-nested")
    else:
        yield decap(f"decap-nested-{name}", RFC, outward)
        yield encap(f"encap-nested-{name}", RFC, inward)


def in_fragments():
    """The first fragment shows it, or does not pass; the others tell nothing."""
    for name, data, mtu, good in (("fragments-4", layers(3), 136, True),
                                  ("fragments-5", layers(4), 136, False),
                                  ("fragment-cut", layers(2), 36, False)):
        first = 0 if good else 1
        data += bytes(200)
        parts = inner_fragments(portless(IPIP, src=WHOLE, dst=HOST, data=data, id=95), mtu)
        yield Case(f"decap-nested-{name}", RFC, [from_client(part) for part in parts],
                   [to_inet(hop(part)) for part in parts[first:]],
                   rx(*parts[first:]) | {"rx-nested": first})
        parts = inner_fragments(portless(IPIP, data=data, id=96), mtu)
        yield Case(f"encap-nested-{name}", RFC, [from_inet(part) for part in parts],
                   [to_client(hop(part)) for part in parts[first:]],
                   tx(*parts[first:]) | {"tx-nested": first})


def cases():
    """The packet that is there counts as the first one, inside the device's own."""
    return [
        *both_ways("4", IPIP, layers(3)),
        *both_ways("5", IPIP, layers(4), dropped=True),
        *both_ways("9", IPIP, layers(8), dropped=True),
        *both_ways("ipv6-4", SIX, bytes(in_ipv6(layers(2)))),
        *both_ways("ipv6-5", SIX, bytes(in_ipv6(layers(3))), dropped=True),
        *both_ways("options-5", SIX, bytes(in_options(layers(3))), dropped=True),
        *both_ways("gre-4", GRE, gre(gre_layers(3), 0x800)),
        *both_ways("gre-5", GRE, gre(gre_layers(4), 0x800), dropped=True),
        *both_ways("gre-key-4", GRE, gre(gre_layers(3, True), 0x800, True)),
        *both_ways("gre-key-5", GRE, gre(gre_layers(4, True), 0x800, True), dropped=True),
        *both_ways("gre-ipv6-5", GRE, gre(in_ipv6(layers(3)), 0x86dd), dropped=True),
        *both_ways("version", IPIP, bytes([0x55]) + layers(8)[1:]),
        *both_ways("cut-off", IPIP, layers(8)[:70]),
        *in_fragments(),
    ]
