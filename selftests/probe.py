#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Whether anybody gets packets that are another's.

probe.py RESULT ADDRESS PORT NAMESPACE...: from each namespace, datagrams that name it
go to the echo server, and what comes back must name it too. Until SIGTERM, then the
counts are written to RESULT as JSON.
"""
import ctypes
import json
import os
import select
import signal
import socket
import sys
import time

CLONE_NEWNET = 0x40000000
PERIOD = 0.5


def socket_in(namespace, port):
    """A socket of another namespace, where it stays."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open('/run/netns/' + namespace) as handle:
        if libc.setns(handle.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), namespace)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(('0.0.0.0', port))
    sock.setblocking(False)
    return sock


def main():
    result, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
    owners = {socket_in(name, port): name.encode() for name in sys.argv[4:]}
    counts = {'sent': 0, 'received': 0, 'wrong': []}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        poll = select.poll()
        by_fd = {sock.fileno(): sock for sock in owners}
        for fd in by_fd:
            poll.register(fd, select.POLLIN)
        due = time.monotonic()
        while True:
            now = time.monotonic()
            if now >= due:
                due = now + PERIOD
                for sock, name in owners.items():
                    try:
                        sock.sendto(name, (address, port))
                        counts['sent'] += 1
                    except OSError:
                        pass
            for fd, _ in poll.poll(max(0, (due - now) * 1000)):
                try:
                    data = by_fd[fd].recv(2048)
                except OSError:
                    continue
                counts['received'] += 1
                if data != owners[by_fd[fd]]:
                    counts['wrong'].append([owners[by_fd[fd]].decode(), data.decode()])
    finally:
        with open(result + '.new', 'w') as handle:
            json.dump(counts, handle)
        os.rename(result + '.new', result)


main()
