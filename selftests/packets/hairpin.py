# SPDX-License-Identifier: GPL-2.0
"""From one client to another by the same gateway."""

from .build import echo, error, hop, own_error, sized, tcp, udp
from .case import decap_drop, from_client, from_inet, rx, to_client, tx
from .frame import Case
from .hosts import (AT_TEP2, AT_TEP2_AT, FIVE_AT, NOBODY, OTHER, OTHER_AT, SHARED, TEP2, WHOLE,
                    WHOLE_AT)
from .size import outside

RFC = "RFC 7596 6.2"


def across(name, inner, src=WHOLE_AT, dst=OTHER_AT, local=None, **how):
    out = hop(inner)
    return Case(name, RFC, [from_client(inner, src=src, **how)],
                [to_client(out, dst=dst, **({"src": local} if local else {}))],
                rx(inner) | tx(out))


def answered(name, inner, counter, **told):
    """Dropped on the way to the other client; the first one hears of it."""
    answer = own_error(hop(inner), dst=WHOLE, **told)
    return Case(name, RFC, [from_client(inner)],
                [to_client(answer, tc=0xc0, free=("flowlabel", "ipid"))],
                rx(inner) | tx(answer) | {counter: 1})


def switched_off():
    inner = udp(src=WHOLE, dst=OTHER)
    return [
        Case("hairpin-off", RFC, [from_client(inner)], [], rx(inner) | {"tx-hairpin": 1},
             link={"hairpin": "off"}),
        Case("hairpin-off-unmapped", RFC, [from_client(udp(src=WHOLE, dst=NOBODY))], [],
             rx(inner) | {"tx-hairpin": 1}, link={"hairpin": "off"}),
        Case("hairpin-off-lent-source", RFC, [from_inet(inner)], [], {"tx-hairpin": 1},
             link={"hairpin": "off"}),
        across("hairpin-on-again", inner),
    ]


def no_redirect():
    """The client's packet comes and goes by one device, and no other way is shorter.
    TCP takes another way through the stack."""
    on = [f"sysctl -w net.ipv4.conf.{name}.send_redirects=1" for name in ("all", "dstm0")]
    for name, inner in (("", udp(src=WHOLE, dst=OTHER)), ("-tcp", tcp(src=WHOLE, dst=OTHER))):
        case = across(f"hairpin-no-redirect{name}", inner)
        case.before = on
        yield case


def too_big():
    """Big for the second half of the way only, which has a longer header."""
    inner = sized(1460, src=WHOLE, dst=OTHER)
    answer = own_error(hop(sized(1460, src=WHOLE, dst=OTHER, flags="DF")), dst=WHOLE, code=4,
                       mtu=1452)
    limit = {"encaplimit": "4"}
    return [
        Case("hairpin-fragmented", RFC, [from_client(inner)],
             outside(hop(inner), dst=OTHER_AT, limit=4), rx(inner) | tx(hop(inner)), link=limit),
        Case("hairpin-too-big", RFC,
             [from_client(sized(1460, src=WHOLE, dst=OTHER, flags="DF"))],
             [to_client(answer, tc=0xc0, limit=4, free=("flowlabel", "ipid"))],
             rx(inner) | tx(answer) | {"tx-too-big": 1}, link=limit),
    ]


def cases():
    return [
        across("hairpin", udp(src=WHOLE, dst=OTHER)),
        across("hairpin-ping", echo(src=WHOLE, dst=OTHER)),
        across("hairpin-to-port-set", udp(src=WHOLE, dst=SHARED, dport=5200), dst=FIVE_AT),
        across("hairpin-from-port-set", udp(src=SHARED, dst=OTHER, sport=5200), src=FIVE_AT),
        across("hairpin-other-tep", udp(src=WHOLE, dst=AT_TEP2), dst=AT_TEP2_AT, local=TEP2),
        across("hairpin-error", error(hop(udp(src=OTHER, dst=WHOLE)), src=WHOLE, dst=OTHER)),
        answered("hairpin-no-mapping", udp(src=WHOLE, dst=NOBODY), "tx-no-mapping"),
        answered("hairpin-no-port-set", udp(src=WHOLE, dst=SHARED, dport=5119),
                 "tx-no-port-set"),
        decap_drop("hairpin-in-one-address", "RFC 1812 5.3.7",
                   udp(src=SHARED, dst=SHARED, sport=5200, dport=6200), "rx-same-address",
                   src=FIVE_AT),
        hop_limit(),
        *switched_off(), *no_redirect(), *too_big(),
    ]


def hop_limit():
    inner = udp(src=WHOLE, dst=OTHER, ttl=1)
    answer = own_error(inner, dst=WHOLE, kind=11, code=0)
    return Case("hairpin-ttl-1", "RFC 1812 5.3.1", [from_client(inner)],
                [to_client(answer, tc=0xc0, free=("flowlabel", "ipid"))], rx(inner) | tx(answer))
