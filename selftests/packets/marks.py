# SPDX-License-Identifier: GPL-2.0
"""What the two headers tell each other: DSCP, ECN, flow label, hop limit, and
the encapsulation limit."""

from .build import IPv6, Raw, hop, inner_fragments, sized, tcp, udp
from .case import decap, decap_drop, encap, from_inet, to_client, to_inet, tx, underlay, rx
from .checks import one_flow_label, flow_labels_differ
from .frame import Case
from .hosts import HOST, TEP, WHOLE, WHOLE_AT

NOT_ECT, ECT1, ECT0, CE = range(4)
NAMES = {NOT_ECT: "not-ect", ECT0: "ect0", ECT1: "ect1", CE: "ce"}
# RFC 6040 section 4.2, figure 4: by inner and outer field; None is a drop.
COMBINED = {
    NOT_ECT: {NOT_ECT: NOT_ECT, ECT0: NOT_ECT, ECT1: NOT_ECT, CE: None},
    ECT0: {NOT_ECT: ECT0, ECT0: ECT0, ECT1: ECT1, CE: CE},
    ECT1: {NOT_ECT: ECT1, ECT0: ECT1, ECT1: ECT1, CE: CE},
    CE: {NOT_ECT: CE, ECT0: CE, ECT1: CE, CE: CE},
}
EF = 0xb8


def congestion_out():
    for inside, row in COMBINED.items():
        for outside, result in row.items():
            name = f"decap-ecn-{NAMES[outside]}-on-{NAMES[inside]}"
            inner = udp(src=WHOLE, dst=HOST, tos=EF | inside)
            if result is None:
                yield decap_drop(name, "RFC 6040 4.2", inner, "rx-ecn", tc=outside)
            else:
                yield decap(name, "RFC 6040 4.2", inner, hop(inner, tos=EF | result),
                            tc=outside)


def congestion_in():
    for field, name in NAMES.items():
        yield encap(f"encap-ecn-{name}", "RFC 6040 4.1", udp(tos=field), tc=field)
        yield encap(f"encap-ecn-{name}-fixed-dscp", "RFC 6040 4.1", udp(tos=EF | field),
                    tc=0x28 | field, link={"tclass": "40"})


def dscp():
    for name, value in (("ef", EF), ("af41", 0x88), ("cs6", 0xc0), ("cs1", 0x20)):
        yield encap(f"encap-dscp-{name}", "RFC 2983 4.1", udp(tos=value), tc=value)
    inner = udp(src=WHOLE, dst=HOST, tos=EF)
    marked = udp(src=WHOLE, dst=HOST, tos=EF | ECT0)
    outer_dscp = {"dscp": "outer"}
    yield from (
        encap("encap-dscp-fixed", "RFC 2983 4.1", udp(tos=EF), tc=0x28, link={"tclass": "40"}),
        encap("encap-dscp-fixed-0", "RFC 2983 4.1", udp(tos=EF), tc=0, link={"tclass": "0"}),
        encap("encap-dscp-fixed-ecn-bits-ignored", "RFC 6040 4.1", udp(tos=EF), tc=0x28,
              link={"tclass": "43"}),
        decap("decap-dscp-inner", "RFC 2983 4.2", inner, tc=0x28),
        decap("decap-dscp-outer", "RFC 2983 4.2", inner, hop(inner, tos=0x28), tc=0x28,
              link=outer_dscp),
        decap("decap-dscp-outer-0", "RFC 2983 4.2", inner, hop(inner, tos=0), tc=0,
              link=outer_dscp),
        decap("decap-dscp-outer-keeps-ecn", "RFC 2983 4.2", marked,
              hop(marked, tos=0x28 | ECT0), tc=0x28, link=outer_dscp),
        decap("decap-dscp-outer-and-ce", "RFC 6040 4.2", marked,
              hop(marked, tos=0x28 | CE), tc=0x28 | CE, link=outer_dscp),
        decap_drop("decap-dscp-outer-ce-on-not-ect", "RFC 6040 4.2", inner, "rx-ecn",
                   tc=0x28 | CE, link=outer_dscp),
    )


def labels(name, packets, check):
    """Flow labels of packets to one client, for check to judge."""
    return Case(name, "RFC 6438 3", [from_inet(packet) for packet in packets],
                [to_client(hop(packet)) for packet in packets],
                tx(*packets),
                check=check)


