# SPDX-License-Identifier: GPL-2.0
"""ICMPv4 errors that pass by: who gets them is told by the packet inside."""

from .build import (echo, error, hop, inner_fragments, own_error, patched, portless, ports, sized,
                    udp)
from .case import (decap, decap_drop, encap, encap_drop, from_client, from_inet, rx, to_client,
                   to_inet, tx)
from .frame import Case
from .hosts import DUT_INET, FIVE_AT, HOST, HOST2, NOBODY, OTHER, SHARED, WHOLE

RFC = "RFC 7596 8.1"
NAT = "RFC 5508 REQ-3 to REQ-5"
ERRORS = {"unreachable": (3, 1), "too-big": (3, 4), "quench": (4, 0), "redirect": (5, 1),
          "time-exceeded": (11, 0), "parameter": (12, 0)}

OPTIONS = b"\x01\x01\x01\x00"


def flipped(address, bit):
    """The address with one of its bits, 0 to 31, the other way round."""
    number = int.from_bytes(bytes(map(int, address.split("."))), "big") ^ 1 << bit
    return ".".join(map(str, number.to_bytes(4, "big")))


def last_byte_changed(packet):
    data = bytes(packet)
    return patched(data, len(data) - 1, data[-1] ^ 1)


def extended(about):
    """RFC 4884: padded, and an extension behind it."""
    return about + bytes(128 - len(about)) + bytes.fromhex("2000dfff 00080101 00002001")


def to_whole():
    """Towards a client with a whole address; about is what the client sent."""
    about = hop(udp(src=WHOLE, dst=HOST, sport=5200, dport=80))
    for name, (kind, code) in ERRORS.items():
        yield encap(f"encap-error-{name}", RFC, error(about, kind=kind, code=code, mtu=1400))
    yield from (
        encap("encap-error-about-gre", RFC, error(portless(src=WHOLE, dst=HOST))),
        encap("encap-error-about-later-fragment", RFC,
              error(portless(17, src=WHOLE, dst=HOST, frag=100))),
        encap("encap-error-8-bytes", RFC, error(about[:28])),
        encap("encap-error-extended", "RFC 4884 4",
              error(extended(about), kind=11, code=0)),
        encap("encap-error-from-the-destination", RFC, error(about, src=HOST)),
        encap_drop("encap-error-about-another", NAT, error(hop(udp(src=OTHER, dst=HOST))),
                   "tx-icmp-error"),
        encap_drop("encap-error-about-one-bit", NAT,
                   error(hop(udp(src=flipped(WHOLE, 0), dst=HOST))), "tx-icmp-error"),
        encap_drop("encap-error-about-own-direction", NAT, error(hop(udp(src=HOST, dst=WHOLE))),
                   "tx-icmp-error"),
        encap_drop("encap-error-header-cut-off", NAT, error(about[:19]), "tx-icmp-error"),
        encap_drop("encap-error-about-nothing", NAT, error(b""), "tx-icmp-error"),
        encap_drop("encap-error-embedded-checksum", NAT,
                   error(patched(about, 11, about[11] ^ 1)), "tx-icmp-error"),
        encap_drop("encap-error-embedded-version", NAT, error(patched(about, 0, 0x55)),
                   "tx-icmp-error"),
        encap_drop("encap-error-embedded-ihl", NAT, error(patched(about, 0, 0x44)),
                   "tx-icmp-error"),
        encap_drop("encap-error-checksum", NAT, last_byte_changed(error(about)),
                   "tx-icmp-checksum"),
    )


