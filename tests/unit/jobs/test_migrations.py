"""Journals of every earlier version open with all they hold; what cannot be opened stays as it is.

Nothing here needs a tool.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from signstation.errors import StoreDamaged, StoreTooNew
from signstation.jobs import schema
from signstation.jobs.aside import PREFIX, keep_before_migration, snapshot
from signstation.jobs.journal import Journal
from signstation.jobs.rows import Recorded
from signstation.jobs.schema import MIGRATIONS, migrate
from signstation.model.jobs import Counter, JobState, Phase
from tests.support.journal_versions import BODIES, EARLIER, write_earlier


def _one(path: Path, question: str) -> object:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute(question).fetchone()[0]


def _all(path: Path) -> list[str]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return list(connection.iterdump())


def test_every_earlier_version_has_its_frozen_text() -> None:
    assert set(EARLIER) >= set(range(1, len(MIGRATIONS)))


@pytest.mark.parametrize("version", sorted(EARLIER))
def test_an_earlier_journal_opens_with_all_it_holds(version: int, tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    write_earlier(version, path)
    journal = Journal(path)
    try:
        newest, oldest = journal.rows.jobs()
        (step,) = journal.rows.steps(1, 0, 10)
        recorded = journal.rows.recorded(1)
    finally:
        journal.close()
    assert (oldest.title, oldest.state, newest.state) == (
        "release",
        JobState.DONE,
        JobState.FAILED,
    )
    assert step.outputs == ("/out/hello.ko",)
    assert step.output_sha256 == bytes(31) + b"\xaa"
    assert step.counters == (Counter(Phase.HASH, 5), Counter(Phase.KEY, 7))
    assert recorded == {0: Recorded(bytes(32), b"\x01\x02")}
    assert _one(path, "PRAGMA user_version") == len(MIGRATIONS)
    assert _one(path, "PRAGMA quick_check") == "ok"
    text = "\n".join(_all(path))
    assert all(body in text for body in BODIES)


@pytest.mark.parametrize("version", sorted(EARLIER))
def test_the_earlier_journal_is_kept_aside(version: int, tmp_path: Path) -> None:
    path, before = tmp_path / "journal.db", tmp_path / "before.db"
    write_earlier(version, path)
    write_earlier(version, before)
    Journal(path).close()
    kept = path.with_name(f"journal.db{PREFIX}{version}")
    if version == len(MIGRATIONS):
        assert not kept.exists()
        return
    assert _all(kept) == _all(before)
    assert kept.stat().st_mode & 0o777 == 0o600


def _with_next_step(monkeypatch: pytest.MonkeyPatch, *statements: str) -> int:
    monkeypatch.setattr(schema, "MIGRATIONS", (*MIGRATIONS, statements))
    monkeypatch.setattr("signstation.jobs.aside.MIGRATIONS", (*MIGRATIONS, statements))
    return len(MIGRATIONS)


def test_a_journal_of_today_is_copied_before_a_later_migration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.db"
    Journal(path).close()
    version = _with_next_step(monkeypatch, "CREATE TABLE later (x INTEGER) STRICT")
    Journal(path).close()
    kept = path.with_name(f"journal.db{PREFIX}{version}")
    assert _one(kept, "PRAGMA user_version") == version
    assert _one(path, "PRAGMA user_version") == version + 1
    assert _one(path, "SELECT count(*) FROM later") == 0


def test_a_migration_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.db"
    Journal(path).close()
    before = _all(path)
    _with_next_step(monkeypatch, "CREATE TABLE later (x INTEGER) STRICT", "SELECT no_such()")
    with pytest.raises(StoreDamaged):
        Journal(path)
    assert _all(path) == before


def test_a_newer_journal_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    Journal(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    before = _all(path)
    with pytest.raises(StoreTooNew) as refused:
        Journal(path)
    assert (refused.value.found, refused.value.known) == (len(MIGRATIONS) + 1, len(MIGRATIONS))
    assert _all(path) == before
    assert [each.name for each in tmp_path.iterdir() if PREFIX in each.name] == []


def test_the_database_of_another_program_is_refused_and_not_copied(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version = 1")
        connection.execute("PRAGMA application_id = 7")
        assert keep_before_migration(connection, path) is None
        with pytest.raises(StoreDamaged):
            migrate(connection)


def test_a_snapshot_is_taken_while_others_write(tmp_path: Path) -> None:
    path, copy = tmp_path / "journal.db", tmp_path / "copy.db"
    Journal(path).close()
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as writer,
        closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as reader,
    ):
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("CREATE TABLE unfinished_work (x INTEGER) STRICT")
        snapshot(reader, copy)
        writer.execute("ROLLBACK")
    assert _one(copy, "PRAGMA quick_check") == "ok"
    assert "unfinished_work" not in "\n".join(_all(copy))
    assert sorted(each.name for each in tmp_path.iterdir() if "copy" in each.name) == ["copy.db"]
