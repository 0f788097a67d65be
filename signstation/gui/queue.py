"""The Queue page: jobs by release, their artifacts with progress, and what can be done."""

from __future__ import annotations

from operator import attrgetter
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSplitter, QVBoxLayout, QWidget

from signstation.app.api import StationApi
from signstation.errors import Cancelled, SignstationError
from signstation.gui.bridge import Bridge
from signstation.gui.errors import error_lines
from signstation.gui.kinds import kind_words
from signstation.gui.notice import PAGE, Notice
from signstation.gui.pages import Head, Page, page_column
from signstation.gui.queue_actions import JobActions
from signstation.gui.queue_detail import DetailPane
from signstation.gui.queue_feed import MAX_JOBS, StepFeed
from signstation.gui.queue_jobs import JobsPane
from signstation.gui.queue_releases import Release
from signstation.gui.queue_tiles import Tiles
from signstation.gui.rows import Column, RowsModel, table_view
from signstation.gui.states import job_words, state_icon, state_words
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
    """Jobs at the left, the artifacts of the pick in the middle, details at the right."""

    LEARNS_HIDDEN: ClassVar[bool] = True
    """Its badge is seen from every page."""

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
        self.notice = Notice(theme, self, PAGE)
        self.orders = JobActions(theme, station, bridge, self.notice, self)
        self.orders.ordered.connect(self._ordered)
        self.orders.failed.connect(self._failed)
        self._head.buttons.addWidget(self.orders)
        column.addWidget(self._head)
        self.orders.add_reasons(column)
        column.addWidget(self.notice)
        splitter = QSplitter(Qt.Orientation.Horizontal, self)
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(16)
        self.jobs = JobsPane(theme, splitter)
        self.jobs.picked.connect(self._job_picked)
        self.jobs.pause_all.connect(self.orders.pause_all)
        splitter.addWidget(self.jobs)
        splitter.addWidget(self._build_steps(theme, splitter))
        self.detail = DetailPane(theme, station, bridge, splitter)
        self.detail.setMinimumWidth(240)
        splitter.addWidget(self.detail)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([304, 562, 286])
        column.addWidget(splitter, 1)
        self._settle.timeout.connect(self.model.settle)
        self._say()

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
        self.table = table_view(self.model, tr("Artifacts"), columns, middle)
        self.table.selectionModel().selectionChanged.connect(self._step_picked)
        column.addWidget(self.table, 1)
        return middle

    def shown(self) -> None:
        """Look whether the picked job moved on meanwhile."""
        self._feed.touch(None, None)

    def refresh(self) -> None:
        """Load the pick again from the beginning."""
        self._feed.watch(self.jobs.jobs)

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
        if name.isdecimal():
            self.jobs.select_job(int(name))

    def learn_jobs(self, rows: tuple[JobRow, ...]) -> None:
        """Show all jobs; pick the newest when none is picked."""
        states = list(map(attrgetter("state"), rows))
        self.badge.emit(states.count(JobState.INTERRUPTED) + states.count(JobState.WAITING))
        self.jobs.learn(rows)
        if tuple(each.id for each in self.jobs.jobs[:MAX_JOBS]) != self._feed.jobs:
            self._feed.watch(self.jobs.jobs)  # its release has one more
        self._say()

    def _job_picked(self) -> None:
        self.tiles.clear()
        self._feed.watch(self.jobs.jobs)
        self._say()

    def _step_picked(self) -> None:
        indexes = self.table.selectionModel().selectedRows()
        line = self.jobs.line
        if indexes:
            self.detail.show_step(self.model.row(indexes[0]))
        elif isinstance(line, Release):
            self.detail.show_release(line)
        elif line is not None:
            self.detail.show_job(line)
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
        self.orders.show_jobs(self.jobs.jobs, self._feed.states)
        self._step_picked()

    def _take_events(self, events: list[StationEvent]) -> None:
        for event in events:
            if isinstance(event, JobEvent) and event.job in self._feed.jobs:
                self._feed.touch(event.job, event.step)

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
        self._head.say(tr("Queue"), self._sentence())
        self.orders.show_jobs(self.jobs.jobs, self._feed.states)
        self._step_picked()

    def _sentence(self) -> str:
        line = self.jobs.line
        if line is None:
            return tr("Nothing has been signed here yet. Jobs of the Sign page appear here.")
        if isinstance(line, Release):
            return trn(
                "Release {title}: {done} of 1 artifact signed",
                "Release {title}: {done} of {count} artifacts signed",
                line.steps,
                title=line.name,
                done=line.done,
            )
        words = trn(
            "Job {number}, {title}: {done} of 1 artifact signed",
            "Job {number}, {title}: {done} of {count} artifacts signed",
            line.steps,
            number=line.id,
            title=line.title or tr("without a name"),
            done=line.done,
        )
        return f"{words} · {job_words(line)}" if line.paused else words

    def _ordered(self) -> None:
        self._feed.touch(None, None)
        self._bridge.deliver(self._station.jobs(), self.learn_jobs, self._failed)

    def _failed(self, error: SignstationError) -> None:
        if isinstance(error, Cancelled):
            return
        first, *rest = error_lines(error)
        self.notice.say(Tone.ERROR, first, " ".join(rest))
