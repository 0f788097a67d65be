"""The tables of the journal and their history: each change is one more migration, never an edit."""

from __future__ import annotations

import sqlite3

from signstation.errors import StoreDamaged, StoreTooNew

APPLICATION_ID = 0x5347_5354
"""PRAGMA application_id, "SGST": another program's database is not taken for ours."""

_STATES = "'queued','waiting','running','cancelling','publishing','interrupted','done','failed',\
'cancelled'"

_FIRST = (
    """
    CREATE TABLE job (
      id INTEGER PRIMARY KEY,
      title TEXT NOT NULL,
      created INTEGER NOT NULL,
      finished INTEGER,
      request BLOB NOT NULL,
      request_sha256 BLOB NOT NULL UNIQUE CHECK (length(request_sha256) = 32),
      keys TEXT NOT NULL,
      profiles TEXT NOT NULL,
      caller TEXT NOT NULL,
      replace_targets INTEGER NOT NULL CHECK (replace_targets IN (0, 1))
    ) STRICT
    """,
    f"""
    CREATE TABLE step (
      id INTEGER PRIMARY KEY,
      job INTEGER NOT NULL REFERENCES job (id),
      ordinal INTEGER NOT NULL CHECK (ordinal >= 0),
      root TEXT NOT NULL,
      name TEXT NOT NULL,
      title TEXT NOT NULL,
      format TEXT NOT NULL,
      size INTEGER NOT NULL,
      target_root TEXT NOT NULL,
      staging TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ({_STATES})),
      attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
      artifact_sha256 BLOB CHECK (length(artifact_sha256) = 32),
      error TEXT,
      counters TEXT,
      UNIQUE (job, ordinal)
    ) STRICT
    """,
    """
    CREATE INDEX unfinished ON step (job) WHERE state NOT IN ('done', 'failed', 'cancelled')
    """,
    # What a key was asked for: written before the key is used, so no signature exists unknown.
    """
    CREATE TABLE ask (
      step INTEGER NOT NULL REFERENCES step (id),
      ordinal INTEGER NOT NULL CHECK (ordinal >= 0),
      attempt INTEGER NOT NULL CHECK (attempt > 0),
      slot INTEGER NOT NULL CHECK (slot >= 0),
      scheme TEXT NOT NULL,
      hash BLOB NOT NULL CHECK (length(hash) = 32),
      state TEXT NOT NULL CHECK (state IN ('intended', 'signed', 'discarded', 'unused')),
      signature BLOB,
      CHECK ((signature IS NULL) = (state IN ('intended', 'unused'))),
      PRIMARY KEY (step, ordinal, attempt)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE output (
      step INTEGER NOT NULL REFERENCES step (id),
      ordinal INTEGER NOT NULL CHECK (ordinal >= 0),
      suffix TEXT NOT NULL,
      target TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('planned', 'ready')),
      staged TEXT,
      sha256 BLOB CHECK (length(sha256) = 32),
      CHECK ((sha256 IS NULL) = (state = 'planned')),
      PRIMARY KEY (step, ordinal)
    ) STRICT, WITHOUT ROWID
    """,
    # In-place signing of a large file: what to put back. The inode says which file it was.
    """
    CREATE TABLE patch (
      step INTEGER NOT NULL REFERENCES step (id),
      ordinal INTEGER NOT NULL CHECK (ordinal >= 0),
      at INTEGER NOT NULL CHECK (at >= 0),
      old BLOB NOT NULL,
      new BLOB NOT NULL,
      inode INTEGER NOT NULL,
      size INTEGER NOT NULL CHECK (size >= 0),
      PRIMARY KEY (step, ordinal)
    ) STRICT, WITHOUT ROWID
    """,
    # Directories of ours beside targets: emptied and removed when their job has ended.
    """
    CREATE TABLE staging (
      path TEXT NOT NULL,
      job INTEGER NOT NULL REFERENCES job (id),
      PRIMARY KEY (path, job)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE approval (
      job INTEGER NOT NULL REFERENCES job (id),
      approver TEXT NOT NULL,
      at INTEGER NOT NULL,
      signature BLOB NOT NULL,
      PRIMARY KEY (job, approver)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE audit (
      id INTEGER PRIMARY KEY,
      job INTEGER REFERENCES job (id),
      step INTEGER REFERENCES step (id),
      body TEXT NOT NULL,
      previous BLOB NOT NULL UNIQUE CHECK (length(previous) = 32),
      hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32)
    ) STRICT
    """,
    "CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'kept'); END",
    "CREATE TRIGGER audit_fixed BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'fixed'); END",
    f"PRAGMA application_id = {APPLICATION_ID}",
)

# A person's wish that outlives the station: a paused job begins nothing after a restart either.
_PAUSE = ("ALTER TABLE job ADD COLUMN paused INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1))",)

# Where a checkpoint of the audit log belongs when a job has ended, and whether it is still owed.
_CHECKPOINT = (
    "ALTER TABLE job ADD COLUMN checkpoint TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE job ADD COLUMN owing INTEGER NOT NULL DEFAULT 0 CHECK (owing IN (0, 1))",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST, _PAUSE, _CHECKPOINT)
"""From version n to n + 1 (PRAGMA user_version), forward only."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring an open database to the newest version, all or nothing.

    Raises StoreTooNew for one of a newer signstation, StoreDamaged for another program's.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (owner,) = connection.execute("PRAGMA application_id").fetchone()
    if version > len(MIGRATIONS):
        raise StoreTooNew(found=version, known=len(MIGRATIONS))
    if owner not in {APPLICATION_ID, 0} or (owner == 0) != (version == 0):
        raise StoreDamaged(reason="the file is the database of another program")
    if version == len(MIGRATIONS):
        return
    connection.execute("BEGIN EXCLUSIVE")
    try:
        for migration in MIGRATIONS[version:]:
            for statement in migration:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
