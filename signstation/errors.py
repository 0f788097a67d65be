"""Every error that signstation raises on purpose: stable codes and typed fields, no sentences.

The words for people live in ``reports/messages.py``, keyed by ``code``; an error crosses a process
boundary as ``{"code", "fields", "effect"}``. The classes are in ``failures/``; this is where
everybody imports them from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from signstation.effects import Effect, ExitStatus
from signstation.failures.base import FieldValue, SignstationError, all_errors
from signstation.failures.host import (
    Cancelled,
    CancelRefused,
    DiskFull,
    HostError,
    InternalError,
    Interrupted,
    LimitReached,
    NotWritable,
    OfflineRefused,
    PolicyError,
    PolicyRefused,
    ProtocolViolation,
    ReplayDiverged,
    StoreDamaged,
    StoreLocked,
    StoreTooNew,
    TimeRefused,
    ToolError,
    ToolFailed,
    ToolMissing,
    ToolTimedOut,
    UsageError,
    WorkerDied,
    WorkerHung,
)
from signstation.failures.input import (
    AlreadySigned,
    ArtifactChanged,
    ArtifactMalformed,
    ArtifactUnreadable,
    BackupDamaged,
    BackupLocked,
    CompressedModule,
    ContentDamaged,
    FormatUnknown,
    HardLinked,
    InputError,
    LeavesTree,
    NameRefused,
    NotARegularFile,
    OutputClash,
    OutputExists,
    PathMissing,
    RecheckFailed,
    StateExists,
)
from signstation.failures.keys import (
    AgentMissing,
    CertificateMismatch,
    CertificateMissing,
    GuardRefused,
    KeyAmbiguous,
    KeyChanged,
    KeyFailure,
    KeyNotFound,
    KeyStoreFailed,
    KeyStoreUnknown,
    KeyUnreadable,
    KeyUnusable,
    PassphraseWrong,
    PinLocked,
    SchemeUnsupported,
    SecretMissing,
    TokenFailed,
    TokenMissing,
    TouchMissing,
)

__all__ = [
    "AgentMissing",
    "AlreadySigned",
    "ArtifactChanged",
    "ArtifactMalformed",
    "ArtifactUnreadable",
    "BackupDamaged",
    "BackupLocked",
    "CancelRefused",
    "Cancelled",
    "CertificateMismatch",
    "CertificateMissing",
    "CompressedModule",
    "ContentDamaged",
    "DiskFull",
    "Effect",
    "ExitStatus",
    "FieldValue",
    "FormatUnknown",
    "GuardRefused",
    "HardLinked",
    "HostError",
    "InputError",
    "InternalError",
    "Interrupted",
    "KeyAmbiguous",
    "KeyChanged",
    "KeyFailure",
    "KeyNotFound",
    "KeyStoreFailed",
    "KeyStoreUnknown",
    "KeyUnreadable",
    "KeyUnusable",
    "LeavesTree",
    "LimitReached",
    "NameRefused",
    "NotARegularFile",
    "NotWritable",
    "OfflineRefused",
    "OutputClash",
    "OutputExists",
    "PassphraseWrong",
    "PathMissing",
    "PinLocked",
    "PolicyError",
    "PolicyRefused",
    "ProtocolViolation",
    "RecheckFailed",
    "ReplayDiverged",
    "SchemeUnsupported",
    "SecretMissing",
    "SignstationError",
    "StateExists",
    "StoreDamaged",
    "StoreLocked",
    "StoreTooNew",
    "TimeRefused",
    "TokenFailed",
    "TokenMissing",
    "ToolError",
    "ToolFailed",
    "ToolMissing",
    "ToolTimedOut",
    "TouchMissing",
    "UsageError",
    "WorkerDied",
    "WorkerHung",
    "all_errors",
    "from_wire",
]


def from_wire(data: Mapping[str, object]) -> SignstationError:
    """Rebuild an error from its JSON form; an unknown code becomes InternalError, never a guess."""
    values = data.get("fields")
    for cls in all_errors():
        if cls.code == data.get("code") and isinstance(values, Mapping):
            known = {f.name for f in fields(cls)} - {"effect"}
            error = cls(**{name: value for name, value in values.items() if name in known})
            return error.with_effect(Effect(data.get("effect", Effect.UNKNOWN.value)))
    return InternalError(id=str(data.get("code", "")), effect=Effect.UNKNOWN)
