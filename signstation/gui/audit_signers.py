"""Who could have signed this: records of one hash, keys that signed it, keys that could have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from signstation.gui.audit_words import when, who
from signstation.gui.kinds import kind_title
from signstation.gui.sign_flow import SignFlow
from signstation.gui.tokens import Tone
from signstation.gui.words import tr, trn
from signstation.model.audit import AuditKind, AuditRecord
from signstation.model.keys import KeyInfo
from signstation.reports.words import show

MAX_NAMED = 4
"""Most keys that are named in one sentence; the others are counted."""
_SOURCE = "artifact_sha256"
_SHA256_DIGITS = 64


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked about; ``name`` and ``kind`` (a format's id) are empty for a bare hash."""

    sha256: bytes
    name: str = ""
    kind: str = ""


def typed_hash(text: str) -> bytes | None:
    """Return the SHA-256 that a person typed, in groups or not, None for anything else."""
    digits = "".join(text.split())
    if len(digits) != _SHA256_DIGITS:
        return None
    try:
        return bytes.fromhex(digits)
    except ValueError:
        return None


def concerns(record: AuditRecord, sha256: bytes) -> bool:
    """Return whether a record is about what has this hash, or was made from it."""
    return record.sha256 == sha256 or dict(record.details).get(_SOURCE) == sha256.hex()


def answer(
    wanted: Wanted, records: Sequence[AuditRecord], keys: Sequence[KeyInfo]
) -> tuple[Tone, str, str]:
    """Return tone, headline and what stands below it; ``records`` are newest first."""
    mine = [each for each in records if concerns(each, wanted.sha256)]
    used = [each for each in mine if each.kind in {AuditKind.KEY_USE, AuditKind.PUBLISHED}]
    signers = dict.fromkeys(each.key for each in used if each.key)
    named = show(wanted.name) or tr("this hash")
    lines = [
        tr("{key}: {moment}, ordered by {who}",
           key=show(key), moment=when(_last(used, key)), who=who(_last(used, key)))
        for key in signers
    ]  # fmt: skip
    if signers:
        headline = trn(
            "1 key of this station was used for {name}.",
            "{count} keys of this station were used for {name}.",
            len(signers),
            name=named,
        )
    else:
        headline = tr("This station recorded no signature for {name}.", name=named)
    able = _able(wanted.kind, keys)
    what = kind_title(wanted.kind) if wanted.kind else tr("any kind of artifact")
    if able:
        lines.append(tr("Keys here that could sign {what}: {keys}", what=what, keys=_some(able)))
    else:
        lines.append(tr("No key here could sign {what}.", what=what))
    return (Tone.ACCENT if signers else Tone.WARNING), headline, "\n".join(lines)


def _last(used: Sequence[AuditRecord], key: str) -> AuditRecord:
    return next(each for each in used if each.key == key)


def _able(kind: str, keys: Sequence[KeyInfo]) -> tuple[str, ...]:
    flow = SignFlow(keys=tuple(keys))
    return tuple(dict.fromkeys(_label(each.key) for each in flow.offer(kind) if each.key))


def _label(key: KeyInfo) -> str:
    return show(key.label or str(key.key))


def _some(labels: Sequence[str]) -> str:
    rest = len(labels) - MAX_NAMED
    named = ", ".join(labels[:MAX_NAMED])
    return tr("{names}, and {count} more", names=named, count=rest) if rest > 0 else named