def to_shared():
    """Towards a client with a port set: the embedded source port decides."""
    def about(port=5200, protocol=17, **what):
        return hop(ports(protocol, **({"src": SHARED, "dst": HOST, "sport": port} | what)))

    for name, (kind, code) in ERRORS.items():
        yield encap(f"encap-set-error-{name}", RFC,
                    error(about(), dst=SHARED, kind=kind, code=code), dst=FIVE_AT)
    for name, protocol in (("tcp", 6), ("sctp", 132), ("dccp", 33), ("udplite", 136)):
        yield encap(f"encap-set-error-about-{name}", RFC,
                    error(about(protocol=protocol), dst=SHARED), dst=FIVE_AT)
    pinged = hop(echo(src=SHARED, dst=HOST, ident=5200))
    yield from (
        encap("encap-set-error-embedded-options", NAT,
              error(about(options=[OPTIONS]), dst=SHARED), dst=FIVE_AT),
        encap_drop("encap-set-error-embedded-options-port-before", NAT,
                   error(about(5119, options=[OPTIONS]), dst=SHARED), "tx-no-port-set"),
        encap("encap-set-error-embedded-transport-checksum", NAT,
              error(last_byte_changed(hop(udp(src=SHARED, dst=HOST, sport=5200))), dst=SHARED),
              dst=FIVE_AT),
        encap("encap-set-error-extended", "RFC 4884 4",
              error(extended(about()), dst=SHARED, kind=11, code=0), dst=FIVE_AT),
        encap("encap-set-error-about-echo", RFC, error(pinged, dst=SHARED), dst=FIVE_AT),
        encap("encap-set-error-first-port", RFC, error(about(5120), dst=SHARED), dst=FIVE_AT),
        encap("encap-set-error-last-port", RFC, error(about(6143), dst=SHARED), dst=FIVE_AT),
        encap("encap-set-error-8-bytes", RFC, error(about()[:28], dst=SHARED), dst=FIVE_AT),
        encap_drop("encap-set-error-port-before", RFC, error(about(5119), dst=SHARED),
                   "tx-no-port-set"),
        encap_drop("encap-set-error-port-after", RFC, error(about(7168), dst=SHARED),
                   "tx-no-port-set"),
        encap_drop("encap-set-error-destination-port", RFC,
                   error(about(80, dport=5200), dst=SHARED), "tx-no-port-set"),
        encap_drop("encap-set-error-echo-before", RFC,
                   error(hop(echo(src=SHARED, dst=HOST, ident=5119)), dst=SHARED),
                   "tx-no-port-set"),
        encap_drop("encap-set-error-about-gre", RFC,
                   error(hop(portless(src=SHARED, dst=HOST)), dst=SHARED), "tx-no-ports"),
        encap_drop("encap-set-error-about-another", NAT, error(about(src=OTHER), dst=SHARED),
                   "tx-icmp-error"),
        encap_drop("encap-set-error-ports-cut-off", NAT, error(about()[:23], dst=SHARED),
                   "tx-icmp-error"),
        encap_drop("encap-set-error-embedded-checksum", NAT,
                   error(patched(about(), 10, about()[10] ^ 0x80), dst=SHARED),
                   "tx-icmp-error"),
        encap_drop("encap-set-error-checksum", NAT,
                   last_byte_changed(error(about(), dst=SHARED)), "tx-icmp-checksum"),
    )


def from_whole():
    """Out of a client; about is what the client received."""
    about = hop(udp(src=HOST, dst=WHOLE, sport=80, dport=5200))
    for name, (kind, code) in ERRORS.items():
        yield decap(f"decap-error-{name}", RFC,
                    error(about, src=WHOLE, dst=HOST, kind=kind, code=code))
    yield from (
        decap("decap-error-about-gre", RFC, error(hop(portless()), src=WHOLE, dst=HOST)),
        decap("decap-error-8-bytes", RFC, error(about[:28], src=WHOLE, dst=HOST)),
        decap_drop("decap-error-about-another", NAT,
                   error(hop(udp(dst=OTHER)), src=WHOLE, dst=HOST), "rx-icmp-error"),
        decap_drop("decap-error-about-one-bit", NAT,
                   error(hop(udp(dst=flipped(WHOLE, 31))), src=WHOLE, dst=HOST),
                   "rx-icmp-error"),
        decap_drop("decap-error-about-own-direction", NAT,
                   error(hop(udp(src=WHOLE, dst=HOST)), src=WHOLE, dst=HOST), "rx-icmp-error"),
        decap_drop("decap-error-header-cut-off", NAT,
                   error(about[:19], src=WHOLE, dst=HOST), "rx-icmp-error"),
        decap_drop("decap-error-embedded-checksum", NAT,
                   error(patched(about, 11, about[11] ^ 1), src=WHOLE, dst=HOST),
                   "rx-icmp-error"),
        decap_drop("decap-error-checksum", NAT,
                   last_byte_changed(error(about, src=WHOLE, dst=HOST)), "rx-icmp-checksum"),
        decap_drop("decap-error-nobodys", RFC, error(about, src=NOBODY, dst=HOST),
                   "rx-inner-address"),
        decap_drop("decap-error-not-the-clients", RFC,
                   error(hop(udp(dst=OTHER)), src=OTHER, dst=HOST), "rx-outer-source"),
    )


def from_shared():
    """Out of a client with a port set: the embedded destination port decides."""
    def about(port=5200, protocol=17, **what):
        return hop(ports(protocol, **({"dst": SHARED, "dport": port} | what)))

    def sent(embedded):
        return error(embedded, src=SHARED, dst=HOST)

    for name, protocol in (("tcp", 6), ("udp", 17), ("sctp", 132)):
        yield decap(f"decap-set-error-about-{name}", RFC, sent(about(protocol=protocol)),
                    src=FIVE_AT)
    yield from (
        decap("decap-set-error-embedded-options", NAT, sent(about(options=[OPTIONS])),
              src=FIVE_AT),
        decap("decap-set-error-about-echo", RFC, sent(hop(echo(dst=SHARED))), src=FIVE_AT),
        decap("decap-set-error-first-port", RFC, sent(about(5120)), src=FIVE_AT),
        decap_drop("decap-set-error-port-before", RFC, sent(about(5119)), "rx-inner-port",
                   src=FIVE_AT),
        decap_drop("decap-set-error-neighbours-port", RFC, sent(about(6144)),
                   "rx-outer-source", src=FIVE_AT),
        decap_drop("decap-set-error-source-port", RFC, sent(about(80, sport=5200)),
                   "rx-inner-port", src=FIVE_AT),
        decap_drop("decap-set-error-about-gre", RFC, sent(hop(portless(dst=SHARED))),
                   "rx-no-ports", src=FIVE_AT),
        decap_drop("decap-set-error-about-another", NAT, sent(hop(udp(dst=OTHER))),
                   "rx-icmp-error", src=FIVE_AT),
        decap_drop("decap-set-error-ports-cut-off", NAT, sent(about()[:23]),
                   "rx-icmp-error", src=FIVE_AT),
        decap_drop("decap-set-error-checksum", NAT, last_byte_changed(sent(about())),
                   "rx-icmp-checksum", src=FIVE_AT),
    )


