# SPDX-License-Identifier: GPL-2.0
"""What is lost for lack of room."""

from .build import tcp, udp
from .case import from_client, from_inet
from .frame import Case
from .hosts import HOST, WHOLE

QUEUE, ACTIONS, FILTERS = 1000, 31, 34
COPIES = 1 + ACTIONS * FILTERS

# So many mappings that packets into the tunnel are queued.
MANY = 8192


def copied(device, protocol):
    """Each frame comes once more by another device, for every action there is; all in
    one go, so that none of them is worked off meanwhile."""
    copy = "action mirred ingress mirror dev copies "
    filters = "".join(f"filter add dev {device} ingress prio {number + 1} protocol {protocol} "
                      f"matchall {copy * ACTIONS}continue\n" for number in range(FILTERS))
    return ["ip link add copies up type dummy", f"tc qdisc add dev {device} clsact",
            f"sh -c \"printf '{filters}' | tc -batch -\""]


def alone(device):
    """What copied() has made is gone."""
    return [f"tc qdisc del dev {device} clsact", "ip link del copies"]


def many(verb, more=""):
    """Each a port set of an address that nobody has."""
    return f"sh -c \"seq 0 {MANY - 1} | sed 's/.*/map {verb} dev dstm0 ipv4 203.0.113.77 " \
        f"psid & psid-len 13{more}/' | ${{DSTM_NL:-dstm-nl}} -b -\""


def cases():
    """TCP out of the tunnel is queued in any case. The echoes that end a case are copied,
    too, but they are not for the device."""
    inner, outside = tcp(src=WHOLE, dst=HOST), udp(src=HOST, dst=WHOLE)
    return [
        Case("decap-queue-full", "RFC 7596 6.2", [from_client(inner)], None,
             {"rx-packets": QUEUE, "rx-bytes": QUEUE * len(bytes(inner)),
              "rx-backlog": COPIES - QUEUE},
             before=copied("under0", "ipv6"), after=alone("under0")),
        Case("encap-queue-full", "RFC 7596 6.2", [from_inet(outside)], None,
             {"tx-packets": QUEUE, "tx-bytes": QUEUE * len(bytes(outside)),
              "tx-backlog": COPIES - QUEUE},
             before=[many("add", " remote 2001:db8:2::77")] + copied("inet0", "ip"),
             after=alone("inet0") + [many("del")])]
