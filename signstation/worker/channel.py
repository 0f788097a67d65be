"""A worker's end of its socket: blocking, one message at a time, answers sent in groups."""

from __future__ import annotations

import array
import os
import socket
import sys
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

from signstation.errors import ProtocolViolation
from signstation.model.secret import Secret
from signstation.worker.frames import (
    MAX_AT_ONCE,
    Frame,
    FrameBuffer,
    FrameType,
    SecretFrame,
    pack,
)

GROUP = 8
"""Frames that are gathered before they are sent while more work is at hand: one wake-up of the
station then serves several items, and a key is not kept waiting for long."""
GROUP_BYTES = 64 * 1024
"""The same in bytes."""

_ANCILLARY = socket.CMSG_SPACE(MAX_AT_ONCE * array.array("i").itemsize)


@dataclass(frozen=True, slots=True)
class Message:
    """A received frame with its descriptors, which the receiver owns."""

    type: FrameType
    number: int
    body: bytes
    descriptors: tuple[int, ...] = ()
    secret: Secret | None = None

    def close(self) -> None:
        """Close the descriptors of a message that nobody takes."""
        for descriptor in self.descriptors:
            os.close(descriptor)


class Channel:
    """Receives messages and sends frames. Ends the process when the station is gone."""

    def __init__(self, sock: socket.socket) -> None:
        """Take over a blocking socket."""
        self._socket = sock
        self._buffer = FrameBuffer()
        self._descriptors: deque[int] = deque()
        self._early: list[Message] = []
        self._out: list[bytes] = []
        self._out_bytes = 0

    def first(self) -> Message:
        """Wait for the first message alone; ``receive`` gives those that came with it."""
        first, *self._early = self.receive()
        return first

    def receive(self) -> list[Message]:
        """Wait for messages; what was gathered is sent before."""
        self.flush()
        found, self._early = self._early, []
        while not found:
            found = self._read()
        return found

    def poll(self) -> list[Message]:
        """Return the messages that are there, without waiting."""
        found: list[Message] = []
        with suppress(BlockingIOError):
            while True:
                found += self._read(socket.MSG_DONTWAIT)
        return found

    def _read(self, waiting: int = 0) -> list[Message]:
        with self._buffer.space() as space:
            count, ancillary, flags, _ = self._socket.recvmsg_into(
                (space,), _ANCILLARY, socket.MSG_CMSG_CLOEXEC | waiting
            )
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                self._descriptors.extend(array.array("i", data))
        if flags & socket.MSG_CTRUNC:
            raise ProtocolViolation(reason="descriptors were lost: too many are open")
        if count == 0:
            sys.exit(0)  # the station is gone, and nothing here is of use without it
        return [self._message(frame) for frame in self._buffer.received(count)]

    def _message(self, frame: Frame | SecretFrame) -> Message:
        if isinstance(frame, SecretFrame):
            return Message(FrameType.SECRET, frame.number, b"", (), frame.secret)
        if frame.descriptors > len(self._descriptors):
            raise ProtocolViolation(reason="descriptors are missing")
        taken = tuple(self._descriptors.popleft() for _ in range(frame.descriptors))
        return Message(frame.type, frame.number, frame.body, taken)

    def send(self, type_: FrameType, number: int, body: bytes = b"") -> None:
        """Gather a frame; it leaves with the next group."""
        frame = pack(type_, number, body)
        self._out.append(frame)
        self._out_bytes += len(frame)
        if len(self._out) >= GROUP or self._out_bytes >= GROUP_BYTES:
            self.flush()

    def flush(self) -> None:
        """Send what was gathered. Blocks while the station does not read."""
        if self._out:
            data, self._out, self._out_bytes = b"".join(self._out), [], 0
            try:
                self._socket.sendall(data)
            except (BrokenPipeError, ConnectionResetError):
                sys.exit(0)
