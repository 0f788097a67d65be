"""What a station may forget after a while: finished jobs, old logs, leftovers. Never the audit log.

Rows of the audit log keep the numbers of jobs that are gone; the newest job always stays, so that
no number is given twice.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from signstation.app.backup_state import JOURNAL
from signstation.app.home import Ownership
from signstation.errors import PathMissing, StoreLocked
from signstation.jobs.aside import PREFIX
from signstation.jobs.commits import store_error
from signstation.system.files import shown, writing


class Leftover(Enum):
    """Kinds of what is removed."""

    JOBS = "jobs"
    LOGS = "logs"
    COPIES = "copies"
    JOURNALS = "journals"


@dataclass(frozen=True, slots=True)
class Freed:
    """How many of one kind, and about how many bytes."""

    kind: Leftover
    count: int
    size: int


_OLD_JOBS = """
SELECT id FROM job WHERE finished IS NOT NULL AND finished < ?
  AND id < (SELECT max(id) FROM job)
  AND NOT EXISTS (SELECT 1 FROM step WHERE step.job = job.id
    AND state NOT IN ('done', 'failed', 'cancelled'))
"""
_SIZES = (
    f"SELECT count(*), coalesce(sum(length(request) + length(profiles)), 0) FROM job"  # noqa: S608
    f" WHERE id IN ({_OLD_JOBS})",
    f"SELECT 0, coalesce(sum(length(signature) + 64), 0) FROM ask WHERE step IN"  # noqa: S608
    f" (SELECT id FROM step WHERE job IN ({_OLD_JOBS}))",
    f"SELECT 0, count(*) * 256 FROM step WHERE job IN ({_OLD_JOBS})",  # noqa: S608
)
_BY_STEP = ("ask", "output", "patch")
_BY_JOB = ("staging", "approval", "step")


def foresee(home: Path, before: int) -> tuple[Freed, ...]:
    """Say what is older than ``before`` (Unix seconds). Changes nothing; blocks for queries.

    Raises PathMissing without a state, StoreDamaged.
    """
    path = _journal(home)
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as journal:
            rows = [journal.execute(each, (before,)).fetchone() for each in _SIZES]
    except sqlite3.Error as error:
        raise store_error(error, path) from error
    jobs = Freed(Leftover.JOBS, rows[0][0], sum(size for _, size in rows))
    found = [jobs]
    for kind, paths in _paths(home, before).items():
        found.append(Freed(kind, len(paths), sum(map(_size, paths))))
    return tuple(found)


def prune(home: Path, before: int) -> tuple[Freed, ...]:
    """Remove it and return what was removed. Blocks; the rows go all or none.

    Raises StoreLocked while a station is open here, and as ``foresee``.
    """
    ownership = Ownership.take(home) if home.is_dir() else None
    if ownership is None:
        _journal(home)
        raise StoreLocked(path=shown(home))
    try:
        found = foresee(home, before)
        _remove_rows(_journal(home), before)
        for paths in _paths(home, before).values():
            for each in paths:
                _remove(each)
    finally:
        ownership.release()
    return found


def _journal(home: Path) -> Path:
    path = home / JOURNAL
    if not path.is_file():
        raise PathMissing(path=shown(path))
    return path


def _remove_rows(path: Path, before: int) -> None:
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as journal:
            # The audit log refers to jobs and is never changed: its references may lead nowhere.
            journal.execute("PRAGMA foreign_keys = OFF")
            journal.execute("PRAGMA secure_delete = ON")
            journal.execute("BEGIN IMMEDIATE")
            journal.execute(f"CREATE TEMP TABLE old AS {_OLD_JOBS}", (before,))
            steps = "SELECT id FROM step WHERE job IN (SELECT id FROM old)"
            for table in _BY_STEP:
                journal.execute(f"DELETE FROM {table} WHERE step IN ({steps})")  # noqa: S608
            for table in _BY_JOB:
                journal.execute(f"DELETE FROM {table} WHERE job IN (SELECT id FROM old)")  # noqa: S608
            journal.execute("DELETE FROM job WHERE id IN (SELECT id FROM old)")
            journal.execute("COMMIT")
            journal.execute("VACUUM")
            journal.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise store_error(error, path) from error


def _paths(home: Path, before: int) -> dict[Leftover, tuple[Path, ...]]:
    """Return the files and directories of each kind that nothing has touched since ``before``.

    The private area and the copies hold what unfinished jobs need; those are younger than a job
    that waits, but a job may wait for long: as long as one is unfinished nothing there is old.
    """
    busy = _unfinished(home / JOURNAL)
    areas = () if busy else (*_entries(home / "work"), *_entries(home / "private"))
    rules: dict[Leftover, tuple[Iterator[Path] | tuple[Path, ...], Callable[[Path], bool]]] = {
        Leftover.LOGS: (_entries(home / "log"), lambda each: each.suffix != ".log"),
        Leftover.COPIES: (areas, lambda _: True),
        Leftover.JOURNALS: (_entries(home), lambda each: each.name.startswith(JOURNAL + PREFIX)),
    }
    return {
        kind: tuple(
            each for each in entries if wanted(each) and each.lstat().st_mtime < before
        )
        for kind, (entries, wanted) in rules.items()
    }  # fmt: skip


def _unfinished(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as journal:
            row = journal.execute(
                "SELECT 1 FROM step WHERE state NOT IN ('done', 'failed', 'cancelled') LIMIT 1"
            ).fetchone()
    except sqlite3.Error as error:
        raise store_error(error, path) from error
    return row is not None


def _entries(directory: Path) -> tuple[Path, ...]:
    try:
        return tuple(sorted(directory.iterdir()))
    except FileNotFoundError:
        return ()


def _size(path: Path) -> int:
    if path.is_symlink() or not path.is_dir():
        return path.lstat().st_size
    total = 0
    for directory, _, names in os.walk(path):
        for name in names:
            with suppress(FileNotFoundError):
                total += os.lstat(os.path.join(directory, name)).st_size  # noqa: PTH118
    return total


def _remove(path: Path) -> None:
    with writing(path):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
