"""The way back of a backup: unpacked beside the state, checked whole, then swapped in one step.

A crash at any moment leaves the old state or the new one under the name, never a mixture; what is
left beside is removed by the next restore.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from signstation.app.backup import Contents, SavedFile, read_contents
from signstation.app.backup_file import SealedReader
from signstation.app.backup_state import JOURNAL, MAX_FILES, SETTINGS, check_member, is_empty
from signstation.app.durable import write_file
from signstation.app.home import Ownership, settings_files
from signstation.app.reading import read_file
from signstation.errors import (
    BackupDamaged,
    LimitReached,
    StateExists,
    StoreDamaged,
    StoreLocked,
    StoreTooNew,
)
from signstation.jobs.accounts import storable, who
from signstation.jobs.commits import store_error
from signstation.jobs.journal import Journal
from signstation.jobs.schema import APPLICATION_ID, MIGRATIONS
from signstation.model.audit import AuditKind
from signstation.model.secret import Secret
from signstation.model.station import Caller
from signstation.system.files import (
    make_directories,
    open_root,
    reading_error,
    shown,
    writing,
)
from signstation.system.files_publish import exchange, sync_directory

MAX_SETTINGS = 1024 * 1024
"""Largest settings file in bytes, as ``app/settings.py`` reads."""

_BEFORE = ".before-"
"""Between the name of a state and the time when a restore took its place."""
_MARK = ".restoring"
"""In a directory that is still being unpacked; a state is never marked."""


@dataclass(frozen=True, slots=True)
class RestoreOrder:
    """Bring the state of ``source`` to ``home``; ``replace`` keeps an old state beside."""

    source: Path
    home: Path
    replace: bool
    now: int


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back, and where the old state lies now (None: there was none)."""

    contents: Contents
    beside: Path | None


def refuse_occupied(order: RestoreOrder) -> None:
    """Raise StateExists where a state is there already and shall not be replaced."""
    if not order.replace and not is_empty(order.home):
        raise StateExists(path=shown(order.home))


def restore_backup(order: RestoreOrder, passphrase: Secret) -> Restored:
    """Unpack, check and swap. Blocks; no station may be open on ``home``.

    Raises BackupLocked, BackupDamaged (changed or cut off, with the place), StoreDamaged,
    StoreTooNew, StateExists, StoreLocked, DiskFull, NotWritable and the errors of reading. Then
    the state is as it was.
    """
    with writing(order.home):
        order.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(order.home):
        refuse_occupied(order)
        _remove_leftovers(order.home)
        staged = _stage(order)
        swapped = False
        try:
            with _locked(staged):  # who opens the new state waits until all is in its place
                contents = _unpack(order.source, staged, passphrase)
                _check_journal(staged / JOURNAL)
                asyncio.run(_record(staged / JOURNAL, order, contents))
                settings = _take_settings(order.home, staged)
                (staged / _MARK).unlink()
                _sync_tree(staged)
                had_state = not is_empty(order.home)
                exchange(staged, order.home)  # the one step: the old state lies beside from now on
                swapped = True
                _sync(order.home.parent)
                if settings is not None:
                    _write_settings(settings_files(order.home)[-1], settings, order.now)
                return Restored(contents, staged if had_state else None)
        finally:
            if not swapped or is_empty(staged):
                shutil.rmtree(staged, ignore_errors=True)


def _stage(order: RestoreOrder) -> Path:
    """Make the directory that is swapped in; its name is the one that the old state will have."""
    first, number = order.home.with_name(f"{order.home.name}{_BEFORE}{_day(order.now)}"), 1
    staged = first
    while os.path.lexists(staged):
        number += 1
        staged = first.with_name(f"{first.name}-{number}")
    with writing(staged):
        staged.mkdir(mode=0o700)
        (staged / _MARK).touch(mode=0o600)
    return staged


def _write_settings(target: Path, content: bytes, now: int) -> None:
    with writing(target):
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if target.exists():
        write_file(target.with_name(f"{target.name}{_BEFORE}{_day(now)}"), target.read_bytes())
    write_file(target, content)


