"""Copies of a journal: kept aside before a migration, and as the snapshot of a backup."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from signstation.errors import StoreDamaged
from signstation.jobs.schema import APPLICATION_ID, MIGRATIONS

PREFIX = ".version-"
"""Between the journal's name and the version that a copy kept aside has."""


def keep_before_migration(connection: sqlite3.Connection, path: Path) -> Path | None:
    """Copy an older database beside itself before it is migrated; None where nothing is migrated.

    The copy of an earlier try is replaced: as long as the migration has not been committed, the
    database is still the one that is copied. Raises sqlite3.Error, OSError and StoreDamaged.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (owner,) = connection.execute("PRAGMA application_id").fetchone()
    if owner != APPLICATION_ID or not 0 < version < len(MIGRATIONS):
        return None
    target = path.with_name(f"{path.name}{PREFIX}{version}")
    snapshot(connection, target)
    return target


def snapshot(connection: sqlite3.Connection, target: Path) -> None:
    """Write one consistent state of an open database to ``target``, durably and private. Blocks.

    SQLite's own online backup: others may write meanwhile. The copy is checked before it gets its
    name. Raises sqlite3.Error, OSError, and StoreDamaged where the copy is not sound.
    """
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        os.close(os.open(aside, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
        with closing(sqlite3.connect(aside, isolation_level=None)) as copy:
            connection.backup(copy)
            # One file that is whole by itself: no log beside it that a copy could forget.
            copy.execute("PRAGMA journal_mode = DELETE")
            (found,) = copy.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                raise StoreDamaged(reason=f"the copy of the journal is not sound: {found}")
        _sync(aside)
        aside.replace(target)
        _sync(target.parent)
    finally:
        with suppress(FileNotFoundError):
            aside.unlink()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
