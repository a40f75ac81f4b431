#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Do what traffic.py and send.py do, for one line of input after the other.

Each answer ends with a line of "exit" and the status.
"""

import sys
import traceback

import send
import traffic

PROGRAMS = {"send": send.main, "traffic": traffic.main}


def run(program, words):
    """One command; its exit status."""
    try:
        return PROGRAMS[program](words)
    except SystemExit as error:
        return error.code
    except Exception:  # of this command alone: the next may do better
        traceback.print_exc()
        return 1


def main():
    for line in sys.stdin:
        program, *words = line.split()
        status = run(program, words)
        sys.stderr.flush()
        print(f"exit {status}", flush=True)


if __name__ == "__main__":
    main()
