# SPDX-License-Identifier: GPL-2.0
"""What a gateway has to do with a packet, worked out from its bytes and from the
table of mappings: what a reader of the standards would do with paper and pencil."""

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address

from scapy.utils import checksum

ICMP, FRAGMENT = 1, 0x3fff
NOTHING, EXTENSIONS = 59, (0, 43, 44, 51, 60)
PORTS = {6, 17, 33, 132, 136}
ICMP_ECHO = {0, 8}
ICMP_ERROR = {3, 4, 5, 11, 12}
SOURCE, DESTINATION = 12, 16        # where in the header
MARTIANS = [("multicast", 224, 239), ("class-e", 240, 255), ("loopback", 127, 127),
            ("zero-net", 0, 0)]
# RFC 6040 section 4.2, by outer field and inner one.
ECN = {0: [0, 1, 2, 3], 2: [0, 1, 2, 3], 1: [0, 1, 1, 3], 3: [None, 3, 3, 3]}


class Drop(Exception):
    """The counter, without rx- or tx-; and the error that the sender gets."""

    def __init__(self, counter, told=False):
        super().__init__(counter)
        self.counter = counter
        self.told = told


@dataclass
class Outcome:
    """Frames are (side, kind, what it is made of): plain and the packet; tunnel or
    refused, source, destination, traffic class and inner packet."""
    frames: list = field(default_factory=list)
    counters: dict = field(default_factory=dict)

    def count(self, name, by=1):
        self.counters[name] = self.counters.get(name, 0) + by


def word(data, at):
    return int.from_bytes(data[at:at + 2], "big")


def address(data, end):
    return str(IPv4Address(data[end:end + 4]))


def header_length(data):
    return (data[0] & 15) * 4


def is_later_fragment(data):
    return word(data, 6) & 0x1fff != 0


def is_icmp_error(data):
    at = header_length(data)
    return data[9] == ICMP and not is_later_fragment(data) and len(data) > at and \
        data[at] in ICMP_ERROR


def sound(data, verify=True):
    """RFC 791 section 3.1: the packet without what follows it."""
    if len(data) < 20:
        raise Drop("truncated")
    if data[0] >> 4 != 4:
        raise Drop("version")
    total = word(data, 2)
    if header_length(data) < 20 or total < header_length(data):
        raise Drop("header")
    if total > len(data):
        raise Drop("truncated")
    if verify and checksum(bytes(data[:header_length(data)])):
        raise Drop("checksum")
    return data[:total]


def no_martian(data):
    for end in SOURCE, DESTINATION:
        for name, first, last in MARTIANS:
            if first <= data[end] <= last:
                raise Drop(name)
        if data[end:end + 2] == b"\xa9\xfe":
            raise Drop("link-local")
    if data[SOURCE:SOURCE + 4] == data[DESTINATION:DESTINATION + 4]:
        raise Drop("same-address")


def behind_ipv6(data):
    """The protocol behind an IPv6 header and its extensions, and where that begins;
    None if the data end before."""
    if len(data) < 40:
        return None
    kind, at = data[6], 40
    if data[0] >> 4 != 6:
        return NOTHING, at
    while kind in EXTENSIONS:
        if len(data) < at + (4 if kind == 44 else 2):
            return None
        if kind == 44 and word(data, at + 2) & ~7:
            return NOTHING, at
        size = {44: 8, 51: (data[at + 1] + 2) * 4}.get(kind, (data[at + 1] + 1) * 8)
        kind, at = data[at], at + size
    return None if kind == NOTHING else (kind, at)


def behind_ipv4(data):
    if len(data) < 20:
        return None
    if data[0] >> 4 != 4 or header_length(data) < 20 or is_later_fragment(data):
        return NOTHING, 0
    return data[9], header_length(data)


