"""A worker that breaks the rules: started in the place of a real one, it emulates it at the wire.

How it misbehaves is the name of the state directory that it is configured with. Standard library
only, so that nothing of ours keeps it honest.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import time

HEADER = struct.Struct(">IBBI")
CONFIG, SECRET, HELLO, ASKS, RESULT, ERROR, PROMPT, PONG = 1, 11, 32, 33, 34, 35, 37, 38
PROTOCOL = 1


def read(sock: socket.socket) -> tuple[int, int, bytes]:
    """Read one frame: type, number, body."""
    head = sock.recv(HEADER.size, socket.MSG_WAITALL)
    if not head:
        os._exit(0)
    length, type_, _, number = HEADER.unpack(head)
    body = sock.recv(length - 6, socket.MSG_WAITALL) if length > 6 else b""
    return type_, number, body


def frame(type_: int, number: int, body: bytes = b"", descriptors: int = 0) -> bytes:
    """Write one frame."""
    return HEADER.pack(6 + len(body), type_, descriptors, number) + body


def hello(kind: str, build: str) -> bytes:
    """Say hello."""
    return json.dumps({"build": build, "kind": kind, "protections": []}).encode()


def answers(number: int) -> dict[str, bytes]:
    """What each kind of rogue says to a call."""
    return {
        "oversized": struct.pack(">IBBI", 0xFFFFFFFF, RESULT, 0, number),
        "garbage": b"\x00" * 64,
        "unknown type": frame(99, number),
        "descriptors": frame(RESULT, number, descriptors=1),
        "secret": frame(SECRET, number, b"hunter2"),
        "unknown call": frame(RESULT, number + 1000),
        "prompt": frame(PROMPT, number, b"{}"),
        "not json": frame(ERROR, number, b"oops"),
        "bad asks": frame(ASKS, number, b"\xff" * 40),
        "bad result": frame(RESULT, number, b"\x01"),
        "second hello": frame(HELLO, PROTOCOL, hello("check", "")),
    }


def main(kind: str, descriptor: int, build: str) -> None:
    """Say hello, wait for a call, answer it badly."""
    sock = socket.socket(fileno=descriptor)
    _, _, config = read(sock)
    manner = os.path.basename(json.loads(config)["state"])  # noqa: PTH119 - as little as can be
    if manner == "exits":
        print("last words \x1b[31m", file=sys.stderr)  # noqa: T201 - what the log is tested with
        sys.exit(3)
    if manner == "silent":
        time.sleep(60)
    other = manner == "another build"
    sock.sendall(frame(HELLO, PROTOCOL, hello(kind, "0" if other else build)))
    while True:
        type_, number, _ = read(sock)
        if type_ in {3, 5, 7}:  # SIGN, CALL, CONFIRM
            sock.sendall(answers(number).get(manner, b""))
            if manner == "hangs up":
                sock.close()
                time.sleep(60)


if __name__ == "__main__":
    from signstation import __version__

    main(sys.argv[1], int(sys.argv[2]), __version__)
