"""A thread for small file operations, so that a slow disk or a dead server never stops the loop."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")

MAX_GROUP = 64
"""Most results that are handed over at once: half of the runner's window."""


@dataclass(slots=True)
class _Task:
    work: Callable[[], object]
    future: asyncio.Future[Any]
    result: object = None
    error: BaseException | None = None

    def run(self) -> None:
        try:
            self.result = self.work()
        except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
            self.error = error

    def complete(self) -> None:
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
            self.future.exception()  # noted: whoever waited may have been cancelled
        else:
            self.future.set_result(self.result)


class Hands:
    """Does work in order of arrival; results cross to the event loop in groups, which is cheap."""

    def __init__(self, name: str) -> None:
        """Start the thread."""
        self._queue: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def do(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Run ``work`` on the thread; the future has its result or what it raised.

        Work that has begun is not interrupted when the future is cancelled: what it opened is its
        own to close.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put(_Task(work, future))
        return future

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
                task.future.get_loop().call_soon_threadsafe(_complete, group)


def _complete(group: list[_Task]) -> None:
    for task in group:
        task.complete()
