"""A worker process: ``python -I -m signstation.worker KIND SOCKET PARENT``, started by the station.

Each kind imports only what it needs, by name: a key worker has no parser of artifacts in memory, a
hash worker has neither formats nor keys.
"""

from __future__ import annotations

import importlib
import os
import socket
import sys
from pathlib import Path

import signstation
from signstation.errors import ProtocolViolation
from signstation.system.process import harden
from signstation.system.sandbox import WorkerKind, confine
from signstation.worker.channel import Channel
from signstation.worker.frames import PROTOCOL, FrameType, put_json, take_json

_MODULES = {
    WorkerKind.CHECK: "signstation.worker.check",
    WorkerKind.HASH: "signstation.worker.hashing",
    WorkerKind.TOOL: "signstation.worker.tools",
    WorkerKind.KEY: "signstation.worker.key",
}


def main(kind: WorkerKind, descriptor: int, parent: int) -> None:
    """Harden, import, read the configuration, give up every right, say hello, work."""
    harden(parent)
    module = importlib.import_module(_MODULES[kind])
    channel = Channel(socket.socket(fileno=descriptor))
    first = channel.first()
    if first.type is not FrameType.CONFIG:
        raise ProtocolViolation(reason="a worker is configured first")
    worker = module.build(channel, first.body)
    if kind is WorkerKind.CHECK and first.descriptors:
        worker.feed_from(first.descriptors[0])
    config = take_json(first.body)
    protections = confine(
        kind,
        writable=(Path(str(config["directory"])), Path("/dev/null")),
        files=first.descriptors,
        network=config["network"] is True,
    )
    first.close()
    channel.send(
        FrameType.HELLO,
        PROTOCOL,
        put_json(
            {
                "build": signstation.__version__,
                "kind": kind.value,
                "protections": [[p.name, p.state.value, p.detail] for p in protections],
            }
        ),
    )
    worker.serve()


if __name__ == "__main__":
    try:
        main(WorkerKind(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    except SystemExit:
        # The station has closed what it opened, or is gone. What is left in memory goes with the
        # process: taking the modules down first would keep whoever closes the station waiting.
        os._exit(0)
