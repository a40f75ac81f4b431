# SPDX-License-Identifier: GPL-2.0
"""The cases as TAP, on a gateway, a client, or both."""

import argparse
import fnmatch
import sys
import traceback

from . import store
from .network import Network


def arguments():
    parser = argparse.ArgumentParser(prog="packets", description=__doc__)
    for role in "gateway", "client":
        parser.add_argument(f"--{role}", metavar="DUT:WIRE",
                            help="network namespaces of the device and of the other ends")
    parser.add_argument("--frames", action="store_true", help="what is sent, no test")
    parser.add_argument("--list", action="store_true", help="names and standards, no test")
    parser.add_argument("--store", action="store_true",
                        help="make all cases and store them, no test")
    parser.add_argument("--every", metavar="N", type=int, default=1,
                        help="only every Nth case")
    parser.add_argument("--but", metavar="CASE", help="not this one")
    parser.add_argument("cases", nargs="*", help="only these, as patterns")
    return parser.parse_args()


def attempt(network, case):
    try:
        return network.try_case(case)
    except Exception:
        return traceback.format_exc().splitlines()


def show_frames(cases):
    """Side and frame in hexadecimal, a line each."""
    for case in cases:
        for frame in case.send:
            if getattr(frame, "where", "device") != "device":
                print(frame.where, frame.data.hex())


def main():
    args = arguments()
    if args.store:
        store.save(store.make())
        return 0
    suite = store.load()
    roles = [role for role in ("gateway", "client")
             if args.list or args.frames or getattr(args, role)]
    for pattern in args.cases:
        if not fnmatch.filter((case.name for role in roles for case in suite[role]), pattern):
            sys.exit(f"packets: no case is called {pattern}")
    number = failed = 0
    for role in roles:
        cases = [case for case in suite[role] if not args.cases or
                 any(fnmatch.fnmatch(case.name, pattern) for pattern in args.cases)]
        cases = [case for case in cases[::args.every] if case.name != args.but]
        if args.list:
            for case in cases:
                print(f"{case.name}: {case.ref}")
            continue
        if args.frames:
            show_frames(cases)
            continue
        network = Network(*getattr(args, role).split(":"), suite["markers"])
        for case in cases:
            number += 1
            wrong = attempt(network, case)
            failed += bool(wrong)
            print(f"{'not ok' if wrong else 'ok'} {number} - {case.name}: {case.ref}")
            for line in wrong:
                print(f"# {line}")
            sys.stdout.flush()
    if number:
        print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
