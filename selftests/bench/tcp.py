# SPDX-License-Identifier: GPL-2.0
"""Bulk TCP: host - router - router - host, the routers with or without a tunnel."""

import json
import subprocess
import time

from network import Namespace, load_mappings
from turns import by_round


def wire(a, b, name, address_a, address_b):
    """A cable between two namespaces; its end in a is NAMEa, in b NAMEb."""
    with a:
        a.ip(f"link add {name}a type veth peer name {name}b")
        b.adopt(f"{name}b")
        a.ip(f"link set {name}a up", *(f"addr add {x} dev {name}a {'nodad' if ':' in x else ''}"
                                       for x in address_a))
    with b:
        b.ip(f"link set {name}b up", *(f"addr add {x} dev {name}b {'nodad' if ':' in x else ''}"
                                       for x in address_b))


class Path:
    """Four namespaces in a row; the server is 198.51.100.2, the client 192.0.2.7."""

    def __init__(self):
        self.server, self.border, self.inner, self.client = (Namespace() for _ in range(4))
        wire(self.server, self.border, "net", ["198.51.100.2/24"], ["198.51.100.1/24"])
        wire(self.border, self.inner, "mid", ["10.9.9.1/30", "3fff:2::1/64"],
             ["10.9.9.2/30", "3fff:2::2/64"])
        wire(self.inner, self.client, "lan", ["192.0.2.1/24"], ["192.0.2.7/24"])
        with self.server:
            self.server.ip("route add default via 198.51.100.1")
        with self.client:
            self.client.ip("route add default via 192.0.2.1")

    def plain(self):
        with self.border:
            self.border.ip("route add 192.0.2.0/24 via 10.9.9.2")
        with self.inner:
            self.inner.ip("route add default via 10.9.9.1")
        return self

    def ip6_tnl(self):
        for ns, local, remote, to in ((self.border, "3fff:2::1", "3fff:2::2", "192.0.2.0/24"),
                                      (self.inner, "3fff:2::2", "3fff:2::1", "default")):
            with ns:
                ns.ip(f"link add t0 type ip6tnl mode ipip6 local {local} remote {remote} "
                      "encaplimit none", "link set t0 up", f"route add {to} dev t0")
        return self

    def dstm(self):
        for ns, role, local, remote, to in (
                (self.border, "gateway", "3fff:2::1", "3fff:2::2", "192.0.2.0/24"),
                (self.inner, "client", "3fff:2::2", "3fff:2::1", "default")):
            with ns:
                ns.nl("link", "add", "d0", "role", role, "local", local)
                ns.ip("link set d0 up", f"route add {to} dev d0")
                load_mappings(ns, "d0", [{"ipv4": "192.0.2.7", "remote": remote}])
        return self

    def serve(self):
        with self.client:
            subprocess.run(["iperf3", "-s", "-D"], check=True)
            await_listener("5201")

    def transfer(self):
        """Gigabits a second, to the client."""
        with self.server:
            out = subprocess.run(["iperf3", "-c", "192.0.2.7", "-n", "200M", "-J"], check=True,
                                 stdout=subprocess.PIPE).stdout
        result = json.loads(out)
        if "error" in result:
            raise RuntimeError(f"iperf3: {result['error']}")
        return result["end"]["sum_received"]["bits_per_second"] / 1e9


def await_listener(port):
    """A daemon's first process may be gone before the second one listens."""
    for _ in range(1000):
        if subprocess.run(["ss", "-Hltn", f"sport = :{port}"], check=True,
                          stdout=subprocess.PIPE).stdout:
            return
        time.sleep(.01)
    raise TimeoutError(f"nobody listens on port {port}")


def bulk(rounds):
    paths = {"IPv4 forwarding": Path().plain(), "ip6_tnl": Path().ip6_tnl(),
             "dstm": Path().dstm()}
    for path in paths.values():
        path.serve()
        path.transfer()
    return by_round({name: path.transfer for name, path in paths.items()}, rounds)
