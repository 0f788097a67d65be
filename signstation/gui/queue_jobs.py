"""The left of the Queue page: jobs by release, and the pause of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from PySide6.QtCore import QItemSelection, QModelIndex, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QVBoxLayout, QWidget

from signstation.gui.parts import ActionButton
from signstation.gui.queue_releases import Line, Release, ReleasesModel, changed_places, columns
from signstation.gui.rows import table_view
from signstation.gui.theme import Theme
from signstation.gui.words import tr
from signstation.model.jobs import JobRow, JobState


class JobsPane(QWidget):
    """Emits ``picked`` when another job or release is picked, ``pause_all`` with on or off."""

    picked = Signal()
    pause_all = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start empty."""
        super().__init__(parent)
        self._rows: Sequence[JobRow] = ()
        self._jobs: dict[int, JobRow] = {}
        self._pick: Line | None = None
        self.setMinimumWidth(190)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        self.model = ReleasesModel(theme, self)
        self.table = table_view(self.model, tr("Jobs by release"), columns(), self)
        self.table.selectionModel().selectionChanged.connect(self._selected)
        self.table.clicked.connect(self._clicked)
        self.table.activated.connect(self._toggle)
        for key, call in ((Qt.Key.Key_Left, self._go_left), (Qt.Key.Key_Right, self._go_right)):
            shortcut = QShortcut(QKeySequence(key), self.table)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(call)
        column.addWidget(self.table, 1)
        self.hold = ActionButton(theme, tr("Pause all jobs"), self, icon="pause")
        self.hold.clicked.connect(self._hold)
        column.addWidget(self.hold)
        column.addWidget(self.hold.reason)
        self._say()

    @property
    def line(self) -> Line | None:
        """The picked line."""
        return self._pick

    @property
    def jobs(self) -> tuple[JobRow, ...]:
        """The picked job, or those of the picked release, as they are now."""
        if isinstance(self._pick, Release):
            return tuple(self._jobs[each] for each in self._pick.jobs if each in self._jobs)
        return () if self._pick is None else (self._jobs[self._pick.id],)

    def learn(self, jobs: Sequence[JobRow]) -> None:
        """Show all jobs; pick the newest when none is picked any more."""
        changed = changed_places(self._rows, jobs)
        self._rows = jobs
        if changed is None:
            self._jobs = {each.id: each for each in jobs}
        else:
            self._jobs.update((jobs[n].id, jobs[n]) for n in changed)
        wanted = self._pick
        moved = self.model.load(jobs)
        if moved and not self._select(wanted) and jobs:
            self._pick = None
            self.table.selectRow(0 if not isinstance(self._at(0), Release) else 1)
        elif not moved:
            self._pick = self._now(wanted)
        if not jobs:
            self._pick = None
        self._say()

    def select_job(self, job: int) -> bool:
        """Pick a job, unfolding its release; False where there is none of that number."""
        found = self._jobs.get(job)
        if found is None:
            return False
        self.model.fold(found.release, folded=False)
        return self._select(found)

    def _now(self, line: Line | None) -> Line | None:
        place = self.model.find(lambda each: _same(each, line))
        return line if place is None else self._at(place)

    def _select(self, line: Line | None) -> bool:
        place = self.model.find(lambda each: _same(each, line))
        if place is None:
            return False
        self.table.selectRow(place)
        return True

    def _at(self, place: int) -> Line:
        return self.model.row(self.model.index(place, 0))

    def _selected(self, selection: QItemSelection) -> None:
        if indexes := selection.indexes():
            line = self.model.row(indexes[0])
            changed = not _same(line, self._pick)
            self._pick = line
            if changed:
                self.picked.emit()

    def _clicked(self, index: QModelIndex) -> None:
        if index.column() == 0:
            self._toggle(index)

    def _toggle(self, index: QModelIndex) -> None:
        line = self.model.row(index)
        if isinstance(line, Release):
            self._fold(line, folded=not line.folded)

    def _fold(self, line: Release, *, folded: bool) -> None:
        inside = isinstance(self._pick, JobRow) and self._pick.release == line.directory
        self.model.fold(line.directory, folded=folded)
        if folded and inside:
            self._select(line)

    def _go_left(self) -> None:
        """Fold a release; from one of its jobs go to it."""
        if not (index := self.table.currentIndex()).isValid():
            return
        line = self.model.row(index)
        if isinstance(line, Release):
            self._fold(line, folded=True)
            return
        above = self.model.find(
            lambda each: isinstance(each, Release) and each.directory == line.release
        )
        if above is not None:
            self.table.selectRow(above)

    def _go_right(self) -> None:
        """Unfold a release; from one that is unfolded go to its first job."""
        if not (index := self.table.currentIndex()).isValid():
            return
        line = self.model.row(index)
        if isinstance(line, Release) and line.folded:
            self._fold(line, folded=False)
        elif isinstance(line, Release):
            self.table.selectRow(index.row() + 1)

    def _hold(self) -> None:
        self.pause_all.emit(not any(each.paused for each in self._jobs.values()))

    def _say(self) -> None:
        jobs = self._jobs.values()
        if any(map(attrgetter("paused"), jobs)):
            self.hold.set(tr("Let all jobs go on"), "play")
            self.hold.allow()
        else:
            self.hold.set(tr("Pause all jobs"), "pause")
            states = list(map(attrgetter("state"), jobs))
            at_work = len(states) > sum(states.count(each) for each in JobState if each.final)
            self.hold.allow(reason="" if at_work else tr("No job is at work."))


def _same(line: Line, other: Line | None) -> bool:
    """Return whether two lines are of the same job or release, as it is or was."""
    if isinstance(line, Release):
        return isinstance(other, Release) and line.directory == other.directory
    return isinstance(other, JobRow) and line.id == other.id