def behind_gre(data):
    """RFC 2784, RFC 2890."""
    if len(data) < 4:
        return None
    flags = word(data, 0)
    kind = {0x800: 4, 0x86dd: 41}.get(word(data, 2), NOTHING)
    return NOTHING if flags & 0x4007 else kind, 4 + 4 * (flags & 0xb000).bit_count()


BEHIND = {4: behind_ipv4, 41: behind_ipv6, 47: behind_gre}


def is_nested(data):
    """More than four packets within each other, or a fragment that does not show it."""
    kind, at, depth = data[9], header_length(data), 0
    while kind in BEHIND and not is_later_fragment(data):
        depth += kind != 47
        step = BEHIND[kind](data[at:])
        if depth > 4 or step is None and word(data, 6) & FRAGMENT:
            return True
        kind, size = step or (NOTHING, 0)
        at += size
    return False


def few_layers(data):
    if is_nested(data):
        raise Drop("nested")


def plain_port(protocol, payload, end):
    """The port of one end, None when there can be none, -1 when it is cut off."""
    if protocol in PORTS:
        at = 0 if end == SOURCE else 2
        return word(payload, at) if len(payload) >= 4 else -1
    if protocol == ICMP and len(payload) < 8:
        return -1
    if protocol == ICMP and payload[0] in ICMP_ECHO:
        return word(payload, 4)
    return None


def error_port(data, end):
    """RFC 5508: an error belongs to whom the packet inside belonged to."""
    payload = data[header_length(data):]
    if checksum(bytes(payload)):
        raise Drop("icmp-checksum")
    inside = payload[8:]
    if len(inside) < 20 or inside[0] >> 4 != 4 or header_length(inside) < 20 or \
            len(inside) < header_length(inside) or \
            checksum(bytes(inside[:header_length(inside)])):
        raise Drop("icmp-error")
    other = DESTINATION if end == SOURCE else SOURCE
    if inside[other:other + 4] != data[end:end + 4]:
        raise Drop("icmp-error")
    if is_later_fragment(inside):
        return None
    port = plain_port(inside[9], inside[header_length(inside):], other)
    if port == -1:
        raise Drop("icmp-error")
    return port


def port_of(data, end):
    if is_icmp_error(data):
        return error_port(data, end)
    return plain_port(data[9], data[header_length(data):], end)


def in_set(mapping, port):
    """RFC 7597 section 5.1."""
    a, k = mapping.get("psid-offset", 0), mapping["psid-len"]
    if a and port >> (16 - a) == 0:
        return False
    return port >> (16 - a - k) & ((1 << k) - 1) == mapping["psid"]


def owner(table, data, end):
    """The mapping; (address, port) are the key (RFC 7596 section 6.2)."""
    found = table.get(address(data, end))
    if not found:
        raise Drop("address", told=True)
    if "psid" not in found[0]:
        if is_icmp_error(data):
            # In fragments it can not be checked (RFC 5508 section 4.2).
            if word(data, 6) & FRAGMENT:
                raise Drop("icmp-error")
            error_port(data, end)
        return found[0]
    port = port_of(data, end)
    if port is None or port < 0:
        raise Drop("no-ports")
    for mapping in found:
        if in_set(mapping, port):
            return mapping
    raise Drop("port", told=True)


def is_shared(table, data, end):
    found = table.get(address(data, end))
    return bool(found) and "psid" in found[0]


def may_be_told(data):
    """RFC 1122 section 3.2.2, RFC 4443 section 2.4."""
    return not is_icmp_error(data) and not is_later_fragment(data)


def changed(data, ttl=None, tos=None):
    data = bytearray(data)
    data[8] = data[8] if ttl is None else ttl
    data[1] = data[1] if tos is None else tos
    data[10:12] = bytes(2)
    data[10:12] = checksum(bytes(data[:header_length(data)])).to_bytes(2, "big")
    return bytes(data)


