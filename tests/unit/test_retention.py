"""What a station forgets: only what is old, finished and no evidence; never before it is asked."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from signstation.app.home import Ownership
from signstation.app.retention import Freed, Leftover, foresee, prune
from signstation.errors import PathMissing, StoreLocked
from signstation.jobs.journal import Journal
from tests.support.journal_versions import write_earlier

OLD = 1_700_000_050
"""After job 1 of the frozen journal has ended, before job 2."""
LATER = 1_800_000_000


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Give a state with two ended jobs, logs and copies."""
    write_earlier(1, tmp_path / "journal.db")
    Journal(tmp_path / "journal.db").close()
    for name in ("log/signstation.log", "log/signstation.log.1", "work/a/file", "private/b"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 100)
    for path in tmp_path.rglob("*"):
        os.utime(path, (OLD - 1000, OLD - 1000))
    return tmp_path


def _kinds(found: tuple[Freed, ...]) -> dict[Leftover, int]:
    return {each.kind: each.count for each in found}


def _rows(home: Path, question: str) -> list[object]:
    with closing(sqlite3.connect(f"file:{home}/journal.db?mode=ro", uri=True)) as connection:
        return [row[0] for row in connection.execute(question)]


def test_what_would_go_is_said_and_nothing_goes(home: Path) -> None:
    before = {each: each.stat().st_mtime_ns for each in home.rglob("*")}
    found = foresee(home, OLD)
    kinds = _kinds(found)
    assert (kinds[Leftover.JOBS], kinds[Leftover.LOGS], kinds[Leftover.COPIES]) == (1, 1, 2)
    assert all(each.size > 0 for each in found if each.count)
    assert _rows(home, "SELECT id FROM job") == [1, 2]
    assert {each for each in before if not each.exists()} == set()


def test_old_things_go_and_the_audit_log_stays(home: Path) -> None:
    tables = _rows(home, "SELECT name FROM sqlite_master WHERE name LIKE 'audit%' AND type='table'")
    audit = {each: _rows(home, f"SELECT quote(rowid) FROM {each}") for each in tables}  # noqa: S608
    bodies = _rows(home, "SELECT body FROM audit")
    found = prune(home, OLD)
    assert _kinds(found)[Leftover.JOBS] == 1
    assert _rows(home, "SELECT id FROM job") == [2]
    assert _rows(home, "SELECT DISTINCT step FROM output") == [2]
    assert _rows(home, "SELECT count(*) FROM ask") == [0]
    assert _rows(home, "SELECT body FROM audit") == bodies
    assert {each: _rows(home, f"SELECT quote(rowid) FROM {each}") for each in tables} == audit  # noqa: S608
    assert sorted(each.name for each in home.glob("log/*")) == ["signstation.log"]
    assert not list(home.glob("work/*")) + list(home.glob("private/*"))
    journal = Journal(home / "journal.db")
    assert [each.id for each in journal.rows.jobs()] == [2]
    journal.close()


def test_the_newest_job_stays_however_old(home: Path) -> None:
    prune(home, LATER)
    assert _rows(home, "SELECT id FROM job") == [2]


def test_nothing_that_an_unfinished_job_needs_goes(home: Path) -> None:
    with closing(sqlite3.connect(home / "journal.db", isolation_level=None)) as connection:
        connection.execute("UPDATE step SET state = 'interrupted' WHERE id = 1")
    prune(home, LATER)
    assert _rows(home, "SELECT id FROM job") == [1, 2]
    assert (home / "work" / "a" / "file").exists()
    assert (home / "private" / "b").exists()


def test_an_open_station_is_left_alone(home: Path) -> None:
    owner = Ownership.take(home)
    assert owner is not None
    with pytest.raises(StoreLocked):
        prune(home, LATER)
    owner.release()
    assert _rows(home, "SELECT id FROM job") == [1, 2]


def test_without_a_state_there_is_nothing(tmp_path: Path) -> None:
    for act in (foresee, prune):
        with pytest.raises(PathMissing):
            act(tmp_path / "none", LATER)
