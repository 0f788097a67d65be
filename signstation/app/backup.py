"""Backup of a station's whole state into one encrypted file, and its way back.

What is sealed: four bytes length (big-endian), the list of the files as JSON, then their contents
in its order. The journal is a snapshot by SQLite's own online backup.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import signstation
from signstation.app.backup_file import LOG_N, PIECE, SealedReader, SealedWriter
from signstation.app.backup_state import JOURNAL, KEYS, SETTINGS, Member, members
from signstation.app.home import settings_files
from signstation.codec.plain import from_plain, to_plain
from signstation.errors import (
    ArtifactChanged,
    LimitReached,
    OutputExists,
    PathMissing,
    ProtocolViolation,
    RecheckFailed,
    StoreDamaged,
    UsageError,
)
from signstation.jobs.aside import snapshot
from signstation.jobs.commits import store_error
from signstation.model.secret import Secret
from signstation.system.files import open_root, reading_error, shown, writing
from signstation.system.files_publish import rename_into, sync_directory

VERSION = 1
MAX_LIST = 16 * 1024 * 1024
"""Largest list of files in bytes: MAX_FILES entries of well under 800 bytes."""
LENGTH = 4
_BUSY = "job {job} is not finished: let it end, resume it or cancel it before the backup"


@dataclass(frozen=True, slots=True)
class SavedFile:
    """One file of a backup: its path below the state with slashes, mode, size, SHA-256 (hex)."""

    name: str
    mode: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup holds. ``made`` is Unix seconds; ``journal`` the version of the journal."""

    version: int
    program: str
    made: int
    journal: int
    with_keys: bool
    files: tuple[SavedFile, ...]


@dataclass(frozen=True, slots=True)
class BackupOrder:
    """Save the state ``home`` to the new file ``target``; key files only where asked."""

    home: Path
    target: Path
    with_keys: bool
    replace: bool
    made: int


def refuse_taken(order: BackupOrder) -> None:
    """Raise what needs no passphrase to know: OutputExists, PathMissing without a state."""
    if not (order.home / JOURNAL).is_file():
        raise PathMissing(path=shown(order.home / JOURNAL))
    if not order.replace and os.path.lexists(order.target):
        raise OutputExists(path=shown(order.target))


def write_backup(order: BackupOrder, passphrase: Secret, *, log_n: int = LOG_N) -> Contents:
    """Write, sync, read back and compare; the file gets its name last. Blocks.

    The station may be at work meanwhile. Raises OutputExists, PathMissing, UsageError (unfinished
    jobs: restored, they would go on by themselves), ArtifactChanged, DiskFull, NotWritable,
    StoreDamaged and RecheckFailed; then there is no file of that name.
    """
    refuse_taken(order)
    with _private(order.home) as area:
        version = _copy_journal(order.home, area / JOURNAL)
        found = list(members(order.home, with_keys=order.with_keys))
        found.append(Member(JOURNAL, area / JOURNAL, 0o600))
        settings = settings_files(order.home)[-1]
        if settings.is_file():
            found.append(Member(SETTINGS, settings, 0o600))
        contents = Contents(
            version=VERSION,
            program=signstation.__version__,
            made=order.made,
            journal=version,
            with_keys=order.with_keys,
            files=tuple(map(_measured, found)),
        )
        _write(order, passphrase, contents, found, log_n)
    return contents


def read_contents(reader: SealedReader, path: Path) -> Contents:
    """Read the list at the beginning of a backup. Raises BackupDamaged, StoreDamaged."""
    length = int.from_bytes(reader.read(LENGTH), "big")
    if length > MAX_LIST:
        raise LimitReached(what=f"bytes of the list of files in {shown(path)}", limit=MAX_LIST)
    try:
        contents = from_plain(json.loads(reader.read(length)), Contents)
    except (ValueError, RecursionError, ProtocolViolation) as error:
        raise StoreDamaged(reason="the list of files in the backup cannot be read") from error
    if contents.version != VERSION:
        raise StoreDamaged(reason="the backup was made by a newer signstation")
    return contents


def counts(contents: Contents) -> tuple[int, int]:
    """Return how many files and bytes a backup holds."""
    return len(contents.files), sum(each.size for each in contents.files)


def key_files(contents: Contents) -> int:
    """Return how many files of the key directory are in it."""
    return sum(each.name.startswith(f"{KEYS}/") for each in contents.files)


@contextmanager
def _private(home: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=home) as area:
        yield Path(area)


def _copy_journal(home: Path, target: Path) -> int:
    """Snapshot the journal and return its version. Raises UsageError for unfinished jobs."""
    path = home / JOURNAL
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as source:
            snapshot(source, target)
        with closing(sqlite3.connect(target, isolation_level=None)) as copy:
            (version,) = copy.execute("PRAGMA user_version").fetchone()
            row = copy.execute(
                "SELECT job FROM step WHERE state NOT IN ('done', 'failed', 'cancelled') LIMIT 1"
            ).fetchone()
    except sqlite3.Error as error:
        raise store_error(error, path) from error
    except OSError as error:
        raise reading_error(error, path) from error
    if row is not None:
        raise UsageError(reason=_BUSY.format(job=row[0]))
    return int(version)


def _measured(member: Member) -> SavedFile:
    digest, size = hashlib.sha256(), 0
    for piece in _pieces(member.path):
        digest.update(piece)
        size += len(piece)
    return SavedFile(member.name, member.mode, size, digest.hexdigest())


def _pieces(path: Path) -> Iterator[bytes]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            while piece := file.read(PIECE):
                yield piece
    except OSError as error:
        raise reading_error(error, path) from error


def _write(
    order: BackupOrder, passphrase: Secret, contents: Contents, found: list[Member], log_n: int
) -> None:
    aside = f".{order.target.name[:64]}.{secrets.token_hex(8)}"
    directory = open_root(order.target.parent)
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with writing(order.target):
            descriptor = os.open(aside, flags, 0o600, dir_fd=directory)
            with os.fdopen(descriptor, "w+b") as file:
                _seal(file, passphrase, contents, found, log_n)
                file.flush()
                os.fsync(descriptor)
                # so that what is read back comes from the medium
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
                file.seek(0)
                _compare(file, passphrase, contents, order.target)
        rename_into(
            (directory, aside), (directory, order.target.name), order.target, replace=order.replace
        )
        sync_directory(directory, order.target.parent)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(aside, dir_fd=directory)
        os.close(directory)


def _seal(
    file: BinaryIO, passphrase: Secret, contents: Contents, found: list[Member], log_n: int
) -> None:
    listed = json.dumps(to_plain(contents)).encode()
    writer = SealedWriter(file, passphrase, log_n=log_n)
    writer.write(len(listed).to_bytes(LENGTH, "big") + listed)
    for saved, member in zip(contents.files, found, strict=True):
        digest = hashlib.sha256()
        for piece in _pieces(member.path):
            digest.update(piece)
            writer.write(piece)
        if digest.hexdigest() != saved.sha256:
            raise ArtifactChanged(
                path=shown(member.path), expected=saved.sha256, found=digest.hexdigest()
            )
    writer.close()


def _compare(file: BinaryIO, passphrase: Secret, contents: Contents, path: Path) -> None:
    reader = SealedReader(file, passphrase, shown(path))
    if read_contents(reader, path) != contents:
        raise RecheckFailed(path=shown(path), reason="the list read back is not what was written")
    for saved in contents.files:
        digest = hashlib.sha256()
        reader.copy(saved.size, digest.update)
        if digest.hexdigest() != saved.sha256:
            raise RecheckFailed(path=shown(path), reason=f"{saved.name} is not what was written")
    reader.end()
