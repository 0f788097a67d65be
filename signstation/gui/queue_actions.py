"""What can be done with the picked job: pause, go on, try again, stop; and why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from signstation.app.api import StationApi
from signstation.errors import SignstationError
from signstation.gui.bridge import Bridge
from signstation.gui.notice import Choice, Notice
from signstation.gui.parts import ActionButton
from signstation.gui.theme import Theme
from signstation.gui.words import tr, trn
from signstation.model.jobs import JobRow, JobState

_BUSY = (JobState.RUNNING, JobState.WAITING, JobState.CANCELLING)


class JobActions(QWidget):
    """A row of buttons; orders go to the station, questions through the page's notice."""

    ordered = Signal()
    """The station has carried something out: look again."""

    failed = Signal(object)
    """A SignstationError."""

    def __init__(
        self, theme: Theme, station: StationApi, bridge: Bridge, notice: Notice, page: QWidget
    ) -> None:
        """Start with nothing to do."""
        super().__init__(page)
        self._station, self._bridge, self._notice = station, bridge, notice
        self._jobs: tuple[JobRow, ...] = ()
        self._states: Mapping[JobState, int] = {}
        self._shown: tuple[tuple[JobRow, ...], str] | None = None
        self.retry = ActionButton(theme, tr("Try the failed ones again"), self, icon="refresh")
        self.resume = ActionButton(theme, tr("Go on"), self, icon="play", kind="primary")
        self.pause = ActionButton(theme, tr("Pause"), self, icon="pause")
        self.cancel = ActionButton(theme, tr("Stop this job…"), self, icon="stop", kind="danger")
        self.retry.clicked.connect(self._retry)
        self.resume.clicked.connect(self._resume)
        self.pause.clicked.connect(self._pause)
        self.cancel.clicked.connect(self.ask_cancel)
        shortcut = QShortcut(QKeySequence("Ctrl+P"), page)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(self.pause.click)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for button in (self.retry, self.resume, self.pause, self.cancel):
            row.addWidget(button)

    def add_reasons(self, column: QVBoxLayout) -> None:
        """Put the reasons of what cannot be done where the page has room for a line."""
        column.addWidget(self.pause.reason)
        column.addWidget(self.cancel.reason)

    def show_jobs(self, jobs: Sequence[JobRow], states: Mapping[JobState, int]) -> None:
        """Offer what these jobs allow; ``states`` counts their artifacts as far as loaded."""
        self._jobs, self._states = tuple(jobs), states
        shown = (self._jobs, self._why_not_pause())
        if shown == self._shown:  # asked for with every page that is loaded
            return
        self._shown = shown
        job = self._one()
        self.retry.setVisible(
            job is not None and job.state in {JobState.FAILED, JobState.CANCELLED}
        )
        self.resume.setVisible(job is not None and job.state is JobState.INTERRUPTED)
        self.cancel.setVisible(job is not None and not job.state.final)
        self.cancel.allow(reason=self._why_not_cancel())
        self._show_pause()

    def pause_all(self, on: bool) -> None:  # noqa: FBT001 - the argument of a signal
        """Pause all jobs, or let all go on."""
        self._order(self._station.pause() if on else self._station.unpause())

    def _show_pause(self) -> None:
        at_work = [
            job
            for job in self._jobs
            if not job.state.final and job.state is not JobState.INTERRUPTED
        ]
        self.pause.setVisible(bool(at_work))
        if any(job.paused for job in at_work):
            self.pause.set(tr("Let it go on"), "play")
            self.pause.allow()
        else:
            self.pause.set(tr("Pause"), "pause")
            self.pause.allow(reason=self._why_not_pause() if at_work else "")
        self.pause.setToolTip(tr("Ctrl+P"))

    def _why_not_pause(self) -> str:
        known = sum(self._states.values())
        whole = known == sum(job.steps for job in self._jobs)
        if whole and not self._states.get(JobState.QUEUED, 0):
            return tr("Nothing waits that could be paused: what is under way ends by itself.")
        return ""

    def _why_not_cancel(self) -> str:
        job = self._one()
        if job is not None and job.state is JobState.PUBLISHING:
            return tr(
                "The last artifacts are getting their names: that cannot be stopped any more."
            )
        return ""

    def _one(self) -> JobRow | None:
        return self._jobs[0] if len(self._jobs) == 1 else None

    def ask_cancel(self) -> None:
        """Say what stopping does to each artifact, and ask."""
        job = self._one()
        if job is None:
            return
        self._notice.ask(
            tr("Stop job {number}?", number=job.id),
            " ".join(cancel_words(job, self._states)),
            Choice(tr("Stop job {number}", number=job.id), tr("Keep signing"), self.stop),
        )

    def stop(self) -> None:
        """Stop the job."""
        if (job := self._one()) is not None:
            self._order(self._station.cancel(job.id))

    def _retry(self) -> None:
        if (job := self._one()) is not None:
            self._order(self._station.retry(job.id))

    def _resume(self) -> None:
        if (job := self._one()) is not None:
            self._order(self._station.resume(job.id))

    def _pause(self) -> None:
        paused = [job for job in self._jobs if job.paused]
        for job in paused:
            self._order(self._station.unpause(job.id))
        for job in self._jobs if not paused else ():
            if not job.state.final and job.state is not JobState.INTERRUPTED:
                self._order(self._station.pause(job.id))

    def _order(self, future: Future[Any]) -> None:
        self._bridge.deliver(future, self._done, self._refused)

    def _done(self, _result: object) -> None:
        self.ordered.emit()

    def _refused(self, error: SignstationError) -> None:
        self.failed.emit(error)


def cancel_words(job: JobRow, states: Mapping[JobState, int]) -> tuple[str, ...]:
    """Return what stopping a job does, one sentence for each of its three grades."""
    busy = sum(states.get(each, 0) for each in _BUSY)
    publishing = states.get(JobState.PUBLISHING, 0)
    waiting = job.steps - job.done - job.failed - busy - publishing
    words = [
        trn(
            "1 signed artifact stays as it is.",
            "{count} signed artifacts stay as they are.",
            job.done,
        )
    ]
    if waiting > 0:
        words.append(trn("1 that waits is dropped.", "{count} that wait are dropped.", waiting))
    if busy:
        words.append(
            trn(
                "1 that is being signed stops at the next safe point; what its key signs at this "
                "moment is thrown away and recorded.",
                "{count} that are being signed stop at the next safe point; what their keys sign "
                "at this moment is thrown away and recorded.",
                busy,
            )
        )
    if publishing:
        words.append(
            trn(
                "1 that is getting its name cannot be stopped and will be there.",
                "{count} that are getting their names cannot be stopped and will be there.",
                publishing,
            )
        )
    return tuple(words)
