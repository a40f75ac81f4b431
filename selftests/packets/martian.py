# SPDX-License-Identifier: GPL-2.0
"""Addresses that no packet may carry across the gateway, and their neighbours
that every packet may."""

from .build import udp
from .case import decap, decap_drop, device_drop, into_device, to_client, tx
from .frame import Case
from .hosts import HOST, WHOLE

RFC = "RFC 7596 6.2, RFC 1812 5.3.7"

# First and last of each range, and what the counter is called.
RANGES = [
    ("multicast", "224.0.0.0", "239.255.255.255"),
    ("loopback", "127.0.0.0", "127.255.255.255"),
    ("link-local", "169.254.0.0", "169.254.255.255"),
    ("zero-net", "0.0.0.0", "0.255.255.255"),
    ("class-e", "240.0.0.0", "255.255.255.255"),
]
NEIGHBOURS = ["223.255.255.255", "126.255.255.255", "128.0.0.0", "169.253.255.255",
              "169.255.0.0", "1.0.0.0"]


def bad_addresses():
    for counter, *edges in RANGES:
        for edge, address in zip(("first", "last"), edges):
            end = f"{counter}-{edge}"
            yield decap_drop(f"decap-from-{end}", RFC, udp(src=address, dst=HOST),
                             f"rx-{counter}")
            yield decap_drop(f"decap-to-{end}", RFC, udp(src=WHOLE, dst=address),
                             f"rx-{counter}")
            yield device_drop(f"device-from-{end}", RFC, udp(src=address),
                              f"tx-{counter}")
            yield device_drop(f"device-to-{end}", RFC, udp(dst=address), f"tx-{counter}")


def good_neighbours():
    for address in NEIGHBOURS:
        yield decap(f"decap-to-{address}", RFC, udp(src=WHOLE, dst=address))
        packet = udp(src=address)
        yield Case(f"device-from-{address}", RFC, [into_device(packet)],
                   [to_client(packet)], tx(packet))


def cases():
    return [
        *bad_addresses(),
        *good_neighbours(),
        decap_drop("decap-source-is-destination", RFC, udp(src=WHOLE, dst=WHOLE),
                   "rx-same-address"),
        device_drop("device-source-is-destination", RFC, udp(src=WHOLE, dst=WHOLE),
                    "tx-same-address"),
        # What is wrong with the header comes first, then addresses, then owners.
        decap_drop("decap-martian-before-owner", RFC,
                   udp(src="192.0.2.66", dst="127.0.0.1"), "rx-loopback"),
        decap_drop("decap-header-before-martian", RFC,
                   udp(src="127.0.0.1", dst=HOST, len=19), "rx-header"),
    ]
