#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Generic netlink messages that no sound program sends. The kernel has to
answer every one of them, in time, whatever it answers."""

import argparse
import ipaddress
import random
import socket
import struct
import sys

NETLINK_GENERIC = 16
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 1, 4, 0x300
NLM_F_REPLACE, NLM_F_EXCL, NLM_F_CREATE = 0x100, 0x200, 0x400
NLMSG_ERROR, NLMSG_DONE, NLM_F_MULTI = 2, 3, 2

A_IFINDEX, A_MAPPING, A_FILTER, A_SYNC, A_COUNT = 1, 2, 3, 4, 5
M_IPV4, M_PSID, M_PSID_LEN, M_PSID_OFFSET, M_REMOTE, M_LOCAL, M_LIFETIME = range(1, 8)
MAP_NEW, MAP_DEL, MAP_GET, MAP_FLUSH, SYNC_BEGIN, SYNC_END, STATS_GET = range(1, 8)


def attr(kind, data, length=None):
    """One attribute; its length may be a lie."""
    if length is None:
        length = 4 + len(data)
    return struct.pack("=HH", length & 0xffff, kind) + data + bytes(-len(data) % 4)


class Netlink:
    """A socket that sends what it is told."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
        self.sock.bind((0, 0))
        self.sock.settimeout(10)
        self.seq = 0
        self.errors = {}

    def send(self, family, cmd, flags, payload, length=None):
        self.seq += 1
        message = struct.pack("=BBH", cmd, 1, 0) + payload
        if length is None:
            length = 16 + len(message)
        self.sock.send(struct.pack("=IHHII", length & 0xffffffff, family,
                                   flags | NLM_F_REQUEST, self.seq, 0) + message)

    def answer(self):
        """The error number of the answer; None when the time was up."""
        while True:
            try:
                data = self.sock.recv(1 << 17)
            except socket.timeout:
                return None
            except OSError as error:
                return -error.errno
            while len(data) >= 16:
                size, kind, _, seq, _ = struct.unpack("=IHHII", data[:16])
                if kind in (NLMSG_ERROR, NLMSG_DONE) and seq == self.seq:
                    code = struct.unpack("=i", data[16:20])[0] if size >= 20 else 0
                    self.errors[code] = self.errors.get(code, 0) + 1
                    return code
                data = data[(size + 3) & ~3:]

    def ask(self, *args, **kwargs):
        self.send(*args, **kwargs)
        return self.answer()

    def family(self, name):
        self.send(16, 3, 0, attr(2, name.encode() + b"\0"))
        data = self.sock.recv(65536)
        data = data[20:]
        while len(data) >= 4:
            size, kind = struct.unpack("=HH", data[:4])
            if kind == 1:
                return struct.unpack("=H", data[4:6])[0]
            data = data[(size + 3) & ~3:]
        sys.exit("no such family")


def mapping(**change):
    values = {
        M_IPV4: ipaddress.ip_address("192.0.2.200").packed,
        M_PSID: struct.pack("=H", 5),
        M_PSID_LEN: b"\x06",
        M_PSID_OFFSET: b"\0",
        M_REMOTE: ipaddress.ip_address("2001:db8:1::c8").packed,
        M_LIFETIME: struct.pack("=I", 3600),
    }
    for key, value in change.items():
        values[int(key[1:])] = value
    return attr(A_MAPPING | 0x8000, b"".join(attr(k, v) for k, v in values.items()
                                           if v is not None))


