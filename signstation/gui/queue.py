"""The Queue page: jobs, their artifacts with progress in bytes, and what can be done with them."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

from PySide6.QtCore import QItemSelection, Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSplitter, QVBoxLayout, QWidget

from signstation.app.api import StationApi
from signstation.errors import Cancelled, SignstationError
from signstation.gui.bridge import Bridge
from signstation.gui.errors import error_lines
from signstation.gui.kinds import kind_words
from signstation.gui.notice import PAGE, Choice, Notice
from signstation.gui.pages import Head, Page, page_column
from signstation.gui.parts import ActionButton
from signstation.gui.queue_detail import DetailPane
from signstation.gui.queue_feed import StepFeed
from signstation.gui.queue_tiles import Tiles
from signstation.gui.rows import Column, RowsModel, table_view
from signstation.gui.states import state_icon, state_words
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import tr, trn
from signstation.model.jobs import JobEvent, JobRow, JobState, StepRow
from signstation.model.station import StationEvent
from signstation.reports.words import human_size, show

SETTLE_MS = 1000
"""A sorted or filtered view is brought into order at most this often while a job runs."""

_ORDER = {state: number for number, state in enumerate(JobState)}


def progress(step: StepRow) -> float | None:
    """Return 0 to 1, None while the size is unknown."""
    if step.state is JobState.DONE:
        return 1.0
    if not step.total_bytes:
        return None
    return step.done_bytes / step.total_bytes


def progress_words(step: StepRow) -> str:
    """Return percent, or bytes where the whole is unknown."""
    done = progress(step)
    if done is not None:
        return f"{done:.0%}"
    return human_size(step.done_bytes) if step.done_bytes else "—"


class QueuePage(Page):
    """Jobs at the left, the artifacts of the picked job in the middle, details at the right."""

    def __init__(self, theme: Theme, station: StationApi, bridge: Bridge, parent: QWidget) -> None:
        """Build it empty; jobs come through ``learn_jobs``."""
        super().__init__(parent)
        self._station, self._bridge = station, bridge
        self._jobs: tuple[JobRow, ...] = ()
        self._feed = StepFeed(station, bridge, self)
        self._feed.reset.connect(self._reset)
        self._feed.appended.connect(self._appended)
        self._feed.changed.connect(self._changed)
        self._feed.failed.connect(self._failed)
        bridge.events.connect(self._take_events)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        column = page_column(self)
        self._head = Head(tr("Queue"), "", self)
        self._build_actions(theme)
        column.addWidget(self._head)
        self.notice = Notice(theme, self, PAGE)
        column.addWidget(self.notice)
        splitter = QSplitter(Qt.Orientation.Horizontal, self)
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(16)
        splitter.addWidget(self._build_jobs(theme, splitter))
        splitter.addWidget(self._build_steps(theme, splitter))
        self.detail = DetailPane(theme, splitter)
        self.detail.setMinimumWidth(240)
        splitter.addWidget(self.detail)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([262, 590, 300])
        column.addWidget(splitter, 1)
        self._settle.timeout.connect(self.model.settle)
        self._say()

    def _build_actions(self, theme: Theme) -> None:
        self.retry = ActionButton(theme, tr("Try the failed ones again"), self, icon="refresh")
        self.resume = ActionButton(theme, tr("Go on"), self, icon="play", kind="primary")
        self.cancel = ActionButton(theme, tr("Stop this job…"), self, icon="stop", kind="danger")
        self.retry.clicked.connect(self._retry)
        self.resume.clicked.connect(self._resume)
        self.cancel.clicked.connect(self._ask_cancel)
        for button in (self.retry, self.resume, self.cancel):
            self._head.buttons.addWidget(button)

    def _build_jobs(self, theme: Theme, parent: QWidget) -> QWidget:
        columns: tuple[Column[JobRow], ...] = (
            Column(
                tr("Job"),
                lambda job: f"{job.id} · {show(job.title)}",
                key=lambda job: job.id,
                icon=lambda job: state_icon(job.state),
            ),
            Column(
                tr("Signed"),
                lambda job: f"{job.done} / {job.steps}",
                key=lambda job: job.done / max(job.steps, 1),
                right=True,
                width=86,
            ),
        )
        self.jobs: RowsModel[JobRow] = RowsModel(theme, columns, self)
        self.jobs_table = table_view(self.jobs, tr("Jobs"), columns, parent)
        self.jobs_table.setMinimumWidth(190)
        self.jobs_table.selectionModel().selectionChanged.connect(self._job_picked)
        return self.jobs_table

    def _build_steps(self, theme: Theme, parent: QWidget) -> QWidget:
        middle = QWidget(parent)
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        self.tiles = Tiles(theme, middle)
        self.tiles.picked.connect(self._filter)
        column.addWidget(self.tiles)
        row = QHBoxLayout()
        self.filter = QLineEdit(middle)
        self.filter.setPlaceholderText(tr("Filter by name, kind or state (Ctrl+F)"))
        self.filter.setAccessibleName(tr("Filter the artifacts"))
        self.filter.textChanged.connect(self._filter)
        row.addWidget(self.filter, 1)
        column.addLayout(row)
        columns: tuple[Column[StepRow], ...] = (
            Column(tr("Artifact"), lambda step: show(Path(step.path).name), strong=True),
            Column(tr("Kind"), lambda step: kind_words(step.format, 1), width=112),
            Column(
                tr("Progress"),
                progress_words,
                key=lambda step: progress(step) or 0.0,
                icon=lambda step: state_icon(step.state),
                progress=progress,
                width=140,
            ),
            Column(
                tr("State"),
                lambda step: state_words(step.state),
                key=lambda step: _ORDER[step.state],
                icon=lambda step: state_icon(step.state),
                pill=True,
                width=172,
            ),
        )
        self.model: RowsModel[StepRow] = RowsModel(theme, columns, self)
        self.table = table_view(self.model, tr("Artifacts of the job"), columns, middle)
        self.table.selectionModel().selectionChanged.connect(self._step_picked)
        column.addWidget(self.table, 1)
        return middle

    def shown(self) -> None:
        """Look whether the picked job moved on meanwhile."""
        self._feed.touch(None)

    def refresh(self) -> None:
        """Load the picked job again from the beginning."""
        self._feed.watch(self._feed.job)

    def focus_filter(self) -> None:
        """Go into the filter."""
        self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def leave(self) -> None:
        """Close the question, else clear filter and selection."""
        if self.notice.isVisible():
            self.notice.hide()
            return
        self.filter.clear()
        self.tiles.clear()
        self.table.clearSelection()
        self._filter()

    def seek(self, name: str) -> None:
        """Pick a job by its number."""
        for number, job in enumerate(self._jobs):
            place = self.jobs.place(number)
            if str(job.id) == name and place is not None:
                self.jobs_table.selectRow(place)

    def learn_jobs(self, rows: tuple[JobRow, ...]) -> None:
        """Show all jobs; pick the newest when none is picked."""
        old = {each.id: number for number, each in enumerate(self._jobs)}
        self._jobs = rows
        needy = {JobState.INTERRUPTED, JobState.WAITING}
        self.badge.emit(sum(each.state in needy for each in rows))
        if [each.id for each in rows] == list(old):
            self.jobs.change(dict(enumerate(rows)))
        else:
            self.jobs.replace(rows)
            wanted = next((n for n, job in enumerate(rows) if job.id == self._feed.job), 0)
            place = self.jobs.place(wanted)
            if rows and place is not None:
                self.jobs_table.selectRow(place)
        self._say()

    def _job(self) -> JobRow | None:
        return next((each for each in self._jobs if each.id == self._feed.job), None)

    def _job_picked(self, selection: QItemSelection) -> None:
        if indexes := selection.indexes():
            job = self.jobs.row(indexes[0])
            if job.id != self._feed.job:
                self.tiles.clear()
                self._feed.watch(job.id)
            self._say()

    def _step_picked(self) -> None:
        indexes = self.table.selectionModel().selectedRows()
        job = self._job()
        if indexes:
            self.detail.show_step(self.model.row(indexes[0]))
        elif job is not None:
            self.detail.show_job(job)
        else:
            self.detail.show_nothing()

    def _reset(self) -> None:
        self.model.replace(())
        self._filter()
        self._steps_moved()

    def _appended(self, rows: list[StepRow]) -> None:
        self.model.append(rows)
        self._steps_moved()

    def _changed(self, rows: dict[int, StepRow]) -> None:
        self.model.change(rows)
        if not self._settle.isActive():
            self._settle.start()
        self._steps_moved()

    def _steps_moved(self) -> None:
        self.tiles.show_states(self._feed.states)
        self._step_picked()

    def _take_events(self, events: list[StationEvent]) -> None:
        for event in events:
            if isinstance(event, JobEvent) and event.job == self._feed.job:
                self._feed.touch(event.step)

    def _filter(self) -> None:
        typed = self.filter.text().casefold()
        states = self.tiles.wanted()
        if not typed and len(states) == len(JobState):
            self.model.filter(None)
            return

        words = {state: state_words(state).casefold() for state in states}

        def fits(step: StepRow) -> bool:
            if step.state not in words:
                return False
            kind = f"{step.format} {kind_words(step.format, 1)}"
            return typed in f"{step.path} {kind} {words[step.state]}".casefold()

        self.model.filter(fits)

    def _say(self) -> None:
        job = self._job()
        if job is None:
            words = tr("Nothing has been signed here yet. Jobs of the Sign page appear here.")
        else:
            words = trn(
                "Job {number}, {title}: {done} of 1 artifact signed",
                "Job {number}, {title}: {done} of {count} artifacts signed",
                job.steps,
                number=job.id,
                title=job.title or tr("without a name"),
                done=job.done,
            )
        self._head.say(tr("Queue"), words)
        interrupted = job is not None and job.state is JobState.INTERRUPTED
        again = job is not None and job.state in {JobState.FAILED, JobState.CANCELLED}
        self.retry.setVisible(again)
        self.resume.setVisible(interrupted)
        self.cancel.setVisible(job is not None and not job.state.final)
        self._step_picked()

    def _ask_cancel(self) -> None:
        job = self._job()
        if job is None:
            return
        self.notice.ask(
            tr("Stop job {number}?", number=job.id),
            tr(
                "{done} signed artifacts stay as they are, {rest} are not signed. "
                "What a key is signing at this moment is finished first.",
                done=job.done,
                rest=job.steps - job.done,
            ),
            Choice(tr("Stop job {number}", number=job.id), tr("Keep signing"), self._cancel),
        )

    def _cancel(self) -> None:
        if (job := self._job()) is not None:
            self._order(self._station.cancel(job.id))

    def _retry(self) -> None:
        if (job := self._job()) is not None:
            self._order(self._station.retry(job.id))

    def _resume(self) -> None:
        if (job := self._job()) is not None:
            self._bridge.deliver(self._station.resume(job.id), self._done, self._failed)

    def _order(self, future: Future[None]) -> None:
        self._bridge.deliver(future, self._done, self._failed)

    def _done(self, _result: object) -> None:
        self._feed.touch(None)
        self._bridge.deliver(self._station.jobs(), self.learn_jobs, self._failed)

    def _failed(self, error: SignstationError) -> None:
        if isinstance(error, Cancelled):
            return
        first, *rest = error_lines(error)
        self.notice.say(Tone.ERROR, first, " ".join(rest))
