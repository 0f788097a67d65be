"""Journals of every earlier version, as the SQL that made them: frozen text, never edited.

Each has the same content: job 1 done with one step, its signature and its output; job 2 failed;
three audit rows that are chained.
"""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

_V1 = """
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
) STRICT;
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
  state TEXT NOT NULL CHECK (state IN ('queued','waiting','running','cancelling','publishing',
    'interrupted','done','failed','cancelled')),
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  artifact_sha256 BLOB CHECK (length(artifact_sha256) = 32),
  error TEXT,
  counters TEXT,
  UNIQUE (job, ordinal)
) STRICT;
CREATE INDEX unfinished ON step (job) WHERE state NOT IN ('done', 'failed', 'cancelled');
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
) STRICT, WITHOUT ROWID;
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
) STRICT, WITHOUT ROWID;
CREATE TABLE patch (
  step INTEGER NOT NULL REFERENCES step (id),
  ordinal INTEGER NOT NULL CHECK (ordinal >= 0),
  at INTEGER NOT NULL CHECK (at >= 0),
  old BLOB NOT NULL,
  new BLOB NOT NULL,
  inode INTEGER NOT NULL,
  size INTEGER NOT NULL CHECK (size >= 0),
  PRIMARY KEY (step, ordinal)
) STRICT, WITHOUT ROWID;
CREATE TABLE staging (
  path TEXT NOT NULL,
  job INTEGER NOT NULL REFERENCES job (id),
  PRIMARY KEY (path, job)
) STRICT, WITHOUT ROWID;
CREATE TABLE approval (
  job INTEGER NOT NULL REFERENCES job (id),
  approver TEXT NOT NULL,
  at INTEGER NOT NULL,
  signature BLOB NOT NULL,
  PRIMARY KEY (job, approver)
) STRICT, WITHOUT ROWID;
CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  job INTEGER REFERENCES job (id),
  step INTEGER REFERENCES step (id),
  body TEXT NOT NULL,
  previous BLOB NOT NULL UNIQUE CHECK (length(previous) = 32),
  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32)
) STRICT;
CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'kept'); END;
CREATE TRIGGER audit_fixed BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'fixed'); END;
PRAGMA application_id = 1397183316;
PRAGMA user_version = 1;
"""

_V2 = _V1.replace(
    "CHECK (replace_targets IN (0, 1))\n",
    "CHECK (replace_targets IN (0, 1)),\n"
    "  paused INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1))\n",
).replace("user_version = 1", "user_version = 2")

_CONTENT = """
INSERT INTO job
  (id, title, created, finished, request, request_sha256, keys, profiles, caller, replace_targets)
VALUES
  (1, 'release', 1700000000, 1700000009, x'7b7d', CAST(zeroblob(31) || x'01' AS BLOB),
   '["file:/k.pem"]', '[]', '{}', 0),
  (2, 'next', 1700000100, 1700000101, x'7b7d', CAST(zeroblob(31) || x'02' AS BLOB),
   '["file:/k.pem"]', '[]', '{}', 0);
INSERT INTO step VALUES
  (1, 1, 0, '/in', 'hello.ko', 'hello', 'kmod', 4096, '/out', '/out/.staging', 'done', 1,
   zeroblob(32), NULL, '{"hash":5,"key":7}'),
  (2, 2, 0, '/in', 'bye.ko', 'bye', 'kmod', 4096, '/out', '/out/.staging', 'failed', 2, NULL,
   '{"code":"cancelled","fields":{},"effect":"unchanged"}', NULL);
INSERT INTO ask VALUES
  (1, 0, 1, 0, 'rsa-pkcs1-sha256', zeroblob(32), 'signed', x'0102');
INSERT INTO output VALUES
  (1, 0, '', 'hello.ko', 'ready', 'a', CAST(zeroblob(31) || x'aa' AS BLOB)),
  (2, 0, '', 'bye.ko', 'planned', NULL, NULL);
"""
BODIES = (
    '{"at":1700000000,"event":"submitted","items":1,"job":1,"request":"00"}',
    '{"artifact_sha256":"00","at":1700000009,"event":"published","job":1,"path":"/out/hello.ko",'
    '"sha256":"aa","step":1}',
    '{"at":1700000100,"event":"submitted","items":1,"job":2,"request":"01"}',
)
"""What the audit rows of each journal say, the oldest first."""
EARLIER = {1: _V1, 2: _V2}
"""The tables of each earlier version."""


def write_earlier(version: int, path: Path) -> None:
    """Make the journal of an earlier version with its content."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(EARLIER[version] + _CONTENT)
        previous = bytes(32)
        for job, body in zip((1, 1, 2), BODIES, strict=True):
            digest = hashlib.sha256(previous + body.encode()).digest()
            connection.execute(
                "INSERT INTO audit (job, step, body, previous, hash) VALUES (?, NULL, ?, ?, ?)",
                (job, body, previous, digest),
            )
            previous = digest
