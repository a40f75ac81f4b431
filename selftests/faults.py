#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Makes the first, the second, and so on, allocation of a command fail, until one
has them all: each time the command has had its whole effect or none."""

import errno
import ipaddress
import os
import socket
import struct
import sys

import nlraw
from nlraw import (A_IFINDEX, A_SYNC, MAP_DEL, MAP_FLUSH, MAP_GET, MAP_NEW, NLM_F_ACK,
                   NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST,
                   NLMSG_DONE, NLMSG_ERROR, SYNC_BEGIN, SYNC_END, attr)

DEPTH = 400
RTM_NEWLINK, RTM_DELLINK = 16, 17
IFLA_IFNAME, IFLA_LINKINFO, IFLA_INFO_KIND, IFLA_INFO_DATA, IFLA_DSTM_LOCAL = 3, 18, 1, 2, 2
CREATE = NLM_F_CREATE | NLM_F_EXCL


class Fault:
    """In its context, the Nth allocation of this task fails."""

    def __init__(self, number):
        self.number = number
        self.file = os.open("/proc/thread-self/fail-nth", os.O_RDWR)

    def __enter__(self):
        os.pwrite(self.file, b"%d" % self.number, 0)
        return self

    def __exit__(self, *_):
        self.happened = os.pread(self.file, 32, 0).strip() == b"0"
        os.pwrite(self.file, b"0", 0)
        os.close(self.file)


def mapping(number, remote, sets=False):
    address = ipaddress.ip_address("192.0.2.0") + number
    shape = {} if sets else {"_2": None, "_3": None, "_4": None}
    return nlraw.mapping(_1=address.packed, _5=ipaddress.ip_address(remote).packed, _7=None,
                         **({"_6": ipaddress.ip_address("2001:db8::77").packed}
                            if number % 3 == 0 else {}), **shape)


class Device:
    def __init__(self, name):
        self.netlink = nlraw.Netlink()
        self.netlink.sock.settimeout(0.5)
        self.family = self.netlink.family("dstm")
        self.ifindex = attr(A_IFINDEX, struct.pack("=I", socket.if_nametoindex(name)))

    def ask(self, command, flags, payload, fault=None):
        """The answer's error, or None when not even that could be had."""
        try:
            if fault:
                with fault:
                    self.netlink.send(self.family, command, flags | NLM_F_ACK,
                                      self.ifindex + payload)
            else:
                self.netlink.send(self.family, command, flags | NLM_F_ACK,
                                  self.ifindex + payload)
        except OSError as error:
            return -error.errno if error.errno in (errno.ENOMEM, errno.ENOBUFS) else None
        answer = self.netlink.answer()
        if answer != -errno.ENOBUFS:
            return answer
        self.drain()
        return None

    def drain(self):
        """Take what came before the answer that was lost."""
        while True:
            try:
                self.netlink.sock.recv(1 << 17, socket.MSG_DONTWAIT)
            except (BlockingIOError, TimeoutError):
                return
            except OSError:  # lost once more
                pass

    def table(self):
        """What a dump shows, in its order."""
        self.netlink.send(self.family, MAP_GET, NLM_F_DUMP, self.ifindex)
        shown = []
        while True:
            data = self.netlink.sock.recv(1 << 17)
            while len(data) >= 16:
                size, kind = struct.unpack("=IH", data[:6])
                if kind in (NLMSG_DONE, NLMSG_ERROR):
                    return shown
                shown.append(data[16:size])
                data = data[(size + 3) & ~3:]

    def begin_sync(self):
        self.netlink.send(self.family, SYNC_BEGIN, 0, self.ifindex)
        data = self.netlink.sock.recv(4096)[20:]
        while data:
            size, kind = struct.unpack("=HH", data[:4])
            if kind == A_SYNC:
                return attr(A_SYNC, data[4:8])
            data = data[(size + 3) & ~3:]
        sys.exit("sync-begin gives no number")


def present():
    return b"".join(mapping(i, f"2001:db8:1::{i}", i % 2) for i in range(1, 5))


