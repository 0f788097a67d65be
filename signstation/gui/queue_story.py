"""What is not in the rows of the queue: the log of an artifact, and what its job was ordered to do.

One question at a time: who walks through a long list asks about the last pick only.
"""

from __future__ import annotations

from pathlib import PurePath

from PySide6.QtCore import QObject, Signal

from signstation.app.api import StationApi
from signstation.errors import SignstationError
from signstation.gui.bridge import Bridge
from signstation.model.audit import AuditFilter, AuditRecord
from signstation.model.jobdetail import JobDetail
from signstation.model.jobs import StepRow


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
        self._busy = False

    def want(self, what: StepRow | int | None) -> None:
        """Ask for the log of an artifact, or the order of a job, unless something else comes."""
        self._wanted = what
        if self._order is not None and what == self._order.job:
            self._wanted = None
            self.order_told.emit(self._order)  # what was ordered never changes
        elif not self._busy:
            self._ask()

    def _ask(self) -> None:
        wanted, self._wanted = self._wanted, None
        if wanted is None:
            return
        self._busy = True

        def failed(error: SignstationError) -> None:
            self.failed.emit(wanted, error)
            self._next()

        if not isinstance(wanted, StepRow):
            self._bridge.deliver(self._station.job_detail(wanted), self._take_order, failed)
            return

        def take(records: tuple[AuditRecord, ...]) -> None:
            mine = [each for each in reversed(records) if _of(each, wanted)]
            self.log_told.emit(wanted, mine)
            self._next()

        # the name is in the path of the artifact and in that of its results
        asked = AuditFilter(text=PurePath(wanted.path).name)
        self._bridge.deliver(self._station.audit_records(asked, 0), take, failed)

    def _take_order(self, detail: JobDetail) -> None:
        self._order = detail
        self.order_told.emit(detail)
        self._next()

    def _next(self) -> None:
        self._busy = False
        self._ask()


def _of(record: AuditRecord, step: StepRow) -> bool:
    """Return whether a record is of this artifact: another one may have its name."""
    numbers = {value for name, value in record.details if name == "step"}
    return record.job == step.job and numbers <= {str(step.id)}
