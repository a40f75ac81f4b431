# SPDX-License-Identifier: GPL-2.0
"""Network namespaces, and what is in them."""

import ctypes
import json
import os
import subprocess

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


class Namespace:
    """A network namespace that this process made, and can be in."""

    def __init__(self):
        self._home = os.open("/proc/self/ns/net", os.O_RDONLY)
        if libc.unshare(CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "unshare")
        self.file = os.open("/proc/self/ns/net", os.O_RDONLY)
        self.sysctl("net.ipv4.ip_forward", 1)
        self.sysctl("net.ipv6.conf.all.forwarding", 1)
        self.sysctl("net.ipv6.conf.default.accept_dad", 0)
        self.ip("link set lo up")
        self._enter(self._home)

    def _enter(self, file):
        if libc.setns(file, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")

    def __enter__(self):
        self._enter(self.file)
        return self

    def __exit__(self, *_):
        self._enter(self._home)

    def sysctl(self, name, value):
        with open("/proc/sys/" + name.replace(".", "/"), "w") as f:
            f.write(str(value))

    def ip(self, *lines):
        """Commands of ip, all in one process."""
        subprocess.run(["ip", "-batch", "-"], input="\n".join(lines) + "\n",
                       text=True, check=True)

    def nl(self, *words, **kwargs):
        return subprocess.run(["dstm-nl", *words], check=True, **kwargs)


def mappings(count, sets, local=None):
    """The mapping table that the packets of the generator go by."""
    bits = sets.bit_length() - 1
    for i in range(count):
        a = 0x0a000000 + i // sets
        m = {"ipv4": f"{a >> 24}.{a >> 16 & 255}.{a >> 8 & 255}.{a & 255}",
             "remote": f"2001:db8:{i >> 16:x}:{i & 65535:x}::7"}
        if bits:
            m.update({"psid": i % sets, "psid-len": bits, "psid-offset": 0})
        if local:
            m["local"], m["remote"] = m["remote"], local
        yield m


def load(ns, device, table):
    path = f"/tmp/{device}.json"
    with open(path, "w") as f:
        f.write("[\n" + ",\n".join(map(json.dumps, table)) + "\n]\n")
    ns.nl("map", "load", "dev", device, path)
    os.unlink(path)
