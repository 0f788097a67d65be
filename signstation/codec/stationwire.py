"""Frames on the station's socket: a length, a type, a call number and JSON, or a secret.

Layout: 4 bytes length of what follows, 1 byte type, 4 bytes call number (all big-endian), payload.
JSON is ASCII, so that names with undecodable bytes (lone surrogates) survive. A secret travels in a
frame type of its own, that no JSON encoder, logger or recorder can produce or read.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from signstation.errors import ProtocolViolation
from signstation.model.secret import Secret

PROTOCOL = 1
"""Version of this protocol; a peer of another version is refused with both numbers."""

MAX_FRAME = 128 * 1024 * 1024
"""Largest frame in bytes: the plan of 100,000 artifacts takes about 50 MB."""
MAX_HELLO = 16 * 1024
"""Largest frame in bytes before the peer has said hello."""
MAX_SECRET = 4096
"""Largest secret in bytes; gpg-agent takes 255 characters, a PIN is shorter."""
MAX_PROMPT_ID = 64
"""Longest prompt id in bytes."""
FIRST_BUFFER = 64 * 1024
"""Bytes that a peer's buffer starts with."""

_HEADER = struct.Struct(">IBI")
_LENGTH = struct.Struct(">I")
_INNER = _HEADER.size - _LENGTH.size


class FrameType(Enum):
    """What a frame is; from the client unless said otherwise."""

    HELLO = 1  # who calls: version, surface, GnuPG home; answered by WELCOME
    CALL = 2  # {"method", "arguments"}
    ABANDON = 3  # the caller no longer wants the answer of this call
    SECRET = 4  # the answer to a prompt: binary, see pack_secret
    WELCOME = 16  # from the station: version, build
    ITEM = 17  # from the station: one partial result of a call
    RESULT = 18  # from the station: the answer of a call
    ERROR = 19  # from the station: an error in its wire form instead of an answer
    EVENT = 20  # from the station: something happened; call number 0


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame with a JSON payload, already parsed."""

    type: FrameType
    call: int
    data: object


@dataclass(frozen=True, slots=True)
class SecretFrame:
    """The answer to prompt ``prompt_id``; whoever takes the secret wipes it."""

    call: int
    prompt_id: str
    secret: Secret


def pack(type_: FrameType, call: int, data: object) -> bytes:
    """Return a frame with a JSON payload. Raises ProtocolViolation above MAX_FRAME."""
    payload = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode()
    if _INNER + len(payload) > MAX_FRAME:
        raise ProtocolViolation(reason=f"a frame of {len(payload)} bytes is too large")
    return _HEADER.pack(_INNER + len(payload), type_.value, call) + payload


def pack_secret(call: int, prompt_id: str, secret: Secret) -> bytearray:
    """Return a SECRET frame: header, 1 byte length of the id, id, secret. The caller wipes it."""
    name = prompt_id.encode("ascii")
    with secret.open() as opened:
        if len(opened) > MAX_SECRET or len(name) > MAX_PROMPT_ID:
            raise ProtocolViolation(reason="a secret is too long")
        frame = bytearray(_HEADER.size + 1 + len(name) + len(opened))
        inner = len(frame) - _LENGTH.size
        _HEADER.pack_into(frame, 0, inner, FrameType.SECRET.value, call)
        frame[_HEADER.size] = len(name)
        frame[_HEADER.size + 1 : _HEADER.size + 1 + len(name)] = name
        frame[_HEADER.size + 1 + len(name) :] = opened
    return frame


class FrameBuffer:
    """Collects received bytes and takes frames out; bytes of secrets are wiped where they lay."""

    def __init__(self, limit: int = MAX_HELLO) -> None:
        """``limit`` is the largest frame in bytes; raise it when the peer has said hello."""
        self.limit = limit
        self._data = bytearray(FIRST_BUFFER)
        self._used = 0

    def space(self) -> memoryview:
        """Return the free part, at least one byte, for ``recv_into``."""
        if self._used == len(self._data):
            old = self._data
            self._data = old + bytes(len(old))
            old[:] = bytes(len(old))  # it may hold a part of a secret
        return memoryview(self._data)[self._used :]

    def received(self, count: int) -> Iterator[Frame | SecretFrame]:
        """Take note of ``count`` bytes in the space and yield the frames that are now whole.

        Raises ProtocolViolation; the connection is then of no more use. Use it up before the next
        ``space``.
        """
        self._used += count
        start = 0
        try:
            while (end := self._end_of_frame(start)) is not None:
                frame = self._take(start, end)
                start = end
                yield frame
        finally:
            self._drop(start)

    def _end_of_frame(self, start: int) -> int | None:
        if self._used - start < _LENGTH.size:
            return None
        length: int = _LENGTH.unpack_from(self._data, start)[0]
        if not _INNER <= length <= self.limit:
            raise ProtocolViolation(reason=f"a frame of {length} bytes")
        end = start + _LENGTH.size + length
        return end if end <= self._used else None

    def _take(self, start: int, end: int) -> Frame | SecretFrame:
        _, number, call = _HEADER.unpack_from(self._data, start)
        body = start + _HEADER.size
        try:
            kind = FrameType(number)
        except ValueError as error:
            raise ProtocolViolation(reason=f"unknown frame type {number}") from error
        if kind is FrameType.SECRET:
            try:
                return self._secret(call, body, end)
            finally:
                self._data[body:end] = bytes(end - body)
        try:
            data = json.loads(bytes(self._data[body:end]))
        except (ValueError, RecursionError) as error:
            raise ProtocolViolation(reason="a frame is not JSON") from error
        return Frame(kind, call, data)

    def _secret(self, call: int, body: int, end: int) -> SecretFrame:
        size = self._data[body] if body < end else MAX_PROMPT_ID + 1
        at = body + 1 + size
        if size > MAX_PROMPT_ID or at > end or end - at > MAX_SECRET:
            raise ProtocolViolation(reason="a malformed secret frame")
        try:
            name = self._data[body + 1 : at].decode("ascii")
        except UnicodeDecodeError as error:
            raise ProtocolViolation(reason="a malformed secret frame") from error
        copy = self._data[at:end]
        try:
            return SecretFrame(call, name, Secret(copy))
        finally:
            copy[:] = bytes(len(copy))

    def _drop(self, count: int) -> None:
        if count:
            left = self._used - count
            self._data[:left] = self._data[count : self._used]
            self._data[left : self._used] = bytes(count)  # the tail of a secret may have moved
            self._used = left
