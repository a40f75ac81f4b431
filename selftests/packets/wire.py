# SPDX-License-Identifier: GPL-2.0
"""The ends of the wires: packet sockets in network namespaces, and the device's
counters. The process is bound to one CPU, so that what was sent first on a veth
pair is also handled first, and an echo tells that all before it is done."""

import array
import ctypes
import fcntl
import os
import select
import socket
import struct
import time

ETH_P_ALL, ETH_P_IP, ETH_P_IPV6 = 3, 0x0800, 0x86dd
SOL_PACKET, PACKET_VNET_HDR, PACKET_IGNORE_OUTGOING = 263, 15, 23
SO_RCVBUFFORCE = 33
SIOCETHTOOL, ETHTOOL_GSTRINGS, ETHTOOL_GSTATS, ETHTOOL_GSSET_INFO = 0x8946, 0x1b, 0x1d, 0x37
ETH_SS_STATS = 1

libc = ctypes.CDLL(None, use_errno=True)


class Namespace:
    """Sockets made in its context belong to the namespace."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        self.home = os.open("/proc/self/ns/net", os.O_RDONLY)
        self._enter(os.open(f"/run/netns/{self.name}", os.O_RDONLY), True)

    def __exit__(self, *_):
        self._enter(self.home, True)

    @staticmethod
    def _enter(fd, close):
        if libc.setns(fd, 0):
            raise OSError(ctypes.get_errno(), "setns")
        if close:
            os.close(fd)


class Port:
    """A device's packet socket. Frames to a group are not for the tests."""

    def __init__(self, namespace, device, listen=True):
        with Namespace(namespace):
            self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            self.sock.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
            self.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
            self.sock.bind((device, ETH_P_ALL if listen else 0))
        self.device = device

    def send(self, frame):
        self.sock.send(frame)

    def send_packet(self, packet, protocol=ETH_P_IP):
        """Into a device without a link layer."""
        self.sock.sendto(packet, (self.device, protocol))

    def receive(self, timeout):
        """The next frame, or None when there is none in time."""
        end = time.monotonic() + timeout
        while True:
            left = max(0, end - time.monotonic())
            if not select.select([self.sock], [], [], left)[0]:
                return None
            frame = self.sock.recv(1 << 17)
            if len(frame) >= 14 and not frame[0] & 1:
                return frame


class SegmentPort(Port):
    """Sends one frame that the receiver takes for several TCP segments."""

    def __init__(self, namespace, device):
        super().__init__(namespace, device, listen=False)
        self.sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)

    def send_segments(self, frame, headers, size, checksum_start):
        """struct virtio_net_hdr: checksum to be made, TCP over IPv4."""
        self.sock.send(struct.pack("=BBHHHH", 1, 1, headers, size, checksum_start, 16) + frame)


class Counters:
    """What ethtool -S shows, by name."""

    def __init__(self, namespace, device):
        with Namespace(namespace):
            self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.device = device.encode()
        info = self._ioctl(struct.pack("=IIQI", ETHTOOL_GSSET_INFO, 0, 1 << ETH_SS_STATS, 0))
        self.count = struct.unpack_from("=I", info, 16)[0]
        text = self._ioctl(struct.pack("=III", ETHTOOL_GSTRINGS, ETH_SS_STATS, self.count) +
                           bytes(32 * self.count))
        self.names = [text[at:at + 32].rstrip(b"\0").decode()
                      for at in range(12, 12 + 32 * self.count, 32)]

    def _ioctl(self, command):
        buffer = array.array("B", command)
        request = struct.pack("@16sP16x", self.device, buffer.buffer_info()[0])
        fcntl.ioctl(self.sock, SIOCETHTOOL, request)
        return buffer.tobytes()

    def read(self):
        values = self._ioctl(struct.pack("=II", ETHTOOL_GSTATS, self.count) +
                             bytes(8 * self.count))
        return dict(zip(self.names, struct.unpack_from(f"={self.count}Q", values, 8)))


def stay_on_one_cpu():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
