#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Speak JSON-RPC with a daemon: send requests, print answers and notifications.

rpc.py [--cert FILE --key FILE --ca FILE --name NAME] WHERE [--hello] [--for S]
       [METHOD [PARAMS]]...

WHERE is the path of a UNIX socket, or [ADDRESS]:PORT for TLS. Each method is sent
when the one before it is answered. Then, for S seconds, notifications are printed.
Exits with 1 when an answer is an error, with 3 when the connection is closed.
"""
import argparse
import json
import socket
import ssl
import sys


def connect(args):
    if not args.where.startswith('['):
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(args.where)
        return sock
    host, port = args.where[1:].split(']:')
    sock = socket.create_connection((host, int(port)), timeout=10)
    if not args.ca:
        return sock
    context = ssl.create_default_context(cafile=args.ca)
    if args.tls12:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    if args.cert:
        context.load_cert_chain(args.cert, args.key)
    return context.wrap_socket(sock, server_hostname=args.name)


class Closed(Exception):
    pass


def messages(sock):
    """Each line that comes; None when there was none in time."""
    buffered = b''
    while True:
        if b'\n' in buffered:
            line, buffered = buffered.split(b'\n', 1)
            yield json.loads(line)
            continue
        try:
            data = sock.recv(1 << 20)
        except socket.timeout:
            yield None
            continue
        except OSError as error:
            raise Closed(str(error))
        if not data:
            raise Closed('closed')
        buffered += data


def main():
    parser = argparse.ArgumentParser()
    for option in 'cert', 'key', 'ca', 'name':
        parser.add_argument('--' + option)
    parser.add_argument('--tls12', action='store_true')
    parser.add_argument('--hello', action='store_true')
    parser.add_argument('--for', dest='seconds', type=float, default=0)
    parser.add_argument('where')
    parser.add_argument('calls', nargs='*')
    args = parser.parse_intermixed_args()
    calls = [(m, json.loads(p))
             for m, p in zip(args.calls[::2], args.calls[1::2])]
    if args.hello:
        calls.insert(0, ('hello', {'protocol': 1, 'server': 'rpc.py'}))
    status = 0
    try:
        sock = connect(args)
        sock.settimeout(30)
        incoming = messages(sock)
        for number, (method, params) in enumerate(calls):
            sock.sendall(json.dumps({'jsonrpc': '2.0', 'method': method,
                                     'params': params,
                                     'id': number}).encode() + b'\n')
            while True:
                message = next(incoming)
                if message is None:
                    raise Closed('no answer to ' + method)
                print(json.dumps(message), flush=True)
                if 'id' in message:
                    break
            if 'error' in message:
                status = 1
        sock.settimeout(args.seconds or 0.001)
        for message in incoming:
            if message is None:
                break
            print(json.dumps(message), flush=True)
    except (Closed, OSError) as error:
        print(json.dumps({'closed': str(error)}), flush=True)
        return 3
    return status


sys.exit(main())
