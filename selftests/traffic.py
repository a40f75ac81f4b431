#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Traffic for the tests: an echo server, and what speaks to it.

Every command exits with 0 only when all that was sent came back, unless its
help says otherwise.
"""

import argparse
import os
import select
import socket
import struct
import sys
import time


def checksum(data):
    """The Internet checksum."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def echo(args):
    """Serve TCP and UDP echo on all the ports, for ever."""
    listeners, datagrams, streams = [], [], []
    for port in args.ports:
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tcp.bind((args.address, port))
        tcp.listen(16)
        listeners.append(tcp)
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        udp.bind((args.address, port))
        datagrams.append(udp)
    if args.ready:
        with open(args.ready, "w", encoding="ascii"):
            pass
    while True:
        for sock in select.select(listeners + datagrams + streams, [], [])[0]:
            if sock in listeners:
                streams.append(sock.accept()[0])
                continue
            try:
                if sock in datagrams:
                    data, peer = sock.recvfrom(65535)
                    sock.sendto(data, peer)
                    continue
                data = sock.recv(1 << 18)
                if data:
                    sock.sendall(data)
                    continue
            except OSError:
                if sock in datagrams:
                    continue
            sock.close()
            streams.remove(sock)


def discard(args):
    """Take UDP datagrams to a port, for ever, and answer none."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((args.address, args.ports[0]))
    if args.ready:
        with open(args.ready, "w", encoding="ascii"):
            pass
    while True:
        sock.recv(65535)


def bound(kind, args):
    sock = socket.socket(socket.AF_INET, kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((args.source, args.sport))
    sock.settimeout(args.timeout)
    return sock


def tcp(args):
    """Send bytes and read them back."""
    sock = bound(socket.SOCK_STREAM, args)
    # A reset at close: the same source port is soon used again.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.connect((args.address, args.port))
    sock.setblocking(False)
    data = os.urandom(args.bytes)
    sent, back, end = 0, bytearray(), time.monotonic() + args.timeout
    while len(back) < len(data):
        left = end - time.monotonic()
        want = [sock] if sent < len(data) else []
        readable, writable, _ = select.select([sock], want, [], max(left, 0))
        if not readable and not writable:
            print(f"timed out: {sent} bytes sent, {len(back)} back")
            return 1
        if readable:
            part = sock.recv(1 << 18)
            if not part:
                break
            back += part
        if writable:
            sent += sock.send(data[sent:sent + (1 << 16)])
    if args.hold:
        print("established", flush=True)
        time.sleep(args.hold)
    if bytes(back) != data:
        print(f"{len(data)} bytes sent, {len(back)} back, not the same")
        return 1
    return 0


def udp(args):
    """Send datagrams, one an interval, and read them back."""
    sock = bound(socket.SOCK_DGRAM, args)
    sock.connect((args.address, args.port))
    sock.setblocking(False)
    back = set()

    def read(until):
        while len(back) < args.count:
            left = until - time.monotonic()
            if not select.select([sock], [], [], max(left, 0))[0]:
                return
            try:
                back.add(struct.unpack("!I", sock.recv(65535)[:4])[0])
            except OSError as error:
                print(error)

    due = time.monotonic()
    for number in range(args.count):
        try:
            sock.send(struct.pack("!I", number) + bytes(args.size))
        except OSError as error:
            print(error)
        due = max(due + args.interval, time.monotonic())
        read(due)
    read(time.monotonic() + args.timeout)
    print(f"{args.count} sent, {len(back)} back")
    return 0 if len(back) == args.count else 1


def lifetime(args):
    """Send datagrams until none came back for a while; print how many seconds
    after --since the last one did. Always exits with 0."""
    sock = bound(socket.SOCK_DGRAM, args)
    sock.connect((args.address, args.port))
    sock.setblocking(False)
    last = None
    begin = time.time()
    while time.time() - (last or begin) < args.timeout:
        if time.time() - begin > 60:
            break
        try:
            sock.send(b"still there?")
        except OSError:
            pass
        end = time.monotonic() + 0.05
        while True:
            left = end - time.monotonic()
            if left <= 0 or not select.select([sock], [], [], left)[0]:
                break
            try:
                sock.recv(100)
                last = time.time()
            except OSError:
                pass
    print(f"{(last or args.since) - args.since:.2f}")
    return 0


def ping(args):
    """An ICMP echo with an identifier of our choice."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    sock.bind((args.source, 0))
    data = b"dstm" * 8
    head = struct.pack("!BBHHH", 8, 0, 0, args.sport, 1)
    head = struct.pack("!BBHHH", 8, 0, checksum(head + data), args.sport, 1)
    sock.sendto(head + data, (args.address, 0))
    end = time.monotonic() + args.timeout
    while True:
        left = end - time.monotonic()
        if left <= 0 or not select.select([sock], [], [], left)[0]:
            print("no answer")
            return 1
        packet = sock.recv(2048)
        icmp = packet[(packet[0] & 15) * 4:]
        if icmp[0] == 0 and struct.unpack("!H", icmp[4:6])[0] == args.sport:
            return 0


def maxlen(args):
    """Watch an interface until a packet of more than --bytes is seen, in the
    direction given; print the greatest length."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    sock.bind((args.interface, 3))
    if args.ready:
        with open(args.ready, "w", encoding="ascii"):
            pass
    end = time.monotonic() + args.timeout
    longest = 0
    while longest <= args.bytes:
        left = end - time.monotonic()
        if left <= 0 or not select.select([sock], [], [], left)[0]:
            break
        buf = bytearray(64)
        length, _, _, address = sock.recvmsg_into([buf], 0, socket.MSG_TRUNC)
        outgoing = address[2] == 4
        if outgoing == (args.direction == "out"):
            longest = max(longest, length)
    print(f"longest {longest}")
    return 0 if longest > args.bytes else 1


def main(words):
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    for run in echo, discard:
        server = commands.add_parser(run.__name__, help=run.__doc__)
        server.add_argument("--ready", help="file to make when listening")
        server.add_argument("address")
        server.add_argument("ports", type=int, nargs="+")
        server.set_defaults(run=run)

    for run in tcp, udp, lifetime, ping:
        command = commands.add_parser(run.__name__, help=run.__doc__)
        command.add_argument("address")
        if run is not ping:
            command.add_argument("port", type=int)
        command.add_argument("--source", default="0.0.0.0")
        command.add_argument("--sport", type=int, default=0)
        command.add_argument("--timeout", type=float, default=3)
        command.add_argument("--bytes", type=int, default=100000)
        command.add_argument("--hold", type=float, default=0)
        command.add_argument("--count", type=int, default=20)
        command.add_argument("--size", type=int, default=60)
        command.add_argument("--interval", type=float, default=0.01)
        command.add_argument("--since", type=float, default=0)
        command.set_defaults(run=run)

    watch = commands.add_parser("maxlen", help=maxlen.__doc__)
    watch.add_argument("interface")
    watch.add_argument("direction", choices=["in", "out"])
    watch.add_argument("--bytes", type=int, default=1600)
    watch.add_argument("--timeout", type=float, default=20)
    watch.add_argument("--ready", help="file to make when watching")
    watch.set_defaults(run=maxlen)

    args = parser.parse_args(words)
    try:
        return args.run(args)
    except OSError as error:
        print(error)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
