#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A name server for the tests: every name has the address 192.0.2.99."""

import socket
import sys


def main():
    """Serve for ever, at the address given."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((sys.argv[1], 53))
    while True:
        query, peer = sock.recvfrom(4096)
        end = query.index(b"\0", 12) + 5
        head = query[:2] + bytes([0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0])
        answer = bytes([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 99])
        sock.sendto(head + query[12:end] + answer, peer)


if __name__ == "__main__":
    main()
