"""Group commit: one thread owns the database connection and commits what came together."""

from __future__ import annotations

import asyncio
import copy
import hashlib
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from signstation.codec.plain import canonical
from signstation.errors import (
    DiskFull,
    NotWritable,
    SignstationError,
    StoreDamaged,
)
from signstation.jobs.aside import keep_before_migration
from signstation.jobs.bugs import bug
from signstation.jobs.checkpoints import Checkpoints, Point
from signstation.jobs.schema import migrate
from signstation.system.files import writing_error

_LOG = logging.getLogger(__name__)

GROUP_FROM = 8
"""Items in flight from which on commits wait for company (measured: DESIGN.md section 6)."""
TICK = 0.010
"""Seconds between two commits then: 60 to 100 commits for 1,000 items instead of 530."""
GENESIS = bytes(32)
"""What the first audit row is chained to."""

Body = Mapping[str, str | int]


class Writer:
    """The inside of one transaction: lives on the commit thread."""

    def __init__(self, connection: sqlite3.Connection, preface: Body | None = None) -> None:
        """Find the end of the audit chain. ``preface`` goes before the first new record."""
        self.connection = connection
        self._head = self._last()
        self._preface = self._kept = preface

    def _last(self) -> bytes:
        row = self.connection.execute("SELECT hash FROM audit ORDER BY id DESC LIMIT 1").fetchone()
        return bytes(row[0]) if row else GENESIS

    def audit(self, job: int | None, step: int | None, body: Body) -> None:
        """Append a row: its hash is SHA-256 of the previous hash and the canonical body."""
        if self._preface is not None:
            preface, self._preface = self._preface, None
            self.audit(None, None, preface)
        data = canonical(dict(body))
        digest = hashlib.sha256(self._head + data).digest()
        self.connection.execute(
            "INSERT INTO audit (job, step, body, previous, hash) VALUES (?, ?, ?, ?, ?)",
            (job, step, data.decode(), self._head, digest),
        )
        self._head = digest

    def committed(self) -> None:
        """Take note that what was appended stays."""
        self._kept = self._preface

    def rolled_back(self) -> None:
        """Forget the chain's end that was not committed."""
        self._preface = self._kept
        self._head = self._last()


Operation = Callable[[Writer], None]


@dataclass(frozen=True, slots=True)
class _Entry:
    operation: Operation
    point: Point | None
    durable: asyncio.Future[None] | None


def store_error(error: sqlite3.Error, path: Path) -> SignstationError:
    """Return the typed error for a failure of SQLite."""
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:  # the primary result code
        case sqlite3.SQLITE_FULL:
            return DiskFull(path=str(path))
        case (
            sqlite3.SQLITE_READONLY
            | sqlite3.SQLITE_CANTOPEN
            | sqlite3.SQLITE_IOERR
            | sqlite3.SQLITE_PERM
            | sqlite3.SQLITE_BUSY
            | sqlite3.SQLITE_LOCKED
        ):
            return NotWritable(path=str(path), reason=str(error))
        case _:
            return StoreDamaged(reason=f"{type(error).__name__}: {error}")


class CommitThread:
    """Takes operations from the event loop's thread; whoever waits is told when they are durable.

    After a failed commit nothing more is taken until ``revive``: what was not written then is lost
    here, and told by the rows that are missing.
    """

    def __init__(self, path: Path, checkpoints: Checkpoints, preface: Body | None = None) -> None:
        """Open, and migrate, the database. Raises StoreTooNew, StoreDamaged, NotWritable.

        ``preface`` is the audit record that goes before the first one of this process.
        """
        self.in_flight = 0
        self.commits = 0
        self.failure: SignstationError | None = None
        self._path = path
        self._checkpoints = checkpoints
        self._condition = threading.Condition()
        self._pending: list[_Entry] = []
        self._closing = False
        self._urgent = False
        self._connection = _open(path)
        self._writer = Writer(self._connection, preface)
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def put(self, operation: Operation, point: Point | None = None) -> None:
        """Let an operation ride in the next commit; ``point`` is reached after it."""
        self._add(_Entry(operation, point, None))

    def durable(
        self, operation: Operation, point: Point | None = None, *, urgent: bool = False
    ) -> asyncio.Future[None]:
        """As ``put``; the future completes when the operation is on the disk.

        ``urgent``: the commit does not wait for company.
        """
        future = asyncio.get_running_loop().create_future()
        self._urgent = self._urgent or urgent
        self._add(_Entry(operation, point, future))
        return future

    def revive(self) -> None:
        """Take operations again after a failure (the disk may have room by now)."""
        self.failure = None

    def close(self) -> None:
        """Commit what is pending and end the thread. Blocks."""
        with self._condition:
            self._closing = True
            self._condition.notify()
        self._thread.join()

    def _add(self, entry: _Entry) -> None:
        if self.failure is not None:
            raise copy.copy(self.failure)
        with self._condition:
            self._pending.append(entry)
            if len(self._pending) == 1 or self._urgent:
                self._condition.notify()

    def _run(self) -> None:
        last = 0.0
        while batch := self._next(last):
            last = time.monotonic()
            # after a failure nothing rides in a later commit: rows would stand without their causes
            error = self.failure or self._commit(batch)
            if self.failure is None and error is not None:
                self.failure = error
                _LOG.error("the journal cannot be written: %s", error)
            self._tell([entry.durable for entry in batch if entry.durable is not None], error)
        with suppress(sqlite3.Error):  # the log of a full disk is replayed at the next start
            self._connection.close()

    def _next(self, last: float) -> list[_Entry]:
        with self._condition:
            while not self._pending and not self._closing:
                self._condition.wait()
            if self.in_flight >= GROUP_FROM:
                due = last + TICK
                self._condition.wait_for(
                    lambda: self._urgent or self._closing, max(0.0, due - time.monotonic())
                )
            batch, self._pending, self._urgent = self._pending, [], False
        return batch

    def _commit(self, batch: list[_Entry]) -> SignstationError | None:
        try:
            self._checkpoints.reached(Point.BEFORE_COMMIT)
            self._connection.execute("BEGIN IMMEDIATE")
            for entry in batch:
                entry.operation(self._writer)
            self._checkpoints.reached(Point.INSIDE_COMMIT)
            self._connection.execute("COMMIT")
            self._writer.committed()
            self.commits += 1
            for point in {entry.point for entry in batch if entry.point is not None}:
                self._checkpoints.reached(point)
        except sqlite3.Error as error:
            self._roll_back()
            return store_error(error, self._path)
        except Exception as error:  # noqa: BLE001 - whoever waits must hear of it
            self._roll_back()
            return bug(error)
        return None

    def _roll_back(self) -> None:
        with suppress(sqlite3.Error):
            self._connection.execute("ROLLBACK")
        with suppress(sqlite3.Error):
            self._writer.rolled_back()

    def _tell(self, futures: list[asyncio.Future[None]], error: SignstationError | None) -> None:
        if futures:
            with suppress(RuntimeError):  # the loop has ended: nobody waits
                futures[0].get_loop().call_soon_threadsafe(_complete, futures, error)


def _complete(futures: list[asyncio.Future[None]], error: SignstationError | None) -> None:
    for future in futures:
        if not future.done():
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(copy.copy(error))
                future.exception()  # noted: whoever waited may have been cancelled


def _open(path: Path) -> sqlite3.Connection:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        keep_before_migration(connection, path)
        migrate(connection)
    except sqlite3.Error as error:
        raise store_error(error, path) from error
    except OSError as error:
        raise writing_error(error, path) from error
    return connection
