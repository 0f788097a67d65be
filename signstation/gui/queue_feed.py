"""Keeps the steps of jobs up to date: loads them page by page, asks again for what changed.

A hundred thousand steps never travel at once, and a flood of events costs at most one question at
a time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer, Signal

from signstation.app.api import MAX_STEPS_PER_CALL, StationApi
from signstation.errors import SignstationError
from signstation.gui.bridge import Bridge
from signstation.model.jobs import JobRow, JobState, StepRow

AGAIN_MS = 250
"""Changed pages are asked for again at most this often."""
MAX_JOBS = 500
"""Most jobs whose steps are loaded together: each costs a question."""


class StepFeed(QObject):
    """Steps of the watched jobs, one job after another, in order. Lives on the GUI thread."""

    reset = Signal()
    """Other jobs are watched, or the same ones from the beginning."""

    appended = Signal(list)
    """More StepRow at the end."""

    changed = Signal(object)
    """A dictionary of StepRow by number (Qt converts only dictionaries of strings)."""

    failed = Signal(object)
    """A SignstationError."""

    def __init__(self, station: StationApi, bridge: Bridge, parent: QObject) -> None:
        """Watch nothing yet."""
        super().__init__(parent)
        self._station, self._bridge = station, bridge
        self._jobs: tuple[int, ...] = ()
        self._pages: list[tuple[int, int]] = []  # job, and offset in it
        self._starts: list[int] = []  # number of the first step of each page
        self._loaded = 0  # pages, from the first on
        self._round = 0
        self._busy = False
        self._dirty: set[int] = set()
        self._numbers: dict[int, int] = {}
        self.rows: list[StepRow] = []
        self.states: Counter[JobState] = Counter()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(AGAIN_MS)
        self._timer.timeout.connect(self._ask)

    @property
    def jobs(self) -> tuple[int, ...]:
        """The watched jobs."""
        return self._jobs

    def watch(self, jobs: Sequence[JobRow]) -> None:
        """Begin with other jobs, or with the same ones from the beginning."""
        watched = jobs[:MAX_JOBS]
        self._jobs = tuple(each.id for each in watched)
        self._pages, self._starts, self._loaded = [], [], 0
        start = 0
        for each in watched:
            for offset in range(0, each.steps, MAX_STEPS_PER_CALL):
                self._pages.append((each.id, offset))
                self._starts.append(start + offset)
            start += each.steps
        self._round += 1
        self._busy = False
        self._dirty.clear()
        self._numbers.clear()
        self.rows = []
        self.states.clear()
        self.reset.emit()
        self._ask()

    def touch(self, job: int | None, step: int | None) -> None:
        """A step changed, or for None a job or all of them: perhaps all their steps."""
        if step is not None:
            if step in self._numbers:
                self._dirty.add(bisect_right(self._starts, self._numbers[step]) - 1)
        else:
            pages = enumerate(self._pages[: self._loaded])
            self._dirty.update(page for page, (each, _) in pages if job in {None, each})
        if self._dirty and not self._timer.isActive():
            self._timer.start()

    def _ask(self) -> None:
        if self._busy:
            return
        if self._loaded < len(self._pages):
            page = self._loaded
        elif self._dirty:
            page = min(self._dirty)
        else:
            return
        self._dirty.discard(page)
        self._busy = True
        number = self._round

        def done(rows: tuple[StepRow, ...]) -> None:
            if number == self._round:
                self._busy = False
                self._take(page, rows)

        def failed(error: SignstationError) -> None:
            if number == self._round:
                self._busy = False
                self._pages = self._pages[: self._loaded]
                self.failed.emit(error)

        self._bridge.deliver(self._station.steps(*self._pages[page]), done, failed)

    def _take(self, page: int, rows: tuple[StepRow, ...]) -> None:
        if page == self._loaded:
            self._loaded += 1
            self._append(rows)
        else:
            self._change(self._starts[page], rows)
        if self._loaded < len(self._pages):
            self._ask()
        elif self._dirty:
            self._timer.start()

    def _append(self, rows: tuple[StepRow, ...]) -> None:
        for place, each in enumerate(rows, len(self.rows)):
            self._numbers[each.id] = place
            self.states[each.state] += 1
        self.rows.extend(rows)
        if rows:
            self.appended.emit(list(rows))

    def _change(self, start: int, rows: tuple[StepRow, ...]) -> None:
        known = self.rows[start : start + len(rows)]
        changes = {
            start + place: new
            for place, (old, new) in enumerate(zip(known, rows, strict=False))
            if old != new
        }
        for number, new in changes.items():
            self.states[self.rows[number].state] -= 1
            self.states[new.state] += 1
            self.rows[number] = new
        if changes:
            self.changed.emit(changes)
