"""What is not in the rows of the queue: the log of an artifact, and what its job was ordered to do.

Asked for when a pick has stood for a moment: who walks through a long list asks for nothing.
"""

from __future__ import annotations

from pathlib import PurePath

from PySide6.QtCore import QObject, QTimer, Signal

from signstation.app.api import StationApi
from signstation.errors import SignstationError
from signstation.gui.bridge import Bridge
from signstation.model.audit import AuditFilter, AuditRecord
from signstation.model.jobdetail import JobDetail
from signstation.model.jobs import StepRow

STANDS_MS = 250
"""A pick that stands this long is read about."""


class Story(QObject):
    """Asks the station, one question after another. Lives on the GUI thread."""

    log_told = Signal(object, object)
    """A StepRow and its AuditRecord, oldest first."""

    order_told = Signal(object)
    """A JobDetail."""

    failed = Signal(object, object)
    """What was asked for (a StepRow or a job's number), and the SignstationError."""

    def __init__(self, station: StationApi, bridge: Bridge, parent: QObject) -> None:
        """Know nothing yet."""
        super().__init__(parent)
        self._station, self._bridge = station, bridge
        self._wanted: StepRow | int | None = None
        self._order: JobDetail | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(STANDS_MS)
        self._timer.timeout.connect(self._ask)

    def want(self, what: StepRow | int | None) -> None:
        """Ask for the log of an artifact, or the order of a job, unless something else comes."""
        self._wanted = what
        if self._order is not None and what == self._order.job:
            self.order_told.emit(self._order)  # what was ordered never changes
        elif what is not None:
            self._timer.start()

    def _ask(self) -> None:
        wanted = self._wanted

        def failed(error: SignstationError) -> None:
            self.failed.emit(wanted, error)

        if isinstance(wanted, StepRow):
            self._ask_log(wanted)
        elif wanted is not None:
            self._bridge.deliver(self._station.job_detail(wanted), self._take_order, failed)

    def _ask_log(self, step: StepRow) -> None:
        def take(records: tuple[AuditRecord, ...]) -> None:
            self.log_told.emit(step, [each for each in reversed(records) if _of(each, step)])

        def failed(error: SignstationError) -> None:
            self.failed.emit(step, error)

        # the name is in the path of the artifact and in that of its results
        wanted = AuditFilter(text=PurePath(step.path).name)
        self._bridge.deliver(self._station.audit_records(wanted, 0), take, failed)

    def _take_order(self, detail: JobDetail) -> None:
        self._order = detail
        self.order_told.emit(detail)


def _of(record: AuditRecord, step: StepRow) -> bool:
    """Return whether a record is of this artifact: another one may have its name."""
    numbers = {value for name, value in record.details if name == "step"}
    return record.job == step.job and numbers <= {str(step.id)}
