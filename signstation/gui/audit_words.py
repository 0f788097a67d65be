"""Records and states of the audit log in words."""

from __future__ import annotations

from pathlib import PurePath

from signstation.gui.tokens import Tone
from signstation.gui.verdicts import Look, moment
from signstation.gui.words import tr, trn
from signstation.model.audit import AuditKind, AuditRecord, AuditState, CheckpointState
from signstation.reports.words import groups, show

_KINDS = {
    AuditKind.SUBMITTED: ("queue", Tone.NEUTRAL, "Job ordered"),
    AuditKind.KEY_USE: ("key", Tone.ACCENT, "Key used"),
    AuditKind.KEY_UNUSED: ("key", Tone.NEUTRAL, "Key not used after all"),
    AuditKind.DISCARDED: ("trash", Tone.WARNING, "Signature discarded"),
    AuditKind.PUBLISHED: ("sign", Tone.OK, "Published"),
    AuditKind.KEY_CHANGE: ("key", Tone.WARNING, "Key changed"),
    AuditKind.TRUST_CHANGE: ("anchor", Tone.WARNING, "Trust changed"),
    AuditKind.REFUSAL: ("x-circle", Tone.ERROR, "Refused"),
    AuditKind.CANCELLED: ("stop", Tone.WARNING, "Cancelled"),
    AuditKind.STARTED: ("play", Tone.NEUTRAL, "Station started"),
    AuditKind.RESTORED: ("refresh", Tone.WARNING, "Restored from a backup"),
    AuditKind.OTHER: ("question", Tone.NEUTRAL, "Something else"),
}
_CHECKPOINTS = {
    CheckpointState.CONSISTENT: "{name}: the log continues it",
    CheckpointState.CONTRADICTED: "{name}: the log tells something else about the same records",
    CheckpointState.CUT_OFF: "{name}: the log is shorter than it was then",
    CheckpointState.NOT_OURS: "{name}: not signed by this station's audit key",
    CheckpointState.UNREADABLE: "{name}: not a checkpoint",
}


_DETAILS = {
    "artifact_sha256": "SHA-256 of what was signed",
    "asked": "Hash of what the key was asked to sign",
    "backup": "Backup made",
    "change": "Change",
    "code": "Code",
    "count": "Count",
    "fingerprint": "Fingerprint",
    "held": "Where the private key was",
    "items": "Artifacts",
    "order": "Order",
    "purposes": "Purposes",
    "request": "Sealed request (SHA-256)",
    "scheme": "Scheme",
    "source": "Source",
    "spki_sha256": "Public key (SHA-256)",
    "step": "Step",
}


def detail_word(name: str) -> str:
    """Return what a detail of a record is called; one that we do not know keeps its name."""
    return tr(_DETAILS[name]) if name in _DETAILS else show(name)


def kind_look(kind: AuditKind) -> Look:
    """Return icon, tone and word of a kind."""
    icon, tone, word = _KINDS[kind]
    return icon, tone, tr(word)


def happened(record: AuditRecord) -> str:
    """Return one line: what happened, to what."""
    word = kind_look(record.kind)[2]
    about = PurePath(record.artifact).name or record.key
    return tr("{what}: {about}", what=word, about=about) if about else word


def when(record: AuditRecord) -> str:
    """Return the time of a record."""
    return moment(record.time or None)


def who(record: AuditRecord) -> str:
    """Return who gave the order."""
    return show(record.caller) or tr("nobody is named")


def state_words(state: AuditState) -> tuple[Tone, str, str]:
    """Return tone, headline and what stands below it."""
    lines = [tr("Root {root}", root=groups(state.root.hex()))]
    lines += [tr(_CHECKPOINTS[each.state], name=each.name) for each in state.checkpoints]
    if state.first_bad is not None:
        headline = tr("The log was changed: record {number} is the first that does not fit.",
                      number=state.first_bad)  # fmt: skip
        return Tone.ERROR, headline, "\n".join([show(state.reason), *lines])
    wrong = [each for each in state.checkpoints if each.state is not CheckpointState.CONSISTENT]
    if any(each.state in {CheckpointState.CONTRADICTED, CheckpointState.CUT_OFF} for each in wrong):
        return Tone.ERROR, tr("The log contradicts a checkpoint."), "\n".join(lines)
    headline = trn(
        "The log of 1 record hangs together.", "The log of {count} records hangs together.",
        state.size,
    )  # fmt: skip
    if wrong:
        return Tone.WARNING, headline, "\n".join(lines)
    if not state.checkpoints:
        lines.append(
            tr("Without a checkpoint kept elsewhere nobody can know if the newest are missing.")
        )
        return Tone.ACCENT, headline, "\n".join(lines)
    return Tone.OK, headline, "\n".join(lines)
