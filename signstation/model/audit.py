"""The audit log as people read it: records, what is asked of them, and the state of the log."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class AuditKind(Enum):
    """What a record tells. Values are the ``event`` of the stored record."""

    SUBMITTED = "submitted"
    KEY_USE = "key-use"
    """Written before the key is asked: a signature that nobody recorded cannot exist."""

    KEY_UNUSED = "key-unused"
    """The key was not asked after all, or refused: corrects the use recorded before."""

    DISCARDED = "discarded"
    PUBLISHED = "published"
    KEY_CHANGE = "key-change"
    TRUST_CHANGE = "trust-change"
    REFUSAL = "refusal"
    CANCELLED = "cancelled"
    STARTED = "started"
    """A station began that recorded something later; stands before the first of that."""

    RESTORED = "restored"
    """The state came out of a backup: what was recorded after that is not in this log."""

    OTHER = "other"
    """An event of another version of signstation, or a record that cannot be read."""


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One record. Texts are untrusted: names come from artifacts and callers."""

    index: int  # from 0, in the order of the log
    time: int  # Unix seconds; 0 where the record does not say
    kind: AuditKind
    caller: str  # who gave the order; empty where nobody did
    key: str  # as ``--key`` takes it; empty where no key is concerned
    artifact: str  # path of the output or of what was signed; may be empty
    sha256: bytes | None  # of the published output, else of the artifact
    job: int | None
    details: tuple[tuple[str, str], ...]  # everything else that the record holds
    leaf: bytes  # RFC 6962 leaf hash


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which records: all conditions that are set must hold."""

    kinds: tuple[AuditKind, ...] = ()
    text: str = ""  # in caller, key, artifact or details, without regard to case
    sha256: bytes | None = None  # of an output, or of the artifact that it was made from
    since: int | None = None  # Unix seconds, included
    until: int | None = None  # Unix seconds, excluded
    key: str = ""  # in the key, without regard to case


class CheckpointState(Enum):
    """What the log is worth beside one checkpoint."""

    CONSISTENT = "consistent"
    CONTRADICTED = "contradicted"
    """The records that the checkpoint covers are not those of the log."""

    CUT_OFF = "cut-off"
    """The log is shorter than it was when the checkpoint was made."""

    NOT_OURS = "not-ours"
    """Not signed by this station's audit key, or of another log."""

    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class CheckpointResult:
    """One checkpoint that the log was held against."""

    name: str  # path of the file: untrusted text
    state: CheckpointState
    size: int | None


@dataclass(frozen=True, slots=True)
class AuditState:
    """The log, recomputed from its records.

    ``first_bad`` is the index of the first record that does not follow from those before it.
    Without a consistent checkpoint nobody can know whether the newest records were removed.
    """

    size: int
    root: bytes  # RFC 6962 tree hash, 32 bytes
    first_bad: int | None
    reason: str  # what is wrong with it; empty where nothing is
    checkpoints: tuple[CheckpointResult, ...]
    checkpoint: str  # signed note of the log as it is now; empty where the log is bad
    verifier: str  # public half of the audit key, as signed notes name it


@dataclass(frozen=True, slots=True)
class AuditProof:
    """That one record stands in the log: all that ``verify_audit.py`` needs, as JSON text."""

    index: int
    text: str
