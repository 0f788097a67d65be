"""The jobs of the queue, those of one release under a line with their sums that can be folded."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, compress, count
from operator import is_not
from pathlib import PurePath

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, Qt

from signstation.gui.rows import Column, RowsModel
from signstation.gui.states import job_icon, job_words
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import tip, tr, trn
from signstation.model.jobs import JobRow
from signstation.reports.words import show

_INDENT = "\u2003"
"""Before a job that stands under the line of its release."""


@dataclass(frozen=True, slots=True)
class Release:
    """Several jobs of one directory, and their sums. Counts are of artifacts."""

    directory: str
    jobs: tuple[int, ...]  # newest first
    steps: int
    done: int
    failed: int
    waiting: int  # of jobs that have not ended: not signed and not failed
    folded: bool

    @property
    def name(self) -> str:
        """Its directory's name: untrusted text."""
        return PurePath(self.directory).name or self.directory


Line = Release | JobRow


@dataclass(frozen=True, slots=True)
class _Group:
    """Numbers of rows: the line of a release, if it has one, and its jobs."""

    head: int | None
    jobs: range

    @property
    def first(self) -> int:
        return self.jobs.start if self.head is None else self.head


def sums(line: Line) -> str:
    """Return the sums of a release, or how far a job is, in words."""
    parts = [tr("{done} of {steps} signed", done=line.done, steps=line.steps)]
    if line.failed:
        parts.append(tr("{count} failed", count=line.failed))
    waiting = line.waiting if isinstance(line, Release) else _waiting(line)
    if waiting:
        parts.append(tr("{count} not yet", count=waiting))
    return " · ".join(parts)


def _waiting(job: JobRow) -> int:
    return 0 if job.state.final else job.steps - job.done - job.failed


def _words(line: Line) -> str:
    if isinstance(line, Release):
        return trn("{name} · 1 job", "{name} · {count} jobs", len(line.jobs), name=line.name)
    return f"{line.id} · {show(line.title)}" if line.title else tr("Job {number}", number=line.id)


def _short(line: Line) -> str:
    """Return what has room; under its release a job needs no title that is the release's."""
    if isinstance(line, Release):
        return f"{show(line.name)} ({len(line.jobs)})"
    own = line.title != PurePath(line.release).name
    return _INDENT + (_words(line) if own else tr("Job {number}", number=line.id))


def _icon(line: Line) -> tuple[str, Tone]:
    if isinstance(line, Release):
        return "chevron-right" if line.folded else "chevron-down", Tone.NEUTRAL
    return job_icon(line)


def _trouble(line: Line) -> tuple[str, Tone]:
    """Return the worst that a line has: failures, then what waits."""
    if line.failed:
        return "x-circle", Tone.ERROR
    if line.done == line.steps:
        return "check-circle", Tone.OK
    return "clock", Tone.NEUTRAL


def columns() -> tuple[Column[Line], ...]:
    """Return the columns: which job or release, and how much of it is signed."""
    return (
        Column(tr("Job"), _words, key=_newest, icon=_icon),
        Column(
            tr("Signed"),
            lambda line: f"{line.done} / {line.steps}",
            key=lambda line: line.done / max(line.steps, 1),
            icon=_trouble,
            right=True,
            width=110,
        ),
    )


def _newest(line: Line) -> int:
    return line.jobs[0] if isinstance(line, Release) else line.id


