"""Recomputes an audit log from its records, and holds it against checkpoints."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from signstation.audit.checkpoint import (
    CheckpointMalformed,
    CheckpointNotOurs,
    VerifierKey,
    read_checkpoint,
)
from signstation.audit.merkle import Tree, leaf_hash
from signstation.model.audit import CheckpointResult, CheckpointState

GENESIS = bytes(32)
"""What the first record is chained to."""


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record as the journal holds it.

    ``body`` is canonical JSON; ``hash`` is SHA-256(previous | body), so that a change is found at
    its place, where the tree alone would only say that there is one.
    """

    id: int  # from 1
    body: bytes
    previous: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Examined:
    """The tree of the records as they are, and the first that does not follow."""

    tree: Tree
    first_bad: int | None  # index from 0
    reason: str


def chain_hash(previous: bytes, body: bytes) -> bytes:
    """Return what the next record is chained to."""
    return hashlib.sha256(previous + body).digest()


def examine(records: Iterable[StoredRecord]) -> Examined:
    """Recompute everything, in the order given. Reads all records even where one is bad."""
    tree, head = Tree(), GENESIS
    first_bad, reason = None, ""
    for index, record in enumerate(records):
        tree.append(leaf_hash(record.body))
        if first_bad is None and (found := _wrong(index, record, head)):
            first_bad, reason = index, found
        head = record.hash
    return Examined(tree, first_bad, reason)


def _wrong(index: int, record: StoredRecord, head: bytes) -> str:
    if record.id != index + 1:
        return "a record before it was removed or put elsewhere"
    if record.previous != head:
        return "it does not follow from the record before it"
    if chain_hash(record.previous, record.body) != record.hash:
        return "its content was changed"
    return ""


def against(
    tree: Tree, checkpoints: Sequence[tuple[str, str | None]], verifier: VerifierKey
) -> tuple[CheckpointResult, ...]:
    """Hold the log against checkpoints: pairs of name and text (None: cannot be read)."""
    return tuple(_against(tree, name, text, verifier) for name, text in checkpoints)


def _against(tree: Tree, name: str, text: str | None, verifier: VerifierKey) -> CheckpointResult:
    if text is None:
        return CheckpointResult(name, CheckpointState.UNREADABLE, None)
    try:
        found = read_checkpoint(text, verifier)
    except CheckpointMalformed:
        return CheckpointResult(name, CheckpointState.UNREADABLE, None)
    except CheckpointNotOurs:
        return CheckpointResult(name, CheckpointState.NOT_OURS, None)
    if found.size > tree.size:
        return CheckpointResult(name, CheckpointState.CUT_OFF, found.size)
    same = tree.root(found.size) == found.root
    state = CheckpointState.CONSISTENT if same else CheckpointState.CONTRADICTED
    return CheckpointResult(name, state, found.size)
