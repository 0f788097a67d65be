"""The transport of the process that owns the station: calls go straight to its event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from signstation.app.bound import OnItem
from signstation.app.methods import UNDERTAKINGS, Method
from signstation.app.prompts import Session
from signstation.app.server import Service
from signstation.errors import WorkerDied
from signstation.model.secret import Secret
from signstation.model.station import StationEvent


class LocalTransport:
    """Implements ``Transport`` for one session of the station in this process."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        service: Service,
        session: Session,
        end: Callable[[], None],
    ) -> None:
        """``end`` shuts the station down in order; ``close`` calls it once."""
        self._loop = loop
        self._service = service
        self._session = session
        self._end = end
        self._questions: set[Future[Any]] = set()
        self._lock = threading.Lock()
        self._closed = False

    def call(
        self, method: Method, arguments: tuple[object, ...], on_item: OnItem | None = None
    ) -> Future[Any]:
        """Run the call on the event loop."""

        async def emit(item: object) -> None:
            if on_item:
                on_item(item)
            await asyncio.sleep(0)  # so that a fast producer does not hold the loop

        future = self._run(lambda: self._service.call(self._session, method, arguments, emit))
        if method not in UNDERTAKINGS:
            with self._lock:
                self._questions.add(future)
            future.add_done_callback(self._forget)
        return future

    def answer(self, prompt_id: str, secret: Secret) -> Future[None]:
        """Hand the secret over; who asked wipes it."""

        async def hand_over() -> None:
            self._service.answer(self._session, prompt_id, secret)

        return self._run(hand_over)

    def subscribe(self, listener: Callable[[StationEvent], None]) -> Callable[[], None]:
        """Hear events on the event loop's thread."""
        self._soon(lambda: self._session.listen(listener))
        return lambda: self._soon(lambda: self._session.unlisten(listener))

    def close(self) -> None:
        """Give up open questions and shut the station down."""
        with self._lock:
            closed, self._closed = self._closed, True
            questions = tuple(self._questions)
        if not closed:
            for each in questions:
                each.cancel()
            self._end()

    def _run(self, work: Callable[[], Any]) -> Future[Any]:
        with self._lock:
            closed = self._closed
        if closed:
            future: Future[Any] = Future()
            future.set_exception(WorkerDied(kind="station"))
            return future
        return asyncio.run_coroutine_threadsafe(work(), self._loop)

    def _soon(self, work: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop has ended, and its events with it
            self._loop.call_soon_threadsafe(work)

    def _forget(self, future: Future[Any]) -> None:
        with self._lock:
            self._questions.discard(future)
