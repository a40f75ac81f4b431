# SPDX-License-Identifier: GPL-2.0
"""Who is who in the test network, and the mappings.

    clients 2001:db8:2::/48 --- under0 [gateway] inet0 --- Internet 198.51.100.2

The clients are behind one router. In role client the addresses are the same; the
other end of the tunnel is GATEWAY, and borrowers of addresses are behind inet0."""

import json
import sys

DUT_UNDERLAY_MAC, UNDERLAY_MAC = "02:00:00:00:01:01", "02:00:00:00:01:02"
DUT_INET_MAC, INET_MAC = "02:00:00:00:02:01", "02:00:00:00:02:02"

TEP, TEP2 = "2001:db8::1", "2001:db8::2"
DUT_UNDERLAY, ROUTER = "2001:db8:1::1", "2001:db8:1::2"
DUT_INET, HOST, HOST2 = "198.51.100.1", "198.51.100.2", "203.0.113.5"

# Clients: one with a whole address, a second one, port sets 5 and 6 of 64 of
# one address, a port set in pieces, a single port, and one at the other TEP.
WHOLE, WHOLE_AT = "192.0.2.7", "2001:db8:2::7"
OTHER, OTHER_AT = "192.0.2.10", "2001:db8:2::a"
SHARED, FIVE_AT, SIX_AT = "192.0.2.8", "2001:db8:2::8", "2001:db8:2::18"
PIECES, PIECES_AT = "192.0.2.9", "2001:db8:2::9"
SINGLE, SINGLE_AT = "192.0.2.12", "2001:db8:2::c"
AT_TEP2, AT_TEP2_AT = "192.0.2.11", "2001:db8:2::b"
NOBODY, NOBODY_AT = "192.0.2.66", "2001:db8:2::66"
LOOPS, STRAY = "192.0.2.20", "192.0.2.21"
GATEWAY, GATEWAY2 = "2001:db8:2::1", "2001:db8:2::2"


def path_client(number):
    """A client of its own for a case that changes what is known of its path."""
    return f"192.0.2.{100 + number}", f"2001:db8:2::1:{number:x}"


FIVE = {"ipv4": SHARED, "psid": 5, "psid-len": 6}
MAPPINGS = {
    "gateway": [
        {"ipv4": WHOLE, "remote": WHOLE_AT},
        {"ipv4": OTHER, "remote": OTHER_AT},
        FIVE | {"remote": FIVE_AT},
        FIVE | {"psid": 6, "remote": SIX_AT},
        {"ipv4": PIECES, "psid": 0x34, "psid-len": 8, "psid-offset": 4, "remote": PIECES_AT},
        {"ipv4": SINGLE, "psid": 5200, "psid-len": 16, "remote": SINGLE_AT},
        {"ipv4": AT_TEP2, "local": TEP2, "remote": AT_TEP2_AT},
        {"ipv4": LOOPS, "remote": DUT_UNDERLAY},
        {"ipv4": STRAY, "remote": "3fff::1"},
    ] + [{"ipv4": ipv4, "remote": remote} for ipv4, remote in map(path_client, range(50))],
    "client": [
        {"ipv4": WHOLE, "remote": GATEWAY},
        {"ipv4": OTHER, "remote": GATEWAY2},
        FIVE | {"remote": GATEWAY},
        {"ipv4": AT_TEP2, "local": TEP2, "remote": GATEWAY},
        {"ipv4": path_client(0)[0], "remote": path_client(0)[1]},
    ],
}


if __name__ == "__main__":
    json.dump(MAPPINGS[sys.argv[1]], sys.stdout)
