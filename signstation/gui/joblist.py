"""All jobs of the station as they are now: asked for once, then only those that changed.

A hundred thousand jobs are 30 MB: with each event again they would take all of a processor.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from signstation.errors import SignstationError
from signstation.gui.bridge import Bridge
from signstation.model.jobs import JobEvent, JobRow

if TYPE_CHECKING:  # the engine takes 150 ms to import: the window is painted before
    from signstation.app.api import StationApi

AGAIN_MS = 300
"""Events of jobs come by the thousand: what changed is asked for at most this often."""
MAX_SINGLE = 64
"""Where more jobs changed, the whole list is one question instead of many."""


class JobList(QObject):
    """Newest first. Lives on the GUI thread; one thing is asked for at a time."""

    changed = Signal(object)
    """A tuple of JobRow; where few changed, the others are the same objects as before."""

    failed = Signal(object)
    """A SignstationError."""

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        """Know nothing; ``attach`` brings the station."""
        super().__init__(parent)
        self._bridge = bridge
        self._station: StationApi | None = None
        self._rows: tuple[JobRow, ...] = ()
        self._news: dict[int, JobRow] = {}
        self._touched: set[int] = set()
        self._all = False
        self._open = 0  # questions
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(AGAIN_MS)
        self._timer.timeout.connect(self._go)

    def attach(self, station: StationApi) -> None:
        """Take the station; asks for nothing."""
        self._station = station

    def ask(self) -> None:
        """Ask for all of them."""
        self._all = True
        self._go()

    def hear(self, event: JobEvent) -> None:
        """Take note that a job changed."""
        self._touched.add(event.job)
        if not self._timer.isActive():
            self._timer.start()

    def _go(self) -> None:
        if self._station is None or self._open:
            return
        if self._all or len(self._touched) > MAX_SINGLE:
            self._all = False
            self._touched.clear()
            self._open = 1
            self._bridge.deliver(self._station.jobs(), self._take_all, self._fail)
            return
        touched, self._touched = self._touched, set()
        self._open = len(touched)
        for job in touched:
            self._bridge.deliver(self._station.job(job), self._take, self._miss)

    def _take_all(self, rows: tuple[JobRow, ...]) -> None:
        self._rows = rows
        self._ended(moved=True)

    def _take(self, row: JobRow) -> None:
        self._news[row.id] = row
        self._ended(moved=True)

    def _miss(self, _error: SignstationError) -> None:
        """A job is gone: see which are left."""
        self._all = True
        self._ended(moved=bool(self._news))

    def _fail(self, error: SignstationError) -> None:
        self.failed.emit(error)
        self._ended(moved=False)

    def _ended(self, *, moved: bool) -> None:
        self._open -= 1
        if self._open:
            return
        if self._news:
            self._rows = _merged(self._rows, self._news)
            self._news = {}
        if moved:
            self.changed.emit(self._rows)
        if self._all or self._touched:
            self._timer.start()


def _merged(rows: tuple[JobRow, ...], news: dict[int, JobRow]) -> tuple[JobRow, ...]:
    merged = list(rows)
    for new in news.values():
        place = bisect_left(merged, -new.id, key=lambda row: -row.id)
        if place < len(merged) and merged[place].id == new.id:
            merged[place] = new
        else:
            merged.insert(place, new)
    return tuple(merged)
