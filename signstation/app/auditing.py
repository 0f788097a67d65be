"""The audit log read from the journal, recomputed, held against checkpoints, and signed for."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from itertools import chain, islice
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signstation.app.durable import write_file
from signstation.app.reading import read_file
from signstation.audit.chain import Link, first_bad
from signstation.audit.checkpoint import (
    CHECKPOINT,
    MAX_CHECKPOINT,
    read_checkpoint,
    verifier_key,
    write_checkpoint,
)
from signstation.audit.tree import leaf_hash, root_hash
from signstation.errors import ArtifactMalformed, OutputExists, StoreDamaged, UsageError
from signstation.jobs.commits import store_error
from signstation.model.audit import (
    AuditFilter,
    AuditKind,
    AuditRecord,
    AuditState,
    CheckpointResult,
    CheckpointState,
)
from signstation.system.files import shown

_JOURNAL = "journal.db"
_KEY = "audit.key"
_READABLE = 0o644
_KEY_SIZE = 32
"""Bytes of the file: the private key of RFC 8032, nothing around it."""
MAX_RECORDS_PER_CALL = 1000
"""Most records of one answer, so that a long log never travels at once."""
_SHOWN = frozenset({"event", "at", "job", "caller", "key", "path", "sha256"})
_SOURCE = "artifact_sha256"
"""What a published record calls the SHA-256 of the artifact that was signed."""


def read_log(home: Path) -> tuple[Link, ...]:
    """Return all records in the order of the log. Blocks.

    Raises UsageError where nothing was ever recorded, StoreDamaged and NotWritable.
    """
    path = home / _JOURNAL
    if not path.is_file():
        raise UsageError(reason="this station has no audit log yet")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            rows = database.execute("SELECT id, body, previous, hash FROM audit ORDER BY id")
            return tuple(Link(number, body.encode(), *hashes) for number, body, *hashes in rows)
    except sqlite3.Error as error:
        raise store_error(error, path) from error


def records(links: Iterable[Link]) -> tuple[AuditRecord, ...]:
    """Return records as people read them, newest first; one that cannot be read is OTHER."""
    return tuple(_record(each) for each in links)[::-1]


def page(home: Path, wanted: AuditFilter, offset: int) -> tuple[AuditRecord, ...]:
    """Return up to MAX_RECORDS_PER_CALL records that fit, newest first, from ``offset``. Blocks.

    None where nothing was ever recorded. Raises StoreDamaged and NotWritable.
    """
    if not (home / _JOURNAL).is_file():
        return ()
    found = (each for each in records(read_log(home)) if fits(each, wanted))
    return tuple(islice(found, offset, offset + MAX_RECORDS_PER_CALL))


def fits(record: AuditRecord, wanted: AuditFilter) -> bool:
    """Return whether a record is one of those that are wanted. Pure."""
    texts = (record.caller, record.key, record.artifact, *chain.from_iterable(record.details))
    return (
        (not wanted.kinds or record.kind in wanted.kinds)
        and (wanted.sha256 is None or wanted.sha256 in _hashes(record))
        and (wanted.since is None or record.time >= wanted.since)
        and (wanted.until is None or record.time < wanted.until)
        and wanted.key.casefold() in record.key.casefold()
        and wanted.text.casefold() in "\n".join(texts).casefold()
    )


def _hashes(record: AuditRecord) -> tuple[bytes | None, ...]:
    """Return the SHA-256 of what came out and of what it was made from."""
    return record.sha256, _digest(dict(record.details).get(_SOURCE, ""))


def check(home: Path, against: Sequence[Path]) -> AuditState:
    """Recompute the log and hold it against checkpoints; makes the audit key at the first need.

    Raises the errors of reading; what is wrong with log or checkpoints is in the answer. Blocks.
    """
    links, key = read_log(home), _audit_key(home)
    leaves = [leaf_hash(each.body) for each in links]
    bad, root = first_bad(links), root_hash(leaves)
    return AuditState(
        size=len(links),
        root=root,
        first_bad=None if bad is None else bad - 1,
        reason="" if bad is None else "it is not what was written, or one before it is missing",
        checkpoints=tuple(_held(leaves, each, key) for each in against),
        checkpoint="" if bad is not None else write_checkpoint(key, len(links), root).decode(),
        verifier=verifier_key(key.public_key()),
    )


def checkpoint_file(home: Path) -> bytes:
    """Return a signed checkpoint of the log as it is now, to be kept beside what was made. Blocks.

    Raises StoreDamaged where the log is not what was written, and the errors of reading.
    """
    state = check(home, ())
    if state.first_bad is not None:
        raise StoreDamaged(reason=f"audit record {state.first_bad}: {state.reason}")
    return state.checkpoint.encode()


def leave_checkpoint(home: Path, directory: Path) -> None:
    """Leave a checkpoint in a folder of results, in place of an older one of this log. Blocks.

    Raises OutputExists where the name is taken by anything else, also by a checkpoint that this
    log contradicts: it is the evidence of that, and stays. Raises StoreDamaged where the log is
    not what was written, and the errors of reading and writing.
    """
    path = directory / CHECKPOINT
    state = check(home, (path,) if os.path.lexists(path) else ())
    if state.first_bad is not None:
        raise StoreDamaged(reason=f"audit record {state.first_bad}: {state.reason}")
    if any(each.state is not CheckpointState.CONSISTENT for each in state.checkpoints):
        raise OutputExists(path=shown(path))
    write_file(path, state.checkpoint.encode(), mode=_READABLE)


def sign_object(home: Path, data: bytes) -> tuple[bytes, bytes]:
    """Sign a JSON object with the audit key: return the signature (64 bytes) and the key in PEM.

    Ed25519 (RFC 8032) over the bytes as they are, so that ``openssl pkeyutl`` can check it. They
    begin with a brace, which no checkpoint does: the one can never be taken for the other. Blocks.
    Raises ValueError for anything else, StoreDamaged and the errors of reading.
    """
    if not data.startswith(b"{"):
        message = "not a JSON object"
        raise ValueError(message)
    key = _audit_key(home)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return key.sign(data), public


def _held(leaves: Sequence[bytes], path: Path, key: Ed25519PrivateKey) -> CheckpointResult:
    try:
        signed = read_checkpoint(read_file(path, MAX_CHECKPOINT))
    except ArtifactMalformed:
        return CheckpointResult(str(path), CheckpointState.UNREADABLE, None)
    size = signed.checkpoint.size
    if not signed.is_by(key.public_key()):
        state = CheckpointState.NOT_OURS
    elif size > len(leaves):
        state = CheckpointState.CUT_OFF
    elif root_hash(leaves[:size]) != signed.checkpoint.root:
        state = CheckpointState.CONTRADICTED
    else:
        state = CheckpointState.CONSISTENT
    return CheckpointResult(str(path), state, size)


def _audit_key(home: Path) -> Ed25519PrivateKey:
    path = home / _KEY
    if not path.exists():
        with suppress(OutputExists):  # another process was first
            private = Ed25519PrivateKey.generate().private_bytes_raw()
            write_file(path, private, replace=False)
    data = read_file(path, _KEY_SIZE)
    if len(data) != _KEY_SIZE:
        raise StoreDamaged(reason="the key of the audit log is not 32 bytes long")
    return Ed25519PrivateKey.from_private_bytes(data)


def _record(link: Link) -> AuditRecord:
    try:
        body = json.loads(link.body)
    except (ValueError, RecursionError):
        body = None
    values: dict[str, str] = {}
    if isinstance(body, dict):
        values = {name: str(value) for name, value in body.items()}
    known = {each.value: each for each in AuditKind}
    return AuditRecord(
        index=link.number - 1,
        time=_number(values.get("at")) or 0,
        kind=known.get(values.get("event", ""), AuditKind.OTHER),
        caller=values.get("caller", ""),
        key=values.get("key", ""),
        artifact=values.get("path", ""),
        sha256=_digest(values.get("sha256", "")),
        job=_number(values.get("job")),
        details=tuple(pair for pair in values.items() if pair[0] not in _SHOWN),
        leaf=leaf_hash(link.body),
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 20 else None  # noqa: PLR2004 - 64 bits


def _digest(text: str) -> bytes | None:
    try:
        return bytes.fromhex(text) or None
    except ValueError:
        return None
