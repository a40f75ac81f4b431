# SPDX-License-Identifier: GPL-2.0
"""Soundness of the inner header, on the way out of the tunnel and into it."""

from .build import IP, Raw, outer, patched, portless, udp
from .case import (decap, decap_drop, device_drop, encap, from_client, from_inet, into_device,
                   to_client, tx)
from .frame import Case
from .hosts import WHOLE, HOST

RFC = "RFC 791 3.1"


def out(**change):
    return udp(src=WHOLE, dst=HOST, **change)


def fixed_length(length, extra=b""):
    """Total length says this, whatever is there."""
    return bytes(out(len=length)) + extra


def into(packet, name):
    """Put into the device as it is: no router was there before."""
    return Case(name, RFC, [into_device(packet)], [to_client(packet)], tx(packet))


def out_of_the_tunnel():
    options = IP(src=WHOLE, dst=HOST, options=[b"\x01\x01\x01\x00"]) / Raw(bytes(8))
    options.proto = 253
    bare = IP(src=WHOLE, dst=HOST, proto=253)
    size = len(bytes(out()))
    full = IP(src=WHOLE, dst=HOST, proto=253, ihl=15, len=60)
    return [
        decap("decap-udp", "RFC 2473 3.3", out()),
        decap("decap-options", RFC, options),
        decap("decap-header-only", RFC, bare),
        decap_drop("decap-version-5", RFC, patched(out(), 0, 0x55), "rx-version"),
        decap_drop("decap-version-6", RFC, patched(out(), 0, 0x65), "rx-version"),
        decap_drop("decap-version-0", RFC, patched(out(), 0, 0x05), "rx-version"),
        decap_drop("decap-ihl-4", RFC, out(ihl=4), "rx-header"),
        decap_drop("decap-ihl-0", RFC, out(ihl=0), "rx-header"),
        decap_drop("decap-ihl-beyond-length", RFC, out(ihl=15, len=56) / Raw(bytes(40)),
                   "rx-header"),
        decap_drop("decap-length-19", RFC, fixed_length(19), "rx-header"),
        decap_drop("decap-length-0", RFC, fixed_length(0), "rx-header"),
        decap_drop("decap-length-one-more", RFC, fixed_length(size + 1), "rx-truncated"),
        decap_drop("decap-options-cut-off", RFC, bytes(full)[:20] + bytes(39), "rx-truncated"),
        decap("decap-trailer-cut-off", RFC, fixed_length(size, b"trailer")),
        decap_drop("decap-checksum-one-bit", RFC,
                   patched(out(), 11, bytes(out())[11] ^ 1), "rx-checksum"),
        decap_drop("decap-ttl-not-in-checksum", RFC, patched(out(), 8, 63), "rx-checksum"),
        Case("decap-less-than-a-header", "RFC 2473 3.3",
             [from_client(bytes(out())[:19])]),
    ]


def into_the_tunnel():
    inward = udp()
    size = len(bytes(inward))
    options = IP(dst=WHOLE, src=HOST, proto=253, options=[b"\x01\x01\x01\x00"]) / Raw(bytes(8))
    return [
        encap("encap-udp", "RFC 2473 3.1", inward),
        encap("encap-options", RFC, options),
        encap("encap-header-only", RFC, IP(src=HOST, dst=WHOLE, proto=253)),
        into(inward, "device-udp"),
        Case("encap-checksum-wrong", RFC, [from_inet(patched(inward, 11, 0))]),
        device_drop("device-version-5", RFC, patched(inward, 0, 0x55), "tx-version"),
        device_drop("device-version-6", RFC, patched(inward, 0, 0x65), "tx-version"),
        device_drop("device-checksum-wrong", RFC, patched(inward, 11, 0), "tx-checksum"),
        device_drop("device-ihl-4", RFC, udp(ihl=4), "tx-header"),
        device_drop("device-ihl-beyond-length", RFC, udp(ihl=15, len=56) / Raw(bytes(40)),
                    "tx-header"),
        device_drop("device-length-19", RFC, udp(len=19), "tx-header"),
        device_drop("device-length-one-more", RFC, udp(len=size + 1), "tx-truncated"),
        device_drop("device-19-bytes", RFC, bytes(inward)[:19], "tx-truncated"),
        device_drop("device-1-byte", RFC, b"\x45", "tx-truncated"),
        device_drop("device-options-cut-off", RFC,
                    bytes(IP(src=HOST, dst=WHOLE, ihl=15, len=60))[:20] + bytes(39),
                    "tx-truncated"),
        Case("device-trailer-cut-off", RFC, [into_device(bytes(inward) + b"trailer")],
             [to_client(inward)], tx(inward)),
    ]


def nested():
    """What is inside an inner packet is its owner's business."""
    inside = outer(udp(src=WHOLE, dst=HOST))
    six = portless(41, src=WHOLE, dst=HOST, data=bytes(inside))
    four = portless(4, src=WHOLE, dst=HOST, data=bytes(udp()))
    return [decap("decap-nested-ipv6", "RFC 2473 4.1", six),
            decap("decap-nested-ipv4", "RFC 2473 4.1", four)]


def cases():
    return out_of_the_tunnel() + into_the_tunnel() + nested()
