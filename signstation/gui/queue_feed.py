"""Keeps the steps of one job up to date: loads them page by page, asks again for what changed.

A hundred thousand steps never travel at once, and a flood of events costs at most one question at
a time.
"""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import QObject, QTimer, Signal

from signstation.app.api import MAX_STEPS_PER_CALL, StationApi
from signstation.errors import SignstationError
from signstation.gui.bridge import Bridge
from signstation.model.jobs import JobState, StepRow

AGAIN_MS = 250
"""Changed pages are asked for again at most this often."""


class StepFeed(QObject):
    """Steps of the watched job, in order. Lives on the GUI thread."""

    reset = Signal()
    """Another job is watched, or the same one from the beginning."""

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
        self._job: int | None = None
        self._round = 0
        self._busy = False
        self._whole = False
        self._dirty: set[int] = set()
        self._numbers: dict[int, int] = {}
        self.rows: list[StepRow] = []
        self.states: Counter[JobState] = Counter()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(AGAIN_MS)
        self._timer.timeout.connect(self._ask)

    @property
    def job(self) -> int | None:
        """The watched job."""
        return self._job

    def watch(self, job: int | None) -> None:
        """Begin with another job, or with the same one from the beginning."""
        self._job = job
        self._round += 1
        self._busy = self._whole = False
        self._dirty.clear()
        self._numbers.clear()
        self.rows = []
        self.states.clear()
        self.reset.emit()
        self._ask()

    def touch(self, step: int | None) -> None:
        """A step changed, or for None the job: perhaps all of its steps."""
        if step is None:
            self._dirty.update(range(len(self.rows) // MAX_STEPS_PER_CALL + 1))
        elif step in self._numbers:
            self._dirty.add(self._numbers[step] // MAX_STEPS_PER_CALL)
        if self._dirty and not self._timer.isActive():
            self._timer.start()

    def _ask(self) -> None:
        if self._job is None or self._busy:
            return
        if not self._whole:
            page = len(self.rows) // MAX_STEPS_PER_CALL
        elif self._dirty:
            page = min(self._dirty)
        else:
            return
        self._dirty.discard(page)
        self._busy = True
        number, offset = self._round, page * MAX_STEPS_PER_CALL

        def done(rows: tuple[StepRow, ...]) -> None:
            if number == self._round:
                self._busy = False
                self._take(offset, rows)

        def failed(error: SignstationError) -> None:
            if number == self._round:
                self._busy = False
                self._whole = True
                self.failed.emit(error)

        self._bridge.deliver(self._station.steps(self._job, offset), done, failed)

    def _take(self, offset: int, rows: tuple[StepRow, ...]) -> None:
        known = self.rows[offset : offset + len(rows)]
        changes = {
            offset + place: new
            for place, (old, new) in enumerate(zip(known, rows, strict=False))
            if old != new
        }
        for number, new in changes.items():
            self.states[self.rows[number].state] -= 1
            self.states[new.state] += 1
            self.rows[number] = new
        fresh = list(rows[len(known) :])
        for place, each in enumerate(fresh, len(self.rows)):
            self._numbers[each.id] = place
            self.states[each.state] += 1
        self.rows.extend(fresh)
        if changes:
            self.changed.emit(changes)
        if fresh:
            self.appended.emit(fresh)
        self._whole = self._whole or len(rows) < MAX_STEPS_PER_CALL
        if not self._whole:
            self._ask()
        elif self._dirty:
            self._timer.start()