class ReleasesModel(RowsModel[Line]):
    """Groups sort as a whole and inside; a job alone in its directory stands by itself."""

    def __init__(self, theme: Theme, parent: QObject) -> None:
        """Start empty, with everything unfolded."""
        self._groups: list[_Group] = []
        self._jobs: tuple[JobRow, ...] = ()
        self._places: list[int] = []  # number of the row of each job, in the order of load
        self._inner: frozenset[int] = frozenset()
        self._folded: set[str] = set()
        super().__init__(theme, columns(), parent)

    def load(self, jobs: Sequence[JobRow]) -> bool:
        """Show these jobs, newest first; returns whether lines came or went: picks are lost."""
        changed = changed_places(self._jobs, jobs)
        self._jobs = tuple(jobs)
        if changed is not None:
            self._change(changed)
            return False
        rows, self._groups = _grouped(jobs, self._folded)
        self._places = _places(self._groups, rows, [job.id for job in jobs])
        inner = (group.jobs for group in self._groups if group.head is not None)
        self._inner = frozenset(chain.from_iterable(inner))
        self.replace(rows)
        return True

    def _change(self, changed: Sequence[int]) -> None:
        """Show jobs of these numbers anew, and the sums of their releases; nothing else."""
        rows = self._rows
        touched: set[int] = set()
        for number in changed:
            place = self._places[number]
            rows[place] = self._jobs[number]
            touched.add(bisect_right(self._groups, place, key=_first) - 1)
        for each in touched:
            group = self._groups[each]
            head = None if group.head is None else rows[group.head]
            if isinstance(head, Release):
                members = rows[group.jobs.start : group.jobs.stop]
                rows[group.first] = _release(head.directory, members, folded=head.folded)
        if changed:
            self._moved()

    def fold(self, directory: str, *, folded: bool) -> None:
        """Hide or show the jobs of a release."""
        (self._folded.add if folded else self._folded.discard)(directory)
        for group in self._groups:
            row = None if group.head is None else self._rows[group.head]
            if isinstance(row, Release) and row.directory == directory:
                self._rows[group.first] = replace(row, folded=folded)
        self.settle()
        self._moved()

    def settle(self) -> None:
        """Sort and fold again; the selection stays on its line."""
        self._rearrange()

    def find(self, wanted: Callable[[Line], bool]) -> int | None:
        """Return where the first line is that is wanted and shown."""
        return next((n for n, row in enumerate(self._view) if wanted(self._rows[row])), None)

    def data(
        self,
        index: QModelIndex | QPersistentModelIndex,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        """As every table; releases are strong, their jobs set in, and all is told in words."""
        line = self.row(index)
        match role:
            case Qt.ItemDataRole.DecorationRole if index.column() and isinstance(line, JobRow):
                return None  # its state stands before it
            case Qt.ItemDataRole.FontRole if isinstance(line, Release):
                return self.theme.strong
            case Qt.ItemDataRole.ToolTipRole:
                return tip(f"{self._spoken(line)}\n{show(line_directory(line))}")
            case Qt.ItemDataRole.AccessibleTextRole if index.column() == 0:
                return self._spoken(line)
            case Qt.ItemDataRole.DisplayRole if self._in_a_release(index):
                return _short(line)
        return super().data(index, role)

    def _spoken(self, line: Line) -> str:
        if isinstance(line, JobRow):
            return f"{_words(line)}, {job_words(line)}, {sums(line)}"
        fold = tr("folded") if line.folded else tr("unfolded")
        return f"{_words(line)}, {fold}, {sums(line)}"

    def _in_a_release(self, index: QModelIndex | QPersistentModelIndex) -> bool:
        """Say whether a cell names a release or one of its jobs."""
        number = self.number(index)
        line = self._rows[number]
        return index.column() == 0 and (isinstance(line, Release) or number in self._inner)

    def _moved(self) -> None:
        if self._view:
            last = self.index(len(self._view) - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def _index(self) -> None:
        rows, groups = self._rows, self._groups
        order: Callable[[Iterable[int]], list[int]] = list
        if self._sorted is not None:
            number, descending = self._sorted
            key = self._columns[number].key or self._columns[number].text

            def by_key(numbers: Iterable[int]) -> list[int]:
                return sorted(numbers, key=lambda n: key(rows[n]), reverse=descending)  # type: ignore[arg-type,return-value]

            order = by_key
        by_first = {group.first: group for group in groups}
        self._view = []
        for first in order(by_first):
            group = by_first[first]
            line = rows[first]
            if group.head is not None:
                self._view.append(group.head)
            if not (isinstance(line, Release) and line.folded):
                self._view.extend(order(group.jobs))


def line_directory(line: Line) -> str:
    """Return the directory of a line."""
    return line.directory if isinstance(line, Release) else line.release


def changed_places(known: Sequence[JobRow], jobs: Sequence[JobRow]) -> list[int] | None:
    """Return which are other objects than before, None where they are other jobs.

    100,000 are compared in 3 ms.
    """
    if len(known) != len(jobs):
        return None
    changed = list(compress(count(), map(is_not, known, jobs)))
    return changed if all(known[n].id == jobs[n].id for n in changed) else None


def _first(group: _Group) -> int:
    return group.first


def _grouped(jobs: Sequence[JobRow], folded: set[str]) -> tuple[list[Line], list[_Group]]:
    found: dict[str, list[JobRow]] = {}
    for job in jobs:
        found.setdefault(job.release, []).append(job)
    rows: list[Line] = []
    groups: list[_Group] = []
    for directory, members in found.items():
        head = None
        if len(members) > 1:
            head = len(rows)
            rows.append(_release(directory, members, folded=directory in folded))
        groups.append(_Group(head, range(len(rows), len(rows) + len(members))))
        rows += members
    return rows, groups


def _release(directory: str, jobs: Sequence[Line], *, folded: bool) -> Release:
    ids: list[int] = []
    steps = done = failed = waiting = 0
    for job in jobs:
        if isinstance(job, JobRow):
            ids.append(job.id)
            steps += job.steps
            done += job.done
            failed += job.failed
            if job.done != job.steps:
                waiting += _waiting(job)
    return Release(directory, tuple(ids), steps, done, failed, waiting, folded)


def _places(groups: Sequence[_Group], rows: Sequence[Line], ids: Sequence[int]) -> list[int]:
    """Return the number of the row of each job."""
    numbers = chain.from_iterable(group.jobs for group in groups)
    by_id = {_newest(rows[number]): number for number in numbers}
    return [by_id[each] for each in ids]
