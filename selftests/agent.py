#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Do what traffic.py, send.py and ynl.py do, for one line of input after the other.

Each answer ends with a line of "exit" and the status.
"""

import importlib
import sys
import traceback


def run(program, words):
    """One command; its exit status."""
    try:
        return importlib.import_module(program).main(words)
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
