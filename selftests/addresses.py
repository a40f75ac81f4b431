#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Which IPv4 address each of many namespaces has on a device, in one process.

addresses.py DEVICE NAMESPACE...: a line "NAMESPACE ADDRESS" for each that has one.
"""
import ctypes
import fcntl
import socket
import struct
import sys

CLONE_NEWNET = 0x40000000
SIOCGIFADDR = 0x8915


def address_in(libc, namespace, device):
    """The address, or None; this process is in that namespace then."""
    with open('/run/netns/' + namespace) as handle:
        if libc.setns(handle.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), namespace)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            answer = fcntl.ioctl(sock, SIOCGIFADDR,
                                 struct.pack('16s16x', device.encode()))
        except OSError:
            return None
    return socket.inet_ntoa(answer[20:24])


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    for namespace in sys.argv[2:]:
        address = address_in(libc, namespace, sys.argv[1])
        if address:
            print(namespace, address)


main()
