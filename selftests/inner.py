#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""See the IPv4 packets in the IPv6 packets that leave by a network device.

Each kind is written to the log once: address, protocol, port or echo identifier.
"""

import argparse
import socket
import struct

PORTS = {6: "tcp", 17: "udp", 33: "dccp", 132: "sctp", 136: "udplite"}


def inner(packet):
    """The IPv4 packet in an Ethernet frame, or None."""
    if packet[12:14] != b"\x86\xdd":
        return None
    header, rest = packet[20], packet[54:]
    if header == 60:
        header, rest = rest[0], rest[8 + 8 * rest[1]:]
    return rest if header == 4 else None


def describe(ipv4):
    """Who sends it, in a line."""
    source = socket.inet_ntoa(ipv4[12:16])
    body = ipv4[(ipv4[0] & 15) * 4:]
    if struct.unpack("!H", ipv4[6:8])[0] & 0x1fff:
        return f"{source} fragment 0"
    if ipv4[9] in PORTS:
        return f"{source} {PORTS[ipv4[9]]} {struct.unpack('!H', body[:2])[0]}"
    if ipv4[9] == 1 and body[0] in (0, 8):
        return f"{source} icmp {struct.unpack('!H', body[4:6])[0]}"
    return f"{source} other {ipv4[9]}"


def main():
    """Watch for ever."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("interface")
    parser.add_argument("log")
    args = parser.parse_args()
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    sock.bind((args.interface, 0))
    seen = set()
    with open(args.log, "w", encoding="ascii", buffering=1) as log:
        log.write("ready\n")
        while True:
            packet, address = sock.recvfrom(65535)
            if address[2] != socket.PACKET_OUTGOING:
                continue
            ipv4 = inner(packet)
            if ipv4 and describe(ipv4) not in seen:
                seen.add(describe(ipv4))
                log.write(describe(ipv4) + "\n")


if __name__ == "__main__":
    main()
