"""The loop that check, hash and tool workers share: calls in order, cancelled and answered for."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import NoReturn

from signstation.errors import Cancelled
from signstation.worker.channel import Channel, Message
from signstation.worker.failures import put_failure
from signstation.worker.frames import FrameType

HEAVY = 64 * 1024 * 1024
"""Bytes above which an item takes a whole worker (DESIGN.md section 6)."""
NOTEWORTHY = 1024 * 1024
"""Bytes from which on a call is long enough that nothing gathered may wait for its end."""
PROGRESS_SECONDS = 0.1
"""Seconds between two progress frames of a worker: ten a second."""

_U64 = 8


class Suspended(Exception):
    """Not an error: raised by a handler whose call goes on with a later message."""


class Desk:
    """Takes messages from the channel and runs them, one at a time, through a handler.

    A handler returns the body of the RESULT, or raises Suspended. It owns its message's
    descriptors. While a heavy call reads, light ones that arrive are run at its checkpoints, so
    that neither new small items nor answers for suspended ones wait for gigabytes to be hashed.
    """

    def __init__(self, channel: Channel, handle: Callable[[Message], bytes]) -> None:
        """``handle`` runs one message."""
        self._channel = channel
        self._handle = handle
        self._queue: deque[Message] = deque()
        self._current: list[int] = []  # calls on the stack: at most a heavy one and a light one
        self._cancelled: set[int] = set()
        self._suspended: dict[int, Callable[[], None]] = {}
        self._reported = 0.0

    def serve(self) -> NoReturn:
        """Work until the station is gone."""
        while True:
            if not self._queue:
                self._absorb(self._channel.receive())
            while self._queue:
                self._run(self._queue.popleft())

    def suspend(self, number: int, close: Callable[[], None]) -> NoReturn:
        """Leave a call until its next message; ``close`` drops it when it is cancelled."""
        self._suspended[number] = close
        raise Suspended

    def resumed(self, number: int) -> None:
        """Take note that a suspended call runs again."""
        self._suspended.pop(number, None)

    def progress(self, number: int, size: int) -> Callable[[int], None]:
        """Return the checkpoint of a call over ``size`` bytes; it raises Cancelled."""
        if size >= NOTEWORTHY:
            self._channel.flush()
        return lambda done: self._checkpoint(number, done, heavy=size > HEAVY)

    def _checkpoint(self, number: int, done: int, *, heavy: bool) -> None:
        self._absorb(self._channel.poll())
        if number in self._cancelled:
            raise Cancelled
        now = time.monotonic()
        if now >= self._reported + PROGRESS_SECONDS:
            self._reported = now
            self._channel.send(FrameType.PROGRESS, number, done.to_bytes(_U64, "big"))
        if heavy and len(self._current) == 1:
            while self._queue:
                self._run(self._queue.popleft())
        self._channel.flush()

    def _absorb(self, messages: list[Message]) -> None:
        """Queue messages; cancellations and pings are answered at once, ahead of the queue."""
        for message in messages:
            if message.type is FrameType.PING:
                self._channel.send(FrameType.PONG, message.number)
            elif message.type is FrameType.CANCEL:
                self._cancel(message.number)
            else:
                self._queue.append(message)

    def _cancel(self, number: int) -> None:
        if number in self._current:
            self._cancelled.add(number)
            return
        for message in [m for m in self._queue if m.number == number and _is_call(m)]:
            self._queue.remove(message)
            message.close()
            self._suspended.setdefault(number, _nothing)
        if (close := self._suspended.pop(number, None)) is not None:
            self._answer(number, lambda: _cancelled_by(close))

    def _run(self, message: Message) -> None:
        if message.type is FrameType.DEFINE:
            self._handle(message)
            return
        self._current.append(message.number)
        try:
            self._answer(message.number, lambda: self._handle(message))
        finally:
            self._current.pop()
            self._cancelled.discard(message.number)

    def _answer(self, number: int, act: Callable[[], bytes]) -> None:
        """Send what ``act`` returns, or why it failed."""
        try:
            result = act()
        except Suspended:
            return
        except Exception as error:  # noqa: BLE001 - hostile content met a bug; the worker goes on
            self._channel.send(FrameType.ERROR, number, put_failure(error))
        else:
            self._channel.send(FrameType.RESULT, number, result)


def _is_call(message: Message) -> bool:
    """Definitions have numbers of their own and are never cancelled."""
    return message.type is not FrameType.DEFINE


def _nothing() -> None:
    """Close nothing: the call had not begun."""


def _cancelled_by(close: Callable[[], None]) -> bytes:
    close()
    raise Cancelled