class Gateway:
    """A device of role gateway with its default options, at the IPv6 address tep,
    in a router whose IPv4 address is own."""

    def __init__(self, mappings, tep, own):
        self.tep, self.own = tep, own
        self.table = {}
        for mapping in mappings:
            self.table.setdefault(mapping["ipv4"], []).append(mapping)

    def is_strange(self, data, src):
        """A fragment from an address that no port set is lent to. Where there are more
        than 256 of them, nobody looks."""
        if not word(data, 6) & FRAGMENT or not is_shared(self.table, data, SOURCE):
            return False
        sets = self.table[address(data, SOURCE)]
        return sets[0]["psid-len"] <= 8 and \
            IPv6Address(src) not in [IPv6Address(mapping["remote"]) for mapping in sets]

    def out_of_tunnel(self, src, dst, tclass, data, whole=True):
        """A packet from a tunnel; not whole: put together of inner fragments."""
        result = Outcome()
        inner = data
        if len(data) < 20:
            return result
        try:
            data = sound(data)
            no_martian(data)
            few_layers(data)
            if self.is_strange(data, src):
                raise Drop("outer-source", told=True)
            mapping = owner(self.table, data, SOURCE)
            if mapping.get("local", self.tep) != dst:
                raise Drop("outer-destination", told=True)
            if IPv6Address(mapping["remote"]) != IPv6Address(src):
                raise Drop("outer-source", told=True)
            tos = ECN[tclass & 3][data[1] & 3]
            if tos is None:
                raise Drop("ecn")
        except Drop as drop:
            names = {"address": "inner-address", "port": "inner-port"}
            result.count("rx-" + names.get(drop.counter, drop.counter))
            if drop.told and whole and may_be_told(data):
                result.frames.append(("underlay", "refused", src, dst, tclass, inner))
            return result
        result.count("rx-packets")
        result.count("rx-bytes", len(data))
        self._forward(changed(data, tos=data[1] & 0xfc | tos), result, from_tunnel=True)
        return result

    def _forward(self, data, result, from_tunnel=False):
        """What any router does."""
        if data[8] <= 1:
            if may_be_told(data):
                self._tell(data, 11, 0, result)
            return
        data = changed(data, ttl=data[8] - 1)
        if address(data, DESTINATION).startswith("192.0.2."):
            self.into_tunnel(data, result)
        elif from_tunnel:
            result.frames.append(("inet", "plain", data))

    def from_inet(self, data):
        result = Outcome()
        self._forward(data, result)
        return result

    def into_tunnel(self, data, result):
        try:
            no_martian(data)
            few_layers(data)
            mapping = owner(self.table, data, DESTINATION)
        except Drop as drop:
            names = {"address": "no-mapping", "port": "no-port-set"}
            result.count("tx-" + names.get(drop.counter, drop.counter))
            if drop.told and may_be_told(data):
                self._tell(data, 3, 1, result)
            return
        result.count("tx-packets")
        result.count("tx-bytes", len(data))
        result.frames.append(("underlay", "tunnel", mapping.get("local", self.tep),
                              mapping["remote"], data[1], data))

    def _tell(self, data, kind, code, result):
        """An ICMPv4 error of the gateway's own, to wherever the sender is."""
        icmp = bytes([kind, code, 0, 0, 0, 0, 0, 0]) + data[:576 - 28]
        icmp = icmp[:2] + checksum(icmp).to_bytes(2, "big") + icmp[4:]
        # Precedence 6, type of service as it was (RFC 1812 section 4.3.2.5).
        header = bytes([0x45, 0xc0 | data[1] & 0x1e]) + (20 + len(icmp)).to_bytes(2, "big") + bytes(4) + \
            bytes([64, ICMP, 0, 0]) + IPv4Address(self.own).packed + data[12:16]
        answer = changed(header) + icmp
        if address(answer, DESTINATION).startswith("192.0.2."):
            self.into_tunnel(answer, result)
        else:
            result.frames.append(("inet", "plain", answer))
