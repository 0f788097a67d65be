"""A station that can be used before it is there: calls wait in line until it listens."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from pathlib import Path
from typing import Any

from signstation.app.apart import StationProcess
from signstation.app.bound import OnItem, Transport
from signstation.app.client import reach
from signstation.app.connect import GNUPG_VARIABLE, WAIT_SECONDS
from signstation.app.methods import Hello, Method
from signstation.codec.stationwire import PROTOCOL
from signstation.errors import SignstationError, StoreLocked, WorkerDied
from signstation.model.secret import Secret
from signstation.model.station import StationEvent

_PAUSE = 0.05
_Act = Callable[[Transport | SignstationError], None]
"""What is done with the station, or with why there is none."""


class AwaitedTransport:
    """Implements ``Transport``; a thread of its own waits for the station's process.

    ``reached`` ends when the station listens, or with why it cannot be had.
    """

    def __init__(self, process: StationProcess, surface: str) -> None:
        """Take the process over and begin to wait. ``surface`` names the caller."""
        self.reached: Future[None] = Future()
        self._process = process
        self._surface = surface
        self._lock = threading.Lock()
        self._transport: Transport | None = None
        self._failure: SignstationError | None = None
        self._line: list[_Act] = []
        self._closed = False
        self._thread = threading.Thread(target=self._wait, name="station awaited", daemon=True)
        self._thread.start()

    def call(
        self, method: Method, arguments: tuple[object, ...], on_item: OnItem | None = None
    ) -> Future[Any]:
        """Begin a call, or put it in line."""
        if self._transport is not None:
            return self._transport.call(method, arguments, on_item)
        future: Future[Any] = Future()

        def send(found: Transport | SignstationError) -> None:
            if isinstance(found, SignstationError):
                _end(future, found)
            elif not future.cancelled():
                _follow(found.call(method, arguments, on_item), future)

        self._in_turn(send)
        return future

    def answer(self, prompt_id: str, secret: Secret) -> Future[None]:
        """Carry a secret on; before there is a station nobody can have asked for one."""
        if self._transport is not None:
            return self._transport.answer(prompt_id, secret)
        secret.wipe()
        future: Future[None] = Future()
        future.set_exception(WorkerDied(kind="station"))
        return future

    def subscribe(self, listener: Callable[[StationEvent], None]) -> Callable[[], None]:
        """Hear events as soon as there are any."""
        if self._transport is not None:
            return self._transport.subscribe(listener)
        subscription = _Subscription(listener)
        self._in_turn(subscription.begin)
        return subscription.end

    def close(self) -> None:
        """Hang up; the process ends in order when it was started for this caller. Blocks."""
        self._closed = True
        if self._transport is None:
            self._process.close()  # wakes the thread
        self._thread.join()
        if self._transport is not None:
            self._transport.close()
        self._process.close()

    def _in_turn(self, act: _Act) -> None:
        """Do it now, or when it is known whether there is a station."""
        with self._lock:
            found = self._transport or self._failure
            if found is None:
                self._line.append(act)
                return
        act(found)

    def _wait(self) -> None:
        try:
            transport = self._reach()
        except SignstationError as error:
            self._settle(error)
            self.reached.set_exception(error)
        else:
            self._settle(transport)
            self.reached.set_result(None)

    def _reach(self) -> Transport:
        named = os.environ.get(GNUPG_VARIABLE)
        hello = Hello(PROTOCOL, self._surface, Path(named).absolute() if named else None)
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            self._process.settled()
            transport = reach(self._process.home, hello)
            if transport is not None:
                return transport
            # Another process owned the directory and is ending, or just began: it, or we next.
            if self._closed or time.monotonic() > deadline:
                raise StoreLocked(path=str(self._process.home))
            time.sleep(_PAUSE)
            self._process.close()
            self._process = StationProcess(self._process.home, self._surface)

    def _settle(self, found: Transport | SignstationError) -> None:
        """Let those who wait in line go on, in their order, before anybody who comes later."""
        while True:
            with self._lock:
                line, self._line = self._line, []
                if not line:
                    if isinstance(found, SignstationError):
                        self._failure = found
                    else:
                        self._transport = found
                    return
            for act in line:
                act(found)


class _Subscription:
    """A listener that may leave before there is anything to hear."""

    def __init__(self, listener: Callable[[StationEvent], None]) -> None:
        self._listener = listener
        self._lock = threading.Lock()
        self._ended = False
        self._unsubscribe: Callable[[], None] | None = None

    def begin(self, found: Transport | SignstationError) -> None:
        with self._lock:
            if not self._ended and not isinstance(found, SignstationError):
                self._unsubscribe = found.subscribe(self._listener)

    def end(self) -> None:
        with self._lock:
            self._ended = True
            if self._unsubscribe is not None:
                self._unsubscribe()


def _follow(inner: Future[Any], outer: Future[Any]) -> None:
    """Let ``outer`` end as ``inner`` does, and give ``inner`` up when ``outer`` is cancelled."""

    def ended(_: Future[Any]) -> None:
        if inner.cancelled():
            outer.cancel()
        elif (error := inner.exception()) is not None:
            _end(outer, error)
        else:
            with suppress(InvalidStateError):  # cancelled at this moment
                outer.set_result(inner.result())

    outer.add_done_callback(lambda _: inner.cancel() if outer.cancelled() else None)
    inner.add_done_callback(ended)


def _end(future: Future[Any], error: BaseException) -> None:
    with suppress(InvalidStateError):  # cancelled at this moment
        future.set_exception(error)
