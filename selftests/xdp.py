#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Pins an XDP program that passes, or drops, every packet: two instructions."""

import ctypes
import platform
import struct
import sys

ACTIONS = {"drop": 1, "pass": 2}
BPF_PROG_LOAD, BPF_OBJ_PIN, BPF_PROG_TYPE_XDP = 5, 6, 6
BPF_NUMBER = {"x86_64": 321, "aarch64": 280}[platform.machine()]

libc = ctypes.CDLL(None, use_errno=True)


def bpf(command, attributes):
    buffer = ctypes.create_string_buffer(attributes)
    result = libc.syscall(BPF_NUMBER, command, buffer, len(attributes))
    if result < 0:
        raise OSError(ctypes.get_errno(), "bpf")
    return result


def pointer(buffer):
    return ctypes.cast(buffer, ctypes.c_void_p).value


def main():
    action, path = sys.argv[1:]
    # r0 = action; exit
    program = ctypes.create_string_buffer(struct.pack("=BBhi", 0xb7, 0, 0, ACTIONS[action]) +
                                          struct.pack("=BBhi", 0x95, 0, 0, 0))
    license_ = ctypes.create_string_buffer(b"GPL")
    fd = bpf(BPF_PROG_LOAD, struct.pack("=IIQQIIQI", BPF_PROG_TYPE_XDP, 2, pointer(program),
                                        pointer(license_), 0, 0, 0, 0))
    name = ctypes.create_string_buffer(path.encode())
    bpf(BPF_OBJ_PIN, struct.pack("=QII", pointer(name), fd, 0))


if __name__ == "__main__":
    main()
