"""Submits the plans of a release and follows their jobs until all are final."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from signstation.app.api import MAX_STEPS_PER_CALL, StationApi
from signstation.errors import SignstationError
from signstation.gui.bridge import Bridge
from signstation.model.jobs import JobEvent, JobRow, JobState, StepRow
from signstation.model.orders import PlanSummary
from signstation.model.station import StationEvent

REFRESH_MS = 200
"""Least time between two readings of the steps, in milliseconds."""


class SignRun(QObject):
    """Emits ``changed`` with all steps of the release, in order. Lives on the GUI thread."""

    changed = Signal(list)
    failed = Signal(object)

    def __init__(self, station: StationApi, bridge: Bridge, parent: QObject) -> None:
        """Listen to events; start nothing."""
        super().__init__(parent)
        self._station, self._bridge = station, bridge
        self._rows: dict[int, dict[int, StepRow]] = {}
        self._expected = 0
        self._stale: set[int] = set()
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self._read)
        bridge.events.connect(self._events)

    @property
    def busy(self) -> bool:
        """Whether something of the release is still under way."""
        if self._expected > len(self._rows):
            return True
        states = {step.state for rows in self._rows.values() for step in rows.values()}
        return any(not each.final and each is not JobState.INTERRUPTED for each in states)

    def start(self, plans: tuple[PlanSummary, ...]) -> None:
        """Submit every plan that has items."""
        self._rows.clear()
        wanted = [plan for plan in plans if plan.items]
        self._expected = len(wanted)
        self._timer.start()
        for plan in wanted:
            self._bridge.deliver(
                self._station.submit(plan.id), self._submitted, self._not_submitted
            )

    def cancel(self) -> None:
        """Cancel every job of the release that is not final."""
        for job in self._rows:
            self._bridge.deliver(self._station.cancel(job), _nothing, self.failed.emit)

    def _submitted(self, job: int) -> None:
        self._rows[job] = {}
        self._stale.add(job)
        self._bridge.deliver(self._station.wait(job), self._ended, self.failed.emit)

    def _not_submitted(self, error: SignstationError) -> None:
        self._expected -= 1
        self.failed.emit(error)

    def _ended(self, row: JobRow) -> None:
        self._stale.add(row.id)
        self._read()

    def _events(self, events: list[StationEvent]) -> None:
        for event in events:
            if isinstance(event, JobEvent) and event.job in self._rows:
                self._stale.add(event.job)

    def _read(self) -> None:
        for job in tuple(self._stale):
            self._stale.discard(job)
            self._page(job, 0)
        if not self.busy and not self._stale:
            self._timer.stop()

    def _page(self, job: int, offset: int) -> None:
        def came(rows: tuple[StepRow, ...]) -> None:
            self._rows.setdefault(job, {}).update({each.id: each for each in rows})
            if len(rows) == MAX_STEPS_PER_CALL:
                self._page(job, offset + len(rows))
            self.changed.emit(
                [step for number in sorted(self._rows) for step in self._rows[number].values()]
            )

        self._bridge.deliver(self._station.steps(job, offset), came, self.failed.emit)


def _nothing(_: None) -> None:
    """Take no notice: the steps tell what happened."""
