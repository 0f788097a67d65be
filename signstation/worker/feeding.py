"""Pieces of one file as one stream, for a library that reads files by itself and to their end.

The second OpenPGP library reads a large file without giving Python a turn, so nobody in the same
process can feed it. A child does, made before the worker gives up its rights: it parses nothing,
holds this one file, and is confined as a hash worker.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Sequence
from functools import partial

from signstation.errors import ProtocolViolation
from signstation.model.asks import Range
from signstation.system.programs import split_off
from signstation.system.sandbox import WorkerKind, confine

MAX_PIECES = 16
"""Most pieces of one stream: a Debian package has three."""
_PIECE = struct.Struct("=QQ")
_COPIED = 1024 * 1024
"""Bytes that are handed to the kernel at a time."""
_FIRST = 3
"""Descriptors below are standard input, output and errors."""


class Feeder:
    """Gives streams of a file's pieces; to be made before ``confine``, and before any thread."""

    def __init__(self, artifact: int) -> None:
        """Start the child; ``artifact`` stays the caller's. Raises OSError."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        split_off(partial(_serve, theirs, artifact))
        theirs.close()
        self._socket = ours

    def stream(self, pieces: Sequence[Range]) -> int:
        """Return a descriptor with the bytes of the pieces, to be read once and closed.

        It ends early where the file does, or where the child is gone. Raises OSError and, for too
        many pieces, ProtocolViolation.
        """
        if not 0 < len(pieces) <= MAX_PIECES:
            raise ProtocolViolation(reason="a stream of too many pieces")
        reading, writing = os.pipe()
        try:
            wanted = b"".join(_PIECE.pack(each.offset, each.length) for each in pieces)
            socket.send_fds(self._socket, [wanted], [writing])
        except OSError:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        return reading


def _serve(orders: socket.socket, artifact: int) -> None:
    """Write streams until the worker is gone. Runs in the child."""
    kept = sorted({orders.fileno(), artifact})
    for first, last in zip([_FIRST, *(each + 1 for each in kept)], [*kept, 1 << 16], strict=True):
        os.closerange(first, last)
    confine(WorkerKind.HASH)
    while True:
        wanted, descriptors, _, _ = socket.recv_fds(orders, MAX_PIECES * _PIECE.size, 1)
        if not wanted:
            return
        for each in descriptors:
            _write(each, artifact, wanted)


def _write(target: int, artifact: int, wanted: bytes) -> None:
    try:
        for offset, length in _PIECE.iter_unpack(wanted):
            _copy(target, artifact, offset, length)
    except (OSError, struct.error):
        pass  # nobody reads it any more, or the file is shorter: the stream ends here
    finally:
        os.close(target)


def _copy(target: int, artifact: int, offset: int, length: int) -> None:
    while length:
        count = os.sendfile(target, artifact, offset, min(length, _COPIED))
        if not count:
            raise OSError(0, "the file became shorter")
        offset += count
        length -= count
