#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A DHCPv6 relay agent (RFC 8415 section 19), for one link.

relay.py LINK-DEVICE LINK-ADDRESS SERVER: what clients send to LINK-DEVICE goes to
SERVER in a Relay-forward, and what is in its Relay-reply goes back.
"""
import select
import socket
import struct
import sys

RELAY_FORW, RELAY_REPL = 12, 13
RELAY_MSG, INTERFACE_ID = 9, 18


def option(code, data):
    return struct.pack('!HH', code, len(data)) + data


def relayed(message):
    """Peer and message of a Relay-reply."""
    at = 34
    while at + 4 <= len(message):
        code, size = struct.unpack_from('!HH', message, at)
        if code == RELAY_MSG:
            return message[18:34], message[at + 4:at + 4 + size]
        at += 4 + size
    raise ValueError('no relay message')


def main():
    device, address, server = sys.argv[1:]
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.bind(('::', 547))
    index = socket.if_nametoindex(device)
    group = socket.inet_pton(socket.AF_INET6, 'ff02::1:2')
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                    group + struct.pack('@I', index))
    link = socket.inet_pton(socket.AF_INET6, address)
    while True:
        select.select([sock], [], [])
        data, peer = sock.recvfrom(65535)
        if data and data[0] == RELAY_REPL:
            client, message = relayed(data)
            where = socket.inet_ntop(socket.AF_INET6, client)
            sock.sendto(message, (where, 546, 0, index))
        elif data and data[0] != RELAY_FORW:
            source = socket.inet_pton(socket.AF_INET6, peer[0].split('%')[0])
            sock.sendto(bytes([RELAY_FORW, 0]) + link + source +
                        option(INTERFACE_ID, device.encode()) +
                        option(RELAY_MSG, data), (server, 547))


main()
