#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Send an exact IPv4-in-IPv6 packet, whoever's addresses it bears."""

import argparse
import ipaddress
import socket
import struct
import sys

from traffic import checksum


def inner(args):
    """The IPv4 packet."""
    source = ipaddress.ip_address(args.inner_source).packed
    destination = ipaddress.ip_address(args.inner_destination).packed
    data = b"dstm" * 4
    proto = {"udp": 17, "tcp": 6, "icmp": 1, "gre": 47}[args.proto]
    if proto == 17:
        body = struct.pack("!HHHH", args.sport, args.dport, 8 + len(data), 0)
        pseudo = source + destination + struct.pack("!BBH", 0, 17, 8 + len(data))
        total = checksum(pseudo + body + data) or 0xffff
        body = body[:6] + struct.pack("!H", total) + data
    elif proto == 6:
        body = struct.pack("!HHIIBBHHH", args.sport, args.dport, 1, 0, 0x50, 2, 8192, 0, 0)
        pseudo = source + destination + struct.pack("!BBH", 0, 6, len(body))
        body = body[:16] + struct.pack("!H", checksum(pseudo + body)) + body[18:]
    elif proto == 1:
        body = struct.pack("!BBHHH", 8, 0, 0, args.sport, 1) + data
        body = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
    else:
        body = struct.pack("!HH", 0, 0x800) + data

    version, ihl, length, frag = 4, 5, 20 + len(body), 0
    if args.fragment == "first":
        frag = 0x2000
    elif args.fragment == "last":
        frag = 185
    if args.garble == "version":
        version = 6
    elif args.garble == "ihl":
        ihl = 4
    elif args.garble == "long-ihl":
        ihl = 15
        body = body[:8]
        length = 20 + len(body)
    elif args.garble == "length":
        length += 100
    elif args.garble == "short-length":
        length = 12
    elif args.garble == "no-transport":
        body = body[:2]
        length = 22
    head = struct.pack("!BBHHHBBH4s4s", version << 4 | ihl, 0, length, 0x1234, frag,
                       args.ttl, proto, 0, source, destination)
    total = checksum(head)
    if args.garble == "checksum":
        total ^= 0x5555
    packet = head[:10] + struct.pack("!H", total) + head[12:] + body
    if args.garble == "truncated":
        packet = packet[:10]
    elif args.garble == "empty":
        packet = b""
    return packet


def main(words):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", default="2001:db8:1::7")
    parser.add_argument("--destination", default="2001:db8::1")
    parser.add_argument("--inner-source", default="192.0.2.7")
    parser.add_argument("--inner-destination", default="198.51.100.2")
    parser.add_argument("--proto", default="udp", choices=["udp", "tcp", "icmp", "gre"])
    parser.add_argument("--sport", type=int, default=5200)
    parser.add_argument("--dport", type=int, default=9)
    parser.add_argument("--ttl", type=int, default=64)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--fragment", choices=["first", "last"])
    parser.add_argument("--garble")
    args = parser.parse_args(words)

    packet = inner(args)
    outer = struct.pack("!IHBB16s16s", 6 << 28, len(packet), 4, 64,
                        ipaddress.ip_address(args.source).packed,
                        ipaddress.ip_address(args.destination).packed)
    # IPPROTO_RAW: the header is ours, and no one checks its source.
    sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
    for _ in range(args.count):
        sock.sendto(outer + packet, (args.destination, 0))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
