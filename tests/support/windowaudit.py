"""An audit log for the window, and what a recorded station answers about it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from signstation.model.audit import (
    AuditFilter,
    AuditKind,
    AuditProof,
    AuditRecord,
    AuditState,
    CheckpointResult,
    CheckpointState,
)
from tests.support.windowbase import MODULE_KEY, NOW, SUBKEY, digest

T = TypeVar("T")
PAGE = 7
"""Records per answer: several answers make the log."""
DAY = 86_400


def records() -> tuple[AuditRecord, ...]:
    """Return a log of three releases, newest first."""
    kinds = (
        AuditKind.SUBMITTED,
        AuditKind.KEY_USE,
        AuditKind.PUBLISHED,
        AuditKind.KEY_USE,
        AuditKind.PUBLISHED,
        AuditKind.TRUST_CHANGE,
        AuditKind.REFUSAL,
    )
    found = [_record(number, kinds[number % len(kinds)]) for number in range(24)]
    return tuple(reversed(found))


def _record(number: int, kind: AuditKind) -> AuditRecord:
    published = kind is AuditKind.PUBLISHED
    about = kind in {AuditKind.PUBLISHED, AuditKind.KEY_USE, AuditKind.REFUSAL}
    name = f"acme-part{number:02}-4.2.0-1.el9.x86_64.rpm"
    return AuditRecord(
        index=number,
        time=NOW - (24 - number) * DAY // 2,
        kind=kind,
        caller="alice (window)",
        key=f"gpg:{SUBKEY}" if number % 2 else f"file:{MODULE_KEY}",
        artifact=f"/srv/builds/signed/{name}" if about else "",
        sha256=digest(name) if published else None,
        job=number // 7 + 1,
        details=(("scheme", "ed25519"),) if kind is AuditKind.KEY_USE else (),
        leaf=digest(f"leaf {number}"),
    )


def state(**more: object) -> AuditState:
    """Return a whole log that no checkpoint was held against."""
    values: dict[str, object] = {
        "size": 24,
        "root": digest("root"),
        "first_bad": None,
        "reason": "",
        "checkpoints": (),
        "checkpoint": "signstation\n24\n",
        "verifier": "station+01234567+AAAA",
    }
    return AuditState(**{**values, **more})  # type: ignore[arg-type]


@dataclass(slots=True)
class AuditScript:
    """What the station will say about its log."""

    records: tuple[AuditRecord, ...] = field(default_factory=records)
    state: AuditState = field(default_factory=state)


class _Recording(Protocol):
    audit: AuditScript

    def _answer(self, name: str, argument: object, give: Callable[[], T]) -> Future[T]: ...


class RecordedAudit:
    """The part of a recorded station that speaks of the audit log."""

    def audit_records(
        self: _Recording, wanted: AuditFilter, offset: int
    ) -> Future[tuple[AuditRecord, ...]]:
        """Answer with a page."""
        rows = self.audit.records[offset : offset + PAGE]
        return self._answer("audit_records", (wanted, offset), lambda: rows)

    def audit_check(self: _Recording, against: tuple[Path, ...]) -> Future[AuditState]:
        """Answer with the script's state."""
        return self._answer("audit_check", against, lambda: self.audit.state)

    def audit_export(self: _Recording, directory: Path) -> Future[tuple[Path, ...]]:
        """Answer with two names."""
        files = (directory / "records.jsonl", directory / "checkpoint.txt")
        return self._answer("audit_export", directory, lambda: files)

    def audit_prove(self: _Recording, index: int) -> Future[AuditProof]:
        """Answer with a proof."""
        return self._answer("audit_prove", index, lambda: AuditProof(index, '{"index": 1}\n'))


def against(name: str, result: CheckpointState) -> AuditState:
    """Return a state beside one checkpoint."""
    return state(checkpoints=(CheckpointResult(name, result, 12),))