def _day(now: int) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y%m%d-%H%M%S")


def _unpack(source: Path, staged: Path, passphrase: Secret) -> Contents:
    try:
        file = source.open("rb")
    except OSError as error:
        raise reading_error(error, source) from error
    root = open_root(staged)
    try:
        with file:
            reader = SealedReader(file, passphrase, shown(source))
            contents = read_contents(reader, source)
            names = [each.name for each in contents.files]
            if len(names) > MAX_FILES:
                raise LimitReached(what=f"files in {shown(source)}", limit=MAX_FILES)
            if len(set(names)) != len(names) or JOURNAL not in names:
                raise StoreDamaged(reason="the backup does not hold exactly one journal")
            for saved in contents.files:
                _unpack_one(reader, root, saved, source)
            reader.end()
    except OSError as error:
        raise reading_error(error, source) from error
    finally:
        os.close(root)
    return contents


def _unpack_one(reader: SealedReader, root: int, saved: SavedFile, source: Path) -> None:
    *above, last = check_member(saved.name)
    path = Path(saved.name)
    digest = hashlib.sha256()
    directory = make_directories(root, tuple(above), path)
    try:
        with writing(path):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(last, flags, saved.mode & 0o700, dir_fd=directory)
            with os.fdopen(descriptor, "wb") as target:

                def write(piece: bytes) -> None:
                    digest.update(piece)
                    target.write(piece)

                reader.copy(saved.size, write)
                target.flush()
                os.fsync(descriptor)
    finally:
        os.close(directory)
    if digest.hexdigest() != saved.sha256:
        raise BackupDamaged(path=shown(source), what=f"The content of {shown(saved.name)}")


def _check_journal(path: Path) -> None:
    """Raise what opening the restored journal would raise, before it takes anybody's place."""
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            (owner,) = connection.execute("PRAGMA application_id").fetchone()
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise store_error(error, path) from error
    if version > len(MIGRATIONS):
        raise StoreTooNew(found=version, known=len(MIGRATIONS))
    if owner != APPLICATION_ID or version == 0 or found != "ok":
        raise StoreDamaged(reason="the journal in the backup is not sound")


async def _record(path: Path, order: RestoreOrder, contents: Contents) -> None:
    """Tell the log that comes back that it came back: whoever trusts it must know from when."""
    journal = Journal(path)
    try:
        await journal.note(
            {
                "event": AuditKind.RESTORED.value,
                "at": order.now,
                "caller": who(Caller(os.geteuid(), os.getpid(), "command line")),
                "path": storable(str(order.source)),
                "backup": f"{datetime.fromtimestamp(contents.made, UTC):%Y-%m-%d %H:%M:%S} UTC",
            }
        )
    finally:
        await asyncio.to_thread(journal.close)


def _take_settings(home: Path, staged: Path) -> bytes | None:
    """Return settings that belong outside of the state directory; else leave them in it."""
    path = staged / SETTINGS
    if settings_files(home)[-1] == home / SETTINGS or not path.exists():
        return None
    content = read_file(path, MAX_SETTINGS)
    path.unlink()
    return content


def _remove_leftovers(home: Path) -> None:
    """Remove what a restore that was killed was unpacking, unless it still runs.

    Only what bears the mark: an old state that was swapped out never does.
    """
    for each in home.parent.iterdir():
        if not each.name.startswith(f"{home.name}{_BEFORE}") or not (each / _MARK).is_file():
            continue
        ownership = Ownership.take(each)
        if ownership is not None:
            shutil.rmtree(each, ignore_errors=True)
            ownership.release()


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    ownership = Ownership.take(home)
    if ownership is None:
        raise StoreLocked(path=shown(home))
    try:
        yield
    finally:
        ownership.release()


def _sync_tree(root: Path) -> None:
    for directory, _, _ in os.walk(root):
        _sync(Path(directory))


def _sync(directory: Path) -> None:
    descriptor = open_root(directory)
    try:
        sync_directory(descriptor, directory)
    finally:
        os.close(descriptor)
