# SPDX-License-Identifier: GPL-2.0
"""Frames that came out against frames that should have."""

from traffic import checksum

IPV6_AT = 14


def is_ipv6(frame):
    return frame[12:14] == b"\x86\xdd"


def ipv4_at(frame):
    """Where the IPv4 header is, in a tunnel or not."""
    if not is_ipv6(frame):
        return 14
    return IPV6_AT + 40 + (8 if frame[IPV6_AT + 6] == 60 else 0)


def flow_label(frame):
    return int.from_bytes(frame[IPV6_AT + 1:IPV6_AT + 4], "big") & 0xfffff


def _flowlabel(want, got):
    label = want[IPV6_AT + 1] & 0xf0 | got[IPV6_AT + 1] & 0x0f
    want[IPV6_AT + 1:IPV6_AT + 4] = bytes([label]) + got[IPV6_AT + 2:IPV6_AT + 4]


def fragment_id(frame):
    """Where the identification is, behind options or not."""
    at = IPV6_AT + 44 + (8 if frame[IPV6_AT + 6] == 60 else 0)
    return slice(at, at + 4)


def _fragid(want, got):
    want[fragment_id(want)] = got[fragment_id(want)]


def _ipid(want, got):
    at = ipv4_at(want)
    want[at + 4:at + 6] = got[at + 4:at + 6]
    want[at + 10:at + 12] = bytes(2)
    header = bytes(want[at:at + (want[at] & 15) * 4])
    want[at + 10:at + 12] = checksum(header).to_bytes(2, "big")


TAKE_OVER = {"flowlabel": _flowlabel, "fragid": _fragid, "ipid": _ipid}


def same(expected, got):
    want = bytearray(expected.data)
    if len(want) != len(got):
        return False
    for name in expected.free:
        TAKE_OVER[name](want, got)
    return want == got


def _show(word, frame):
    # Slow to load, and of use only here.
    from scapy.layers.l2 import Ether

    try:
        summary = Ether(frame).summary()
    except Exception as error:       # a frame that scapy can not take apart
        summary = repr(error)
    return [f"  {word} {len(frame)}: {summary}", f"    {frame.hex()}"]


def differences(where, expected, got):
    """What is wrong with the frames of one side, in lines."""
    lines = []
    for number in range(max(len(expected), len(got))):
        want = expected[number] if number < len(expected) else None
        have = got[number] if number < len(got) else None
        if want and have is not None and same(want, have):
            continue
        lines.append(f"{where}, frame {number + 1}:")
        lines += _show("expected", want.data) if want else ["  expected nothing"]
        lines += _show("came    ", have) if have is not None else ["  nothing came"]
    return lines
