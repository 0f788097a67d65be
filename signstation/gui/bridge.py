"""The only place where the station's thread meets Qt's: everything goes through one deque.

Callbacks of futures, results and events are appended on the runner's thread and taken out by one
timer on the GUI thread at 20 Hz (2 Hz while the window is minimised).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from signstation.errors import Cancelled, SignstationError
from signstation.jobs.bugs import bug
from signstation.model.station import StationEvent

TICK_MS = 50
IDLE_TICK_MS = 500
MAX_PER_TICK = 5000
"""Most entries handled in one tick, so that a flood never blocks a repaint."""
BUDGET_S = 0.008
"""After this time no further result is handed over in a tick: half a picture at 60 Hz."""

T = TypeVar("T")


class Bridge(QObject):
    """Owned by the main window; ``put`` from any thread, everything else on the GUI thread."""

    events = Signal(list)
    """A list of StationEvent, oldest first."""

    def __init__(self, parent: QObject) -> None:
        """Start ticking."""
        super().__init__(parent)
        self.waiting = 0
        """Futures that have not been handed over yet; GUI thread only."""
        self._entries: deque[Callable[[], None] | StationEvent] = deque()
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.drain)
        self._timer.start()

    def put(self, event: StationEvent) -> None:
        """Take an event of the station. Any thread; never blocks."""
        self._entries.append(event)

    def later(self, call: Callable[[], None]) -> None:
        """Run ``call`` on the GUI thread at the next tick. Any thread; never blocks."""
        self._entries.append(call)

    def deliver(
        self,
        future: Future[T],
        done: Callable[[T], None],
        failed: Callable[[SignstationError], None],
    ) -> None:
        """Hand a future's result or error to the GUI thread."""
        self.waiting += 1

        def hand_over(ended: Future[T]) -> None:
            self.waiting -= 1
            _hand_over(ended, done, failed)

        def finished(ended: Future[T]) -> None:
            self.later(lambda: hand_over(ended))

        future.add_done_callback(finished)

    def streaming(self, use: Callable[[T], None]) -> Callable[[T], None]:
        """Return a callback for ``on_result`` that calls ``use`` on the GUI thread."""

        def result(value: T) -> None:
            self.later(lambda: use(value))

        return result

    def set_idle(self, *, idle: bool) -> None:
        """Tick slowly while nobody can see the window."""
        self._timer.setInterval(IDLE_TICK_MS if idle else TICK_MS)

    def stop(self) -> None:
        """Stop ticking and drop what is left; called once, when the window closes."""
        self._timer.stop()
        self._entries.clear()

    def drain(self) -> None:
        """Handle what has come since the last tick."""
        batch: list[StationEvent] = []
        enough = time.perf_counter() + BUDGET_S
        for _ in range(min(len(self._entries), MAX_PER_TICK)):
            entry = self._entries.popleft()
            if callable(entry):
                entry()
                if time.perf_counter() > enough:
                    break
            else:
                batch.append(entry)
        if batch:
            self.events.emit(batch)


def _hand_over(
    future: Future[T], done: Callable[[T], None], failed: Callable[[SignstationError], None]
) -> None:
    try:
        value = future.result()
    except SignstationError as error:
        failed(error)
    except CancelledError:
        failed(Cancelled())
    except Exception as error:  # noqa: BLE001 - a bug must reach the person, not vanish in a timer
        failed(bug(error))
    else:
        done(value)
