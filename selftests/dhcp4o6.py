#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A DHCPv4-over-DHCPv6 server for the client's tests: it does what it is told.

It plays server and gateway: before an acknowledgement it maps the address in the
device dstm0, with a release it takes it away. --orders names a JSON file which is
read again for every message, so that a test can change its mind:

  lease       seconds; t1, t2 where they are given
  pool        list of {"ipv4": .., "psid", "psid-len", "psid-offset"}
  refuse      text of a NAK to everything
  deaf        types of messages that are not answered
  dns         the resolver
  servers     of the answer to an Information-Request
  wrong       send malformed and foreign packets first

Every message is a line of JSON in --log.
"""

import argparse
import ipaddress
import json
import os
import select
import socket
import struct
import subprocess
import time

DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE = 1, 2, 3, 4, 5, 6, 7
NAMES = ["", "DISCOVER", "OFFER", "REQUEST", "DECLINE", "ACK", "NAK", "RELEASE"]
COOKIE = bytes.fromhex("63825363")
MULTICAST = "ff02::1:2"


def options6(data):
    """The options of a DHCPv6 message: code, value."""
    while len(data) >= 4:
        code, length = struct.unpack("!HH", data[:4])
        yield code, data[4:4 + length]
        data = data[4 + length:]


def option6(code, value):
    """One DHCPv6 option."""
    return struct.pack("!HH", code, len(value)) + value


def option4(code, value):
    """One DHCPv4 option."""
    return bytes([code, len(value)]) + value


def parse4(data):
    """A DHCPv4 message as a dictionary."""
    assert data[236:240] == COOKIE
    opts, rest = {}, data[240:]
    while rest and rest[0] != 255:
        if rest[0] == 0:
            rest = rest[1:]
            continue
        opts[rest[0]] = rest[2:2 + rest[1]]
        rest = rest[2 + rest[1]:]
    return {"xid": data[4:8], "ciaddr": socket.inet_ntoa(data[12:16]),
            "type": opts[53][0], "options": opts}


def build4(query, kind, address, opts):
    """A DHCPv4 reply."""
    head = bytes([2, 0, 0, 0]) + query["xid"] + bytes(8)
    head += socket.inet_aton(address) + bytes(8) + bytes(16 + 64 + 128)
    return head + COOKIE + option4(53, bytes([kind])) + opts + b"\xff"


def key(entry):
    """What tells one entry of the pool from another."""
    return entry["ipv4"], entry.get("psid-len", 0), entry.get("psid", 0)


class Server:
    """The server."""

    def __init__(self, args):
        self.args = args
        self.log = open(args.log, "a", encoding="utf-8")
        self.orders = {}
        self.held = {}
        self.declined = set()
        self.socket = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        for link in args.link:
            group = socket.inet_pton(socket.AF_INET6, MULTICAST)
            self.socket.setsockopt(
                socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                group + struct.pack("@I", socket.if_nametoindex(link)))
        self.socket.bind(("::", 547))

    def note(self, **what):
        """Write down what happened."""
        self.log.write(json.dumps({"time": time.monotonic(), **what}) + "\n")
        self.log.flush()

    def nl(self, *words):
        """Order the gateway's device."""
        subprocess.run([os.environ.get("DSTM_NL", "dstm-nl"), "map", *words],
                       check=False)

    def mapping(self, entry):
        """An entry of the pool in dstm-nl's words."""
        words = ["dev", "dstm0", "ipv4", entry["ipv4"]]
        for name in "psid", "psid-len", "psid-offset":
            if name in entry:
                words += [name, str(entry[name])]
        return words

    def wish(self, query):
        """The address that a client asks for, or has."""
        wish = query["options"].get(50)
        return socket.inet_ntoa(wish) if wish else query["ciaddr"]

    def choose(self, client, query):
        """What this client has, would like, or may have."""
        free = [e for e in self.orders["pool"]
                if self.held.get(key(e), client) == client
                and key(e) not in self.declined]
        wish = self.wish(query)
        for test in (lambda e: self.held.get(key(e)) == client,
                     lambda e: e["ipv4"] == wish, lambda e: True):
            for entry in filter(test, free):
                return entry
        return None

    def lease(self, query, entry):
        """The options of an offer or acknowledgement."""
        opts = query["options"]
        out = option4(54, bytes([10, 0, 0, 1]))
        out += option4(51, struct.pack("!I", self.orders.get("lease", 3600)))
        for code, name in (58, "t1"), (59, "t2"):
            if name in self.orders:
                out += option4(code, struct.pack("!I", self.orders[name]))
        out += option4(3, bytes([192, 0, 2, 254]))
        out += option4(6, socket.inet_aton(self.orders.get("dns", "198.51.100.2")))
        if 61 in opts:
            out += option4(61, opts[61])
        if 109 in opts:
            out += option4(109, opts[109])
        if entry.get("psid-len"):
            out += option4(159, struct.pack(
                "!BBH", entry.get("psid-offset", 0), entry["psid-len"],
                entry["psid"] << (16 - entry["psid-len"])))
        return out

    def answer4(self, query):
        """The reply to a DHCPv4 message, or None."""
        client = query["options"].get(61, b"").hex()
        kind = query["type"]
        if NAMES[kind] in self.orders.get("deaf", []):
            return None
        if kind in (RELEASE, DECLINE):
            for entry in self.orders["pool"]:
                if self.held.get(key(entry)) == client:
                    del self.held[key(entry)]
                    self.nl("del", *self.mapping(entry))
                    if kind == DECLINE:
                        self.declined.add(key(entry))
            return None
        entry = self.choose(client, query)
        text = self.orders.get("refuse") or (None if entry else "pool empty")
        if kind == REQUEST and entry and entry["ipv4"] != self.wish(query):
            text = "not yours"
        if text:
            return build4(query, NAK, "0.0.0.0", option4(54, bytes([10, 0, 0, 1])) +
                          option4(56, text.encode()))
        self.held[key(entry)] = client
        if kind == REQUEST:
            source = socket.inet_ntop(socket.AF_INET6, query["options"][109])
            self.nl("replace", *self.mapping(entry), "remote", source)
        return build4(query, OFFER if kind == DISCOVER else ACK, entry["ipv4"],
                      self.lease(query, entry))

    def information(self, data):
        """The reply to an Information-Request."""
        out = bytes([7]) + data[1:4]
        for code, value in options6(data[4:]):
            if code == 1:
                out += option6(1, value)
        out += option6(2, bytes([0, 4, 1, 2]))
        servers = b"".join(socket.inet_pton(socket.AF_INET6, s)
                           for s in self.orders.get("servers", []))
        out += option6(88, servers)
        out += option6(90, socket.inet_pton(socket.AF_INET6, self.args.tep))
        if "bind" in self.orders:
            net = ipaddress.IPv6Network(self.orders["bind"])
            out += option6(137, bytes([net.prefixlen]) +
                           net.network_address.packed[:(net.prefixlen + 7) // 8])
        return out

    def wrong(self, query, peer):
        """What no client may take for an answer."""
        other = dict(query, xid=bytes(4))
        nak = build4(other, NAK, "0.0.0.0", b"")
        for packet in (b"\x15", bytes([21, 0, 0, 0, 0, 87, 255, 255]),
                       bytes([21, 0, 0, 0]) + option6(87, bytes(100)),
                       bytes([21, 0, 0, 0]) + option6(87, nak)):
            self.socket.sendto(packet, peer)

    def handle(self):
        """One message."""
        data, ancillary, _, peer = self.socket.recvmsg(65535, 1024)
        with open(self.args.orders, encoding="utf-8") as file:
            self.orders = json.load(file)
        if data[0] == 11:
            self.note(type="INFORMATION-REQUEST", peer=peer[0])
            self.socket.sendto(self.information(data), peer)
            return
        if data[0] != 20:
            return
        for code, value in options6(data[4:]):
            if code != 87:
                continue
            query = parse4(value)
            opts = query["options"]
            self.note(type=NAMES[query["type"]], peer=peer[0],
                      ciaddr=query["ciaddr"], unicast=bool(data[1] & 0x80),
                      wish=socket.inet_ntoa(opts[50]) if 50 in opts else "",
                      source=socket.inet_ntop(socket.AF_INET6, opts[109])
                      if 109 in opts else "")
            if self.orders.get("wrong"):
                self.wrong(query, peer)
            reply = self.answer4(query)
            if reply:
                self.note(type=NAMES[parse4(reply)["type"]], to=peer[0])
                reply = bytes([21, 0, 0, 0]) + option6(87, reply)
                tep = self.orders.get("tep", self.args.tep)
                reply += option6(90, socket.inet_pton(socket.AF_INET6, tep))
                self.answer(reply, peer, ancillary)

    def answer(self, reply, peer, ancillary):
        """From the address that was asked."""
        control = []
        for level, kind, data in ancillary:
            address = ipaddress.IPv6Address(data[:16])
            if kind == socket.IPV6_PKTINFO and not address.is_multicast:
                control.append((level, kind, data))
        self.socket.sendmsg([reply], control, 0, peer)

    def run(self):
        """For ever."""
        while True:
            select.select([self.socket], [], [])
            self.handle()


def main():
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", required=True)
    parser.add_argument("--log", required=True)
    parser.add_argument("--tep", default="2001:db8::1")
    parser.add_argument("--link", action="append", default=[])
    Server(parser.parse_args()).run()


if __name__ == "__main__":
    main()