def lengths(nl, family, ifindex):
    """Every attribute in every wrong length: all refused."""
    dev = attr(A_IFINDEX, struct.pack("=I", ifindex))
    new = NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL
    right = {M_IPV4: 4, M_PSID: 2, M_PSID_LEN: 1, M_PSID_OFFSET: 1, M_REMOTE: 16,
             M_LOCAL: 16, M_LIFETIME: 4}
    bad = 0

    def refused(what, code):
        nonlocal bad
        if code is None or code >= 0:
            print(f"{what}: answer {code}")
            bad += 1

    for kind, size in right.items():
        for length in 0, 1, 2, 3, 5, 8, 15, 17, 64:
            # What is longer than a number passes the kernel's policy only where
            # it is not strict.
            if length == size:
                continue
            refused(f"attribute {kind} of {length} bytes",
                    nl.ask(family, MAP_NEW, new, dev + mapping(**{f"_{kind}": bytes(length)})))
    refused("no attribute", nl.ask(family, MAP_NEW, new, b""))
    refused("no device", nl.ask(family, MAP_NEW, new, mapping()))
    refused("no mapping", nl.ask(family, MAP_NEW, new, dev))
    refused("an empty mapping", nl.ask(family, MAP_NEW, new, dev + attr(A_MAPPING | 0x8000, b"")))
    refused("an unknown attribute", nl.ask(family, MAP_NEW, new, dev + mapping() + attr(99, b"1234")))
    refused("an unknown attribute of a mapping",
            nl.ask(family, MAP_NEW, new, dev + mapping(_99=b"1234")))
    refused("counters in a request", nl.ask(family, MAP_NEW, new, dev + mapping(_8=bytes(8))))
    refused("an unknown command", nl.ask(family, 77, NLM_F_ACK, dev))
    refused("an unknown sync", nl.ask(family, SYNC_END, NLM_F_ACK,
                                      dev + attr(A_SYNC, struct.pack("=I", 0xdeadbeef))))
    refused("map-new of an unknown sync",
            nl.ask(family, MAP_NEW, new, dev + attr(A_SYNC, struct.pack("=I", 0xdeadbeef)) +
                   mapping()))
    refused("two mappings to be got at once",
            nl.ask(family, MAP_GET, NLM_F_ACK, dev + mapping() + mapping()))
    for kind in 2, 4:
        refused("a prefix length without its address",
                nl.ask(family, MAP_GET, NLM_F_DUMP | NLM_F_ACK,
                       dev + attr(A_FILTER | 0x8000, attr(kind, b"\x08"))))
    whole = dev + mapping()
    for cut in range(1, len(whole) - 8, 3):
        code = nl.ask(family, MAP_NEW, new, whole[:len(whole) - cut])
        if code is None or code >= 0:
            # The end of a lifetime's attribute may be missing, no more.
            print(f"cut by {cut}: answer {code}")
            bad += 1
    for lie in 0, 1, 3, 5, 8, 200, 0xffff:
        refused(f"length {lie} in an attribute's header",
                nl.ask(family, MAP_NEW, new,
                       dev + attr(A_MAPPING | 0x8000, b"abcdefgh", lie)))
    def done(what, *request):
        nonlocal bad
        code = nl.ask(*request)
        if code != 0:
            print(f"{what}: answer {code}")
            bad += 1

    other = mapping(_1=ipaddress.ip_address("192.0.2.201").packed)
    done("a mapping", family, MAP_NEW, new, whole)
    refused("one of two to be deleted is not there",
            nl.ask(family, MAP_DEL, NLM_F_ACK, whole + other))
    done("then the first is still there", family, MAP_GET, NLM_F_ACK, whole)
    done("one named twice is deleted once", family, MAP_DEL, NLM_F_ACK, whole + mapping())
    refused("then it is gone", nl.ask(family, MAP_GET, NLM_F_ACK, whole))

    # The netlink layer itself may drop a message whose length is a lie.
    for lie in 0, 15, 0xffff, 0xffffffff:
        nl.send(family, MAP_NEW, new, whole, length=lie)
    nl.sock.settimeout(0.2)
    while nl.answer() is not None:
        pass
    return bad


def mutate(nl, family, ifindex, count):
    """Sound messages with some bytes changed: all answered."""
    dev = attr(A_IFINDEX, struct.pack("=I", ifindex))
    many = b"".join(mapping(_2=struct.pack("=H", i)) for i in range(8))
    seeds = [
        (MAP_NEW, dev + many), (MAP_NEW, dev + mapping()), (MAP_DEL, dev + many),
        (MAP_GET, dev + attr(A_FILTER | 0x8000, attr(1, bytes(4)) + attr(2, b"\x08"))),
        (MAP_GET, dev + mapping()), (SYNC_BEGIN, dev), (MAP_FLUSH, dev),
        (SYNC_END, dev + attr(A_SYNC, struct.pack("=I", 1))), (STATS_GET, dev),
    ]
    for number in range(count):
        cmd, payload = random.choice(seeds)
        data = bytearray(payload)
        for _ in range(random.randint(1, 6)):
            data[random.randrange(len(data))] = random.choice(
                (0, 1, 0xff, 0x7f, 0x80, random.randrange(256)))
        if random.random() < 0.2:
            del data[random.randrange(len(data)):]
        flags = NLM_F_ACK | random.choice((0, NLM_F_CREATE, NLM_F_REPLACE,
                                           NLM_F_CREATE | NLM_F_REPLACE,
                                           NLM_F_CREATE | NLM_F_EXCL))
        if cmd in (MAP_GET, STATS_GET) and random.random() < 0.5:
            flags = NLM_F_ACK | NLM_F_DUMP
        if nl.ask(family, cmd, flags, bytes(data)) is None:
            print(f"message {number}: no answer: command {cmd} flags {flags:x} {data.hex()}")
            return 1
    return 0


def noise(nl, family, ifindex, count):
    """Trees of random attributes: all answered."""
    def tree(depth):
        data = b""
        for _ in range(random.randint(0, 6)):
            if depth and random.random() < 0.5:
                body = tree(depth - 1)
            else:
                body = random.randbytes(random.choice((0, 1, 2, 4, 8, 16, 17, 100)))
            data += attr(random.randint(0, 15) | random.choice((0, 0x8000, 0x4000)), body,
                         random.choice((None, None, None, random.randrange(65536))))
        return data

    for number in range(count):
        cmd = random.randint(0, 14)
        data = attr(A_IFINDEX, struct.pack("=I", ifindex)) + tree(3)
        flags = NLM_F_ACK | random.choice((0, 0x100, 0x200, 0x300, 0x400, 0x500, 0x600))
        if nl.ask(family, cmd, flags, data) is None:
            print(f"message {number}: no answer: command {cmd} flags {flags:x} {data.hex()}")
            return 1
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["lengths", "mutate", "random"])
    parser.add_argument("device")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=None)
    args = parser.parse_args()

    seed = args.seed if args.seed is not None else random.randrange(1 << 32)
    random.seed(seed)
    print(f"seed {seed}")
    nl = Netlink()
    family = nl.family("dstm")
    ifindex = socket.if_nametoindex(args.device)
    if args.what == "lengths":
        bad = lengths(nl, family, ifindex)
    elif args.what == "mutate":
        bad = mutate(nl, family, ifindex, args.count)
    else:
        bad = noise(nl, family, ifindex, args.count)
    print("answers:", dict(sorted(nl.errors.items())))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
