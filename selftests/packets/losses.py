# SPDX-License-Identifier: GPL-2.0
"""What is lost for lack of room."""

from .build import tcp
from .case import from_client
from .frame import Case
from .hosts import HOST, WHOLE

QUEUE, ACTIONS, FILTERS = 1000, 31, 34


def copied():
    """Each frame comes once more by another device, for every action there is; all in
    one go, so that none of them is worked off meanwhile."""
    yield from ("ip link add copies type dummy", "ip link set copies up",
                "tc qdisc add dev under0 clsact")
    copy = "action mirred ingress mirror dev copies "
    for number in range(FILTERS):
        yield f"tc filter add dev under0 ingress prio {number + 1} protocol ipv6 matchall " + \
            copy * ACTIONS + "continue"


def cases():
    """TCP is queued in any case. The echoes that end a case are copied, too,
    but they are not for the device."""
    inner = tcp(src=WHOLE, dst=HOST)
    return [Case("decap-queue-full", "RFC 7596 6.2", [from_client(inner)], None,
                 {"rx-packets": QUEUE, "rx-bytes": QUEUE * len(bytes(inner)),
                  "rx-backlog": 1 + ACTIONS * FILTERS - QUEUE},
                 before=list(copied()),
                 after=["tc qdisc del dev under0 clsact", "ip link del copies"])]
