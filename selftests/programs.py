#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Servers and clients for programs.sh: a DNS server whose answers are big, and a
download that takes its time."""

import argparse
import socket
import struct
import sys
import time

TXT, OPT = 16, 41
CHUNK, CHUNKS, PAUSE = 100_000, 40, 0.05


def name_end(data, at):
    while data[at]:
        at += data[at] + 1
    return at + 1


def answer(query, size):
    """A TXT record of that many bytes, in strings of at most 255."""
    end = name_end(query, 12) + 4
    text = b"".join(bytes([len(part)]) + part for part in
                    (b"x" * min(250, size - at) for at in range(0, size, 250)))
    header = query[:2] + struct.pack("!HHHHH", 0x8400, 1, 1, 0, 1)
    record = b"\xc0\x0c" + struct.pack("!HHIH", TXT, 1, 60, len(text)) + text
    edns = b"\0" + struct.pack("!HHIH", OPT, 4096, 0, 0)
    return header + query[12:end] + record + edns


def dns(args):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    # As a name server does: the path's MTU is the network's business.
    sock.setsockopt(socket.IPPROTO_IP, 10, 0)
    sock.bind((args.address, 53))
    open(args.ready, "w").close()
    while True:
        query, peer = sock.recvfrom(4096)
        sock.sendto(answer(query, args.size), peer)


def serve(args):
    listener = socket.create_server((args.address, args.port))
    open(args.ready, "w").close()
    while True:
        peer, _ = listener.accept()
        with peer:
            for _ in range(CHUNKS):
                peer.sendall(bytes(CHUNK))
                time.sleep(PAUSE)


def download(args):
    """All of it, and never long without a byte."""
    sock = socket.create_connection((args.address, args.port), timeout=args.stall)
    open(args.ready, "w").close()
    total, longest, last = 0, 0, time.monotonic()
    while True:
        data = sock.recv(1 << 16)
        now = time.monotonic()
        longest, last = max(longest, now - last), now
        if not data:
            break
        total += len(data)
    print(f"{total} bytes, longest pause {longest:.2f} s")
    return 0 if total == CHUNK * CHUNKS else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["dns", "serve", "download"])
    parser.add_argument("address")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--size", type=int, default=3900)
    parser.add_argument("--ready", required=True, help="made when it may begin")
    parser.add_argument("--stall", type=float, default=10, help="seconds without a byte")
    args = parser.parse_args()
    return {"dns": dns, "serve": serve, "download": download}[args.what](args)


if __name__ == "__main__":
    sys.exit(main())
