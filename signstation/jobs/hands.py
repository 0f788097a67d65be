"""Threads for file operations, so that a slow disk or a dead server never stops the loop."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from signstation.errors import Cancelled

T = TypeVar("T")

MAX_GROUP = 64
"""Most results that are handed over at once: half of the runner's window."""


def nothing(_result: object) -> None:
    """Undo nothing."""


@dataclass(slots=True)
class _Task:
    work: Callable[[], object]
    future: asyncio.Future[Any] | None
    undo: Callable[[Any], None]
    result: object = None
    error: BaseException | None = None

    def run(self) -> None:
        try:
            self.result = self.work()
        except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
            self.error = error

    def complete(self) -> None:
        if self.future is None:
            return
        if self.future.done():  # nobody waits any more
            if self.error is None:
                self.undo(self.result)
        elif self.error is not None:
            self.future.set_exception(self.error)
            self.future.exception()  # noted: whoever waited may have been cancelled
        else:
            self.future.set_result(self.result)


class Hands:
    """Does small work in order of arrival; results cross to the loop in groups, which is cheap."""

    def __init__(self, name: str) -> None:
        """Start the thread."""
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def do(self, work: Callable[[], T], undo: Callable[[T], None] = nothing) -> asyncio.Future[T]:
        """Run ``work`` on the thread; the future has its result or what it raised.

        Work is done also when the future is cancelled meanwhile; then ``undo`` gets its result, on
        the loop's thread: to close what was opened.
        """
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put(_Task(work, future, undo))
        return future

    def later(self, work: Callable[[], object]) -> None:
        """Run ``work``, which does not fail, after what is queued; nobody waits for it."""
        self._queue.put(_Task(work, None, nothing))

    def close(self) -> None:
        """Finish what is queued and end the thread. Blocks."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (task := self._queue.get()) is not None:
            group = [task]
            task.run()
            while len(group) < MAX_GROUP and not self._queue.empty():
                following = self._queue.get()
                if following is None:
                    self._queue.put(None)
                    break
                following.run()
                group.append(following)
            with suppress(RuntimeError):  # the loop has ended: nobody waits
                self._loop.call_soon_threadsafe(_complete, group)


def _complete(group: list[_Task]) -> None:
    for task in group:
        task.complete()


async def in_a_thread(
    work: Callable[[Callable[[], None]], T], undo: Callable[[T], None] = nothing
) -> T:
    """Run long work on a thread of its own.

    ``work`` is given a checkpoint that raises Cancelled when this is cancelled; it is waited for
    until it has ended, and ``undo`` gets its result if there is one all the same.
    """
    stop = threading.Event()

    def checkpoint() -> None:
        if stop.is_set():
            raise Cancelled

    running = asyncio.ensure_future(asyncio.to_thread(work, checkpoint))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait([running])
        if running.exception() is None:
            undo(running.result())
        raise