def reset(device):
    device.ask(MAP_FLUSH, 0, b"")
    if device.ask(MAP_NEW, CREATE, present()) != 0:
        sys.exit("the mappings to begin with are refused")


def commands(device):
    """Name, command, flags, payload; the payload may depend on a sync."""
    more = b"".join(mapping(i, f"2001:db8:1::{i}", i % 2) for i in range(5, 13))
    other = b"".join(mapping(i, f"2001:db8:2::{i}", i % 2) for i in range(1, 9))
    return {
        "map add": (MAP_NEW, CREATE, lambda: more),
        "map replace": (MAP_NEW, NLM_F_CREATE | NLM_F_REPLACE, lambda: other),
        "map del": (MAP_DEL, 0, present),
        "map flush": (MAP_FLUSH, 0, lambda: b""),
        "map add of a sync": (MAP_NEW, NLM_F_CREATE | NLM_F_REPLACE,
                              lambda: device.begin_sync() + other),
        "the end of a sync": (SYNC_END, 0, device.begin_sync),
    }


def attempt(device, name):
    """All depths of one command; returns what is wrong."""
    command, flags, payload = commands(device)[name]
    reset(device)
    before = device.table()
    if device.ask(command, flags, payload()) != 0:
        return "refused without a fault"
    wanted = device.table()
    for number in range(1, DEPTH):
        reset(device)
        ready = payload()
        fault = Fault(number)
        answer = device.ask(command, flags, ready, fault)
        after = device.table()
        allowed = {None: (before, wanted), 0: (wanted,)}.get(answer, (before,))
        if after not in allowed:
            return f"fault {number}: answer {answer}, {len(after)} mappings, " \
                   f"{len(before)} before and {len(wanted)} wanted"
        if not fault.happened and number == 1:
            return "no allocation has failed"
        if not fault.happened:
            print(f"{name}: {number - 1} allocations", flush=True)
            return None if answer == 0 else f"answer {answer} without a fault"
    return "no end of allocations"


def link_message(kind, name):
    info = attr(IFLA_INFO_KIND, b"dstm\0") + attr(IFLA_INFO_DATA | 0x8000, attr(
        IFLA_DSTM_LOCAL, ipaddress.ip_address("2001:db8::99").packed))
    body = bytes(16) + attr(IFLA_IFNAME, name.encode() + b"\0")
    if kind == RTM_NEWLINK:
        body += attr(IFLA_LINKINFO | 0x8000, info)
    flags = NLM_F_REQUEST | NLM_F_ACK | (CREATE if kind == RTM_NEWLINK else 0)
    return struct.pack("=IHHII", 16 + len(body), kind, flags, 1, 0) + body


def exists(name):
    return name in (found for _, found in socket.if_nameindex())


def attempt_link(name):
    """Making a device, the same way."""
    for number in range(1, DEPTH):
        sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        sock.bind((0, 0))
        sock.settimeout(0.5)
        fault = Fault(number)
        answer = None
        try:
            with fault:
                sock.send(link_message(RTM_NEWLINK, name))
            answer = struct.unpack("=i", sock.recv(4096)[16:20])[0]
        except OSError:
            pass
        if answer is not None and exists(name) != (answer == 0):
            return f"fault {number}: answer {answer}, and the device " \
                   f"{'exists' if exists(name) else 'does not exist'}"
        if exists(name):
            sock.send(link_message(RTM_DELLINK, name))
            if exists(name):
                return f"fault {number}: the device can not be deleted"
        sock.close()
        if not fault.happened and number == 1:
            return "no allocation has failed"
        if not fault.happened:
            print(f"link add: {number - 1} allocations", flush=True)
            return None if answer == 0 else f"answer {answer} without a fault"
    return "no end of allocations"


def main():
    name, device = sys.argv[1], sys.argv[2]
    wrong = attempt_link("fault0") if name == "link add" else attempt(Device(device), name)
    if wrong:
        print(f"{name}: {wrong}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
