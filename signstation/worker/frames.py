"""Frames between station and worker: a length, a type, a number and a body; descriptors beside.

Layout: 4 bytes length of what follows, 1 byte type, 1 byte count of descriptors, 4 bytes number
(all big-endian), body. The number is that of the call that the frame belongs to. Descriptors travel
as SCM_RIGHTS with the first byte of their frame, or before it, in the order of the frames.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from signstation.errors import LimitReached, ProtocolViolation
from signstation.model.secret import Secret

PROTOCOL = 1
"""Version of this protocol; a worker of another version or build is not spoken to."""

MAX_FRAME = 80 * 1024 * 1024
"""Largest frame in bytes: outputs of 64 MiB (model.outputs) and what describes them."""
MAX_CONTROL = 16 * 1024 * 1024
"""Largest JSON body in bytes: the inspection of a package with 100,000 files takes about 10 MB."""
MAX_SECRET = 4096
"""Largest secret in bytes, as on the station's socket."""
MAX_DESCRIPTORS = 64
"""Most descriptors of one frame: an artifact and its signatures or outputs."""
MAX_AT_ONCE = 253
"""Most descriptors of one message of the kernel (SCM_MAX_FD, include/net/scm.h)."""
FIRST_BUFFER = 256 * 1024
"""Bytes that a receive buffer starts with, and shrinks to after a large frame."""

_HEADER = struct.Struct(">IBBI")
_INNER = _HEADER.size - 4


class FrameType(IntEnum):
    """What a frame is. Bodies are binary (worker/wire.py) unless they are said to be JSON."""

    # from the station
    CONFIG = 1  # JSON: what the worker may do; the first frame
    DEFINE = 2  # JSON: terms that many calls share, under the frame's number
    SIGN = 3  # check worker: run a signing generator
    RECHECK = 4  # check worker: re-read staged outputs
    CALL = 5  # JSON: any other call, {"method", "arguments"}
    ANSWERS = 6  # check worker: signatures for the asks of a generator
    CONFIRM = 7  # hash worker: recompute asks
    USE_KEY = 8  # key worker: sign asks with an open key
    CANCEL = 9  # stop this call; it still ends with RESULT or ERROR
    PING = 10
    SECRET = 11  # the answer to a prompt; its body is a Secret from the buffer on
    NO_SECRET = 12  # JSON: an error instead of a secret
    # from the worker
    HELLO = 32  # JSON: version, build, kind, protections
    ASKS = 33  # a generator waits for answers
    RESULT = 34  # the last frame of a call
    ERROR = 35  # JSON: the last frame of a call that failed
    PROGRESS = 36  # bytes done
    PROMPT = 37  # JSON: a key store asks a person
    PONG = 38
    PROMPT_OVER = 39  # the prompt of this call is no longer needed; NO_SECRET answers it


class Frame(NamedTuple):
    """One frame; descriptors are attached by whoever received them."""

    type: FrameType
    number: int
    descriptors: int
    body: bytes


class SecretFrame(NamedTuple):
    """A SECRET frame; whoever takes the secret wipes it."""

    number: int
    secret: Secret


def pack(type_: FrameType, number: int, body: bytes = b"", descriptors: int = 0) -> bytes:
    """Return a frame. Raises ProtocolViolation when it is too large."""
    size = len(body)
    if size > MAX_FRAME or descriptors > MAX_DESCRIPTORS:
        raise ProtocolViolation(reason=f"a frame of {size} bytes and {descriptors} descriptors")
    return _HEADER.pack(_INNER + size, type_, descriptors, number) + body


def pack_secret(number: int, secret: Secret) -> bytearray:
    """Return a SECRET frame; the caller wipes it when it is sent."""
    with secret.open() as opened:
        if len(opened) > MAX_SECRET:
            raise ProtocolViolation(reason="a secret is too long")
        frame = bytearray(_HEADER.size + len(opened))
        _HEADER.pack_into(frame, 0, _INNER + len(opened), FrameType.SECRET, 0, number)
        frame[_HEADER.size :] = opened
    return frame


class FrameBuffer:
    """Collects received bytes and takes frames out; bytes of secrets are wiped where they lay."""

    def __init__(self) -> None:
        """Start empty."""
        self._data = bytearray(FIRST_BUFFER)
        self._start = 0
        self._end = 0

    def space(self) -> memoryview:
        """Return the free part, at least one byte, for ``recv_into``."""
        if self._start == self._end:
            self._start = self._end = 0
            if len(self._data) > FIRST_BUFFER:
                self._data = bytearray(FIRST_BUFFER)
        elif self._end == len(self._data) or self._wanted() > len(self._data) - self._start:
            self._compact()
        return memoryview(self._data)[self._end :]

    def _wanted(self) -> int:
        """Return the size of the frame that has begun, as far as its header is there."""
        if self._end - self._start < _HEADER.size:
            return _HEADER.size
        length: int = _HEADER.unpack_from(self._data, self._start)[0]
        return 4 + length

    def _compact(self) -> None:
        left = self._end - self._start
        fresh = bytearray(max(FIRST_BUFFER, self._wanted()))
        fresh[:left] = memoryview(self._data)[self._start : self._end]
        self._data[self._start : self._end] = bytes(left)  # it may hold a part of a secret
        self._data, self._start, self._end = fresh, 0, left

    def received(self, count: int) -> Iterator[Frame | SecretFrame]:
        """Take note of ``count`` bytes in the space and yield the frames that are now whole.

        Raises ProtocolViolation; the connection is then of no more use. Use it up before the next
        ``space``.
        """
        self._end += count
        while self._end - self._start >= _HEADER.size:
            length, type_, descriptors, number = _HEADER.unpack_from(self._data, self._start)
            if not _INNER <= length <= MAX_FRAME + _INNER or descriptors > MAX_DESCRIPTORS:
                raise ProtocolViolation(reason=f"a frame of {length} bytes")
            body, end = self._start + _HEADER.size, self._start + 4 + length
            if end > self._end:
                return
            self._start = end
            if type_ == FrameType.SECRET:
                yield SecretFrame(number, self._secret(body, end))
            else:
                yield Frame(
                    _known(type_), number, descriptors, bytes(memoryview(self._data)[body:end])
                )

    def _secret(self, body: int, end: int) -> Secret:
        with memoryview(self._data)[body:end] as view:
            try:
                if len(view) > MAX_SECRET:
                    raise ProtocolViolation(reason="a secret is too long")
                copy = bytearray(view)
            finally:
                view[:] = bytes(len(view))
        try:
            return Secret(copy)
        finally:
            copy[:] = bytes(len(copy))


_TYPES = {int(each): each for each in FrameType}


def _known(number: int) -> FrameType:
    found = _TYPES.get(number)
    if found is None:
        raise ProtocolViolation(reason=f"unknown frame type {number}")
    return found


def put_json(value: object) -> bytes:
    """Write a JSON body; names with undecodable bytes (lone surrogates) survive as ASCII.

    Raises LimitReached above MAX_CONTROL.
    """
    body = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode()
    if len(body) > MAX_CONTROL:
        raise LimitReached(what="bytes of one message", limit=MAX_CONTROL)
    return body


def take_json(body: bytes) -> dict[str, object]:
    """Read a JSON object. Raises ProtocolViolation."""
    if len(body) > MAX_CONTROL:
        raise ProtocolViolation(reason=f"a JSON body of {len(body)} bytes")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ProtocolViolation(reason="a body is not JSON") from error
    if not isinstance(value, dict):
        raise ProtocolViolation(reason="a body is not a JSON object")
    return value
