# SPDX-License-Identifier: GPL-2.0
"""The kernel's netlink client in Python, as its own cli.py is, for one request after
the other: to read the spec takes it long.

Words: the folder tools/net/ynl, the spec, its schema or "-", and do or dump with the
name of the operation, then create, excl or replace, and the attributes as JSON."""

import functools
import json
import sys


@functools.cache
def family(folder, spec, schema):
    sys.path.insert(0, folder)
    from lib import YnlFamily
    return YnlFamily(spec, schema)


def main(words):
    folder, spec, schema, how, name, *rest = words
    ynl = family(folder, spec, schema if schema != "-" else "")
    attributes = json.loads(rest.pop()) if rest and rest[-1].startswith("{") else {}
    from lib import Netlink, NlError
    flags = [getattr(Netlink, f"NLM_F_{word.upper()}") for word in rest]
    try:
        reply = ynl.do(name, attributes, flags) if how == "do" else ynl.dump(name, attributes)
    except NlError as error:
        print(error)
        return 1
    print(json.dumps(reply, default=lambda value: value.hex() if isinstance(value, bytes)
                     else list(value)))
    return 0