def cut_inside():
    """The fragments of one packet have the label of its flow."""
    one, big = udp(id=7), sized(3000, id=8)
    parts = [hop(one), *inner_fragments(hop(big), 1460)]
    return Case("flow-label-stable-cut-inside", "RFC 6438 3", [from_inet(one), from_inet(big)],
                [to_client(part) for part in parts], tx(*parts),
                link={"frag": "inner", "mtu": "9000"},
                check=one_flow_label)


def flow_labels():
    one = [udp(data=bytes(n)) for n in range(1, 9)]
    return [
        labels("flow-label-stable", one, one_flow_label),
        labels("flow-label-stable-tcp", [tcp(data=bytes(n)) for n in range(1, 5)], one_flow_label),
        labels("flow-label-stable-fragments",
               inner_fragments(udp(data=bytes(1400), id=7), 576), one_flow_label),
        cut_inside(),
        labels("flow-label-by-port", [udp(sport=3000 + n) for n in range(16)], flow_labels_differ),
        labels("flow-label-by-source", [udp(src=f"198.51.100.{n}") for n in range(100, 116)],
               flow_labels_differ),
        encap("flow-label-fixed", "RFC 6438 3", udp(), fl=0x12345, free=(),
              link={"flowlabel": "74565"}),
        encap("flow-label-none", "RFC 2473 3.1", udp(), fl=0, free=(),
              link={"flowlabel": "inherit"}),
        decap("flow-label-ignored", "RFC 2473 3.3", udp(src=WHOLE, dst=HOST), fl=0xfffff),
    ]


def hop_limits():
    return [
        encap("hop-limit-default", "RFC 2473 6.3", udp(ttl=9), hlim=64),
        encap("hop-limit-fixed", "RFC 2473 6.3", udp(), hlim=7, link={"hoplimit": "7"}),
        encap("hop-limit-255", "RFC 2473 6.3", udp(), hlim=255, link={"hoplimit": "255"}),
        encap("hop-limit-inherited", "RFC 2473 6.3", udp(ttl=200), hlim=199,
              link={"hoplimit": "inherit"}),
        encap("hop-limit-inherited-last", "RFC 2473 6.3", udp(ttl=2), hlim=1,
              link={"hoplimit": "inherit"}),
        decap("hop-limit-of-outer-ignored", "RFC 2473 3.3", udp(src=WHOLE, dst=HOST), hlim=1),
        decap("hop-limit-of-inner-kept", "RFC 2473 3.3",
              udp(src=WHOLE, dst=HOST, ttl=255), hlim=3),
    ]


def limits():
    limited = "RFC 2473 4.1.1"
    yield from (encap(f"limit-{n}-sent", limited, udp(), limit=n, link={"encaplimit": str(n)})
                for n in (0, 4, 255))
    yield encap("limit-not-sent", limited, udp())
    for n in 0, 4:
        yield decap(f"limit-{n}-accepted", limited, udp(src=WHOLE, dst=HOST), limit=n)
    inner = udp(src=WHOLE, dst=HOST)
    padded = IPv6(src=WHOLE_AT, dst=TEP, nh=60) / Raw(bytes([4, 0, 1, 4, 0, 0, 0, 0]))
    yield Case("destination-options-accepted", "RFC 8200 4.6",
               [underlay(padded / Raw(bytes(inner)))], [to_inet(hop(inner))], rx(inner))
    unknown = IPv6(src=WHOLE_AT, dst=TEP, nh=60) / Raw(bytes([4, 0, 0x3e, 4, 0, 0, 0, 0]))
    yield Case("unknown-option-skipped", "RFC 8200 4.2",
               [underlay(unknown / Raw(bytes(inner)))], [to_inet(hop(inner))], rx(inner))
    discard = IPv6(src=WHOLE_AT, dst=TEP, nh=60) / Raw(bytes([4, 0, 0x7e, 4, 0, 0, 0, 0]))
    yield Case("unknown-option-discards", "RFC 8200 4.2",
               [underlay(discard / Raw(bytes(inner)))])


def cases():
    return [*congestion_out(), *congestion_in(), *dscp(), *flow_labels(), *hop_limits(),
            *limits()]