def cut(error_message, ident):
    error_message.id = ident
    return bytes(error_message), inner_fragments(error_message, 576)


def in_fragments():
    """To and from a whole address nothing is put together: the fragment that shows
    what the error is about can not be verified, so it does not pass. A port set's
    errors are put together first."""
    _, parts = cut(error(hop(sized(1000, src=WHOLE, dst=HOST))), 61)
    yield Case("encap-error-in-fragments", NAT, [from_inet(part) for part in parts],
               [to_client(hop(part)) for part in parts[1:]],
               tx(*parts[1:]) | {"tx-icmp-error": 1})
    _, parts = cut(error(hop(sized(1000, src=HOST, dst=WHOLE)), src=WHOLE, dst=HOST), 62)
    yield Case("decap-error-in-fragments", NAT, [from_client(part) for part in parts],
               [to_inet(hop(part)) for part in parts[1:]],
               rx(*parts[1:]) | {"rx-icmp-error": 1})
    for name, ident, port in (("", 63, 5200), ("-port-before", 65, 5119)):
        right = port == 5200
        whole, parts = cut(error(hop(sized(1000, src=SHARED, dst=HOST, sport=port)),
                                 dst=SHARED), ident)
        yield Case(f"encap-set-error-in-fragments{name}", NAT,
                   [from_inet(part) for part in parts],
                   [to_client(hop(whole), dst=FIVE_AT)] if right else [],
                   tx(whole) if right else {"tx-no-port-set": 1})
        whole, parts = cut(error(hop(sized(1000, src=HOST, dst=SHARED, dport=port)),
                                 src=SHARED, dst=HOST2), ident + 1)
        yield Case(f"decap-set-error-in-fragments{name}", NAT,
                   [from_client(part, src=FIVE_AT) for part in parts],
                   [to_inet(hop(whole))] if right else [],
                   rx(whole) if right else {"rx-inner-port": 1})
    later = portless(17, src=SHARED, dst=HOST, frag=100)
    yield encap_drop("encap-set-error-about-later-fragment", NAT, error(later, dst=SHARED),
                     "tx-no-ports")
    later = portless(17, src=HOST, dst=SHARED, frag=100)
    yield decap_drop("decap-set-error-about-later-fragment", NAT,
                     error(later, src=SHARED, dst=HOST), "rx-no-ports", src=FIVE_AT)


def traceroute():
    """The gateway is one hop, with its IPv4 address, in both directions."""
    last_out = udp(src=WHOLE, dst=HOST, ttl=1)
    last_in = udp(ttl=1)
    exceeded_out = own_error(last_out, dst=WHOLE, kind=11, code=0)
    exceeded_in = own_error(last_in, kind=11, code=0)
    return [
        Case("traceroute-out", "RFC 1812 5.3.1", [from_client(last_out)],
             [to_client(exceeded_out, free=("flowlabel", "ipid"), tc=0xc0)],
             {"rx-packets": 1, "rx-bytes": len(bytes(last_out)), "tx-packets": 1,
              "tx-bytes": len(bytes(exceeded_out))}),
        decap("traceroute-out-next-hop", "RFC 1812 5.3.1", udp(src=WHOLE, dst=HOST, ttl=2)),
        Case("traceroute-in", "RFC 1812 5.3.1", [from_inet(last_in)],
             [to_inet(exceeded_in, free=("ipid",))]),
        encap("traceroute-in-next-hop", "RFC 1812 5.3.1", udp(ttl=2)),
        Case("ping-the-gateway", "RFC 792",
             [from_client(echo(src=WHOLE, dst=DUT_INET))],
             [to_client(echo(src=DUT_INET, dst=WHOLE, kind="echo-reply", id=0),
                        free=("flowlabel", "ipid"))],
             {"rx-packets": 1, "rx-bytes": 32, "tx-packets": 1, "tx-bytes": 32}),
    ]


def cases():
    return [*to_whole(), *to_shared(), *from_whole(), *from_shared(), *in_fragments(),
            *traceroute()]
