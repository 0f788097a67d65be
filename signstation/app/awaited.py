"""A station that can be used before it is there, and after it was lost: calls wait in line."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from signstation.app.apart import StationNews, StationProcess
from signstation.app.bound import OnItem
from signstation.app.client import SocketTransport, reach
from signstation.app.connect import WAIT_SECONDS, hello
from signstation.app.methods import QUESTIONS, Method
from signstation.errors import Cancelled, SignstationError, StoreLocked, WorkerDied
from signstation.model.secret import Secret
from signstation.model.station import PromptClosed, PromptOpened, StationEvent

MOST_LOST = 3
"""A station that is lost so often within LOST_SECONDS is not started again."""
LOST_SECONDS = 60.0
LOSS = "station"
"""What died, in WorkerDied."""
_PAUSE = 0.05
_LOG = logging.getLogger(__name__)
_Act = Callable[[SocketTransport | SignstationError], None]
"""What is done with the station, or with why there is none."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A call, and whether it may be made once more when the station is lost over it."""

    future: Future[Any]
    method: Method
    arguments: tuple[object, ...]
    on_item: OnItem | None
    again: bool


class AwaitedTransport:
    """Implements ``Transport``; a thread of its own waits for the station's process and keeps it.

    Where the station is lost (its process was killed, or it was another program's and ended with
    it), another one is started on the same journal: questions that were open are asked again, what
    else was open fails with WorkerDied, open prompts are withdrawn, and later calls wait in line.
    """

    def __init__(
        self,
        process: StationProcess,
        surface: str,
        tell: Callable[[StationNews | SignstationError], None] | None = None,
    ) -> None:
        """Take the process over and begin to wait. ``surface`` names the caller.

        ``tell`` hears, on the thread, when the station is lost and back, and why it is not.
        """
        self.reached: Future[None] = Future()
        """Ends when the first station listens, or with why it cannot be had."""
        self._process = process
        self._hello = hello(surface)
        self._surface = surface
        self._tell = tell
        self._lock = threading.RLock()  # of what follows
        self._transport: SocketTransport | None = None
        self._dead: SocketTransport | None = None
        self._failure: SignstationError | None = None
        self._line: list[_Act] = []
        self._listeners: list[Callable[[StationEvent], None]] = []
        self._prompts: dict[str, PromptOpened] = {}
        self._closed = False
        self._thread = threading.Thread(target=self._keep, name="station awaited", daemon=True)
        self._thread.start()

    def call(
        self, method: Method, arguments: tuple[object, ...], on_item: OnItem | None = None
    ) -> Future[Any]:
        """Begin a call, or put it in line."""
        asked = _Asked(Future(), method, arguments, on_item, again=method in QUESTIONS)
        self._in_turn(partial(self._send, asked))
        return asked.future

    def answer(self, prompt_id: str, secret: Secret) -> Future[None]:
        """Carry a secret on; where there is no station nobody can have asked for one."""
        transport = self._transport
        if transport is not None:
            return transport.answer(prompt_id, secret)
        secret.wipe()
        future: Future[None] = Future()
        future.set_exception(WorkerDied(kind=LOSS))
        return future

    def subscribe(self, listener: Callable[[StationEvent], None]) -> Callable[[], None]:
        """Hear events of this station and of those after it, and first what it asks already.

        The listener is called on any thread and may not block.
        """
        with self._lock:  # so that nothing is closed before it was opened
            self._listeners.append(listener)
            for each in self._prompts.values():
                listener(each)

        def end() -> None:
            with self._lock, suppress(ValueError):
                self._listeners.remove(listener)

        return end

    def close(self) -> None:
        """Hang up; the process ends in order when it was started for this caller. Blocks."""
        with self._lock:
            self._closed = True
            transport = self._transport
        if transport is None:
            self._process.close()  # wakes the thread
        else:
            transport.close()
        self._thread.join()
        self._process.close()

    def _in_turn(self, act: _Act) -> None:
        """Do it now, or when it is known whether there is a station."""
        with self._lock:
            found = self._transport or self._failure
            if found is None:
                self._line.append(act)
                return
        act(found)

    def _send(self, asked: _Asked, found: SocketTransport | SignstationError) -> None:
        if isinstance(found, SignstationError):
            _end(asked.future, found)
            return
        if asked.future.cancelled():
            return
        inner = found.call(asked.method, asked.arguments, asked.on_item)
        outer = asked.future

        def ended(_: Future[Any]) -> None:
            if inner.cancelled():
                outer.cancel()
            elif (error := inner.exception()) is None:
                with suppress(InvalidStateError):  # cancelled at this moment
                    outer.set_result(inner.result())
            elif asked.again and _is_loss(error):
                # Waiting for a job ends no station; of another question it is not certain.
                self._lose(found)
                later = replace(asked, again=asked.method is Method.WAIT)
                self._in_turn(partial(self._send, later))
            else:
                _end(outer, error)

        outer.add_done_callback(lambda _: inner.cancel() if outer.cancelled() else None)
        inner.add_done_callback(ended)

    def _keep(self) -> None:
        """Have a station, and another one whenever it is lost, until this is closed."""
        lost: deque[float] = deque(maxlen=MOST_LOST)
        while True:
            try:
                transport = self._reach(fresh=bool(lost))
            except SignstationError as error:
                self._give_up(error)
                return
            self._settle(transport)
            if not lost:
                self.reached.set_result(None)
            else:
                self._say(StationNews.BACK)
            if self._closed:
                transport.close()
            transport.join()
            self._lose(transport)
            self._withdraw_prompts()
            if self._closed:
                self._give_up(Cancelled())
                return
            lost.append(time.monotonic())
            if len(lost) == MOST_LOST and lost[-1] - lost[0] < LOST_SECONDS:
                self._give_up(WorkerDied(kind=LOSS))
                return
            self._say(StationNews.LOST)

    def _reach(self, *, fresh: bool) -> SocketTransport:
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            if fresh:
                self._process.close()
                self._process = StationProcess(self._process.home, self._surface)
            self._process.settled()
            transport = reach(self._process.home, self._hello, self._hear)
            if transport is not None:
                return transport
            # Another process owned the directory and is ending, or just began: it, or we next.
            if self._closed or time.monotonic() > deadline:
                raise StoreLocked(path=str(self._process.home))
            time.sleep(_PAUSE)
            fresh = True

    def _settle(self, found: SocketTransport | SignstationError) -> None:
        """Let those who wait in line go on, in their order, before anybody who comes later."""
        while True:
            with self._lock:
                if found is self._dead:
                    return
                line, self._line = self._line, []
                if not line:
                    if isinstance(found, SignstationError):
                        self._failure = found
                    else:
                        self._transport = found
                    return
            for act in line:
                act(found)

    def _lose(self, dead: SocketTransport) -> None:
        """Let calls wait from now on: whoever notices first says so."""
        with self._lock:
            self._dead = dead
            if self._transport is dead:
                self._transport = None

    def _give_up(self, error: SignstationError) -> None:
        self._settle(error)
        if not self.reached.done():
            self.reached.set_exception(error)
        elif not self._closed:
            self._say(error)

    def _say(self, news: StationNews | SignstationError) -> None:
        if self._tell is not None:
            self._tell(news)

    def _hear(self, event: StationEvent) -> None:
        """Pass an event on. On the thread that reads."""
        with self._lock:
            listeners = tuple(self._listeners)
            match event:
                case PromptOpened(prompt):
                    self._prompts[prompt.id] = event
                case PromptClosed(prompt_id):
                    self._prompts.pop(prompt_id, None)
        for listener in listeners:
            try:
                listener(event)
            except Exception:  # noqa: BLE001 - a guest's fault must not end the connection
                _LOG.exception("a listener failed")

    def _withdraw_prompts(self) -> None:
        """Close what the lost station asked: nobody is there to take an answer."""
        with self._lock:
            prompts = tuple(self._prompts)
        for each in prompts:
            self._hear(PromptClosed(each))


def _is_loss(error: BaseException) -> bool:
    return isinstance(error, WorkerDied) and error.kind == LOSS


def _end(future: Future[Any], error: BaseException) -> None:
    with suppress(InvalidStateError):  # cancelled at this moment
        future.set_exception(error)
