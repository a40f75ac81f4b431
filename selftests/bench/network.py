# SPDX-License-Identifier: GPL-2.0
"""Network namespaces, and what is in them."""

import contextlib
import ctypes
import json
import os
import subprocess
import tempfile

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

    @contextlib.contextmanager
    def visit(self):
        """As "with" of the namespace itself, for a thread, which then ends."""
        self._enter(self.file)
        yield self

    def sysctl(self, name, value):
        with open("/proc/sys/" + name.replace(".", "/"), "w") as f:
            f.write(str(value))

    def ip(self, *lines):
        """Commands of ip, all in one process."""
        subprocess.run(["ip", "-batch", "-"], input="\n".join(lines) + "\n",
                       text=True, check=True)

    def adopt(self, device):
        """Take a device out of the namespace that the process is in."""
        self.ip(f"link set {device} netns /proc/{os.getpid()}/fd/{self.file}")

    def nl(self, *words, **kwargs):
        return subprocess.run(["dstm-nl", *words], check=True, **kwargs)


def mappings(count, sets, share=1, remote=None):
    """
    The table that the generator's packets go by; a client's own, if its gateway's
    address is given.
    """
    bits = sets.bit_length() - 1
    for i in range(count):
        a = 0x0a000000 + i // sets
        c = i // share
        m = {"ipv4": f"{a >> 24}.{a >> 16 & 255}.{a >> 8 & 255}.{a & 255}",
             "remote": remote or f"2001:db8:{c >> 16:x}:{c & 65535:x}::7"}
        if bits:
            m.update({"psid": i % sets, "psid-len": bits, "psid-offset": 0})
        yield m


def load_mappings(ns, device, table):
    """Into the kernel, by dstm-nl; the caller is in the namespace."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as f:
        f.write("[\n" + ",\n".join(map(json.dumps, table)) + "\n]\n")
        f.flush()
        ns.nl("map", "load", "dev", device, f.name, stdout=subprocess.DEVNULL)
