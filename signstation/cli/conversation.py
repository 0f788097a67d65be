"""A command's talk with the station: waiting, prompts, progress and Ctrl-C, all on one thread."""

from __future__ import annotations

import os
import queue
import signal
import sys
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from signstation.app.api import StationApi
from signstation.cli.asking import Asker
from signstation.errors import Cancelled, SignstationError
from signstation.model.prompts import NOTICES, Prompt
from signstation.model.station import PromptClosed, PromptOpened, StationEvent
from signstation.reports.words import sentence

T = TypeVar("T")

TICK_SECONDS = 0.2
"""How often progress is shown and a signal is seen at the latest."""


class _Done:
    """Marks that the future that is waited for has ended."""


class Conversation:
    """Waits for the station's answers on the main thread; see ``wait``."""

    def __init__(self, api: StationApi, asker: Asker) -> None:
        """Listen to prompts from now on."""
        self.api = api
        self._asker = asker
        self._queue: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._closed: set[str] = set()
        self._missing: SignstationError | None = None
        self._interrupted = False
        self._end = api.subscribe(self._hear)

    @property
    def missing(self) -> SignstationError | None:
        """The error of the first prompt that could not be answered."""
        return self._missing

    def close(self) -> None:
        """Stop listening and end the connection."""
        self._end()
        self.api.close()

    def wait(
        self,
        future: Future[T],
        *,
        interrupt: Callable[[], object] | None = None,
        tick: Callable[[], None] | None = None,
    ) -> T:
        """Return the future's result; answer prompts and hand out items meanwhile.

        Ctrl-C calls ``interrupt`` (by default the future is cancelled) and goes on waiting; the
        second one ends the process. ``tick`` is called every TICK_SECONDS.
        """
        future.add_done_callback(lambda _: self._queue.put(_Done()))
        while True:
            try:
                self._step(tick)
                if future.done() and self._queue.empty():
                    break
            except KeyboardInterrupt:
                self._stop(interrupt or future.cancel)
        if future.cancelled():
            raise Cancelled
        return future.result()

    def each(self, use: Callable[[T], None]) -> Callable[[T], None]:
        """Return a callback for the station that runs ``use`` on this thread."""

        def put(item: T) -> None:
            self._queue.put(lambda: use(item))

        return put

    def _hear(self, event: StationEvent) -> None:
        if isinstance(event, PromptOpened):
            self._queue.put(event.prompt)
        elif isinstance(event, PromptClosed):
            self._closed.add(event.id)

    def _step(self, tick: Callable[[], None] | None) -> None:
        try:
            got = self._queue.get(timeout=TICK_SECONDS)
        except queue.Empty:
            got = None
        if isinstance(got, Prompt):
            self._answer(got)
        elif callable(got):
            got()
        if tick:
            tick()

    def _answer(self, prompt: Prompt) -> None:
        if prompt.id in self._closed:
            return  # answered by its end, for example a cancelled job
        if prompt.kind in NOTICES:
            sys.stderr.write(f"{sentence(prompt.title)} {sentence(prompt.body)}\n")
            return
        try:
            secret = self._asker.ask(prompt)
        except KeyboardInterrupt:
            self.api.dismiss(prompt.id)
            raise
        except SignstationError as error:
            if not isinstance(error, Cancelled):
                self._missing = self._missing or error
            self.api.dismiss(prompt.id)
        else:
            self.api.answer(prompt.id, secret)

    def _stop(self, interrupt: Callable[[], object]) -> None:
        if self._interrupted:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGINT)
        self._interrupted = True
        sys.stderr.write("\nStopping in order; Ctrl-C again ends at once.\n")
        interrupt()
