"""The calls of the station's socket with the types of their arguments and answers.

The one table that client and server share: a call is refused unless everything in it has the type
that stands here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import cast

from signstation.codec.plain import from_plain, to_plain
from signstation.errors import ProtocolViolation
from signstation.model.anchors import Anchor, AnchorFile, PinOrder, Unpinned
from signstation.model.audit import AuditFilter, AuditProof, AuditRecord, AuditState
from signstation.model.copies import CopiedIn, CopyNews, CopyOrder
from signstation.model.evidence import Evidence, EvidenceOrder
from signstation.model.exports import Exported, ExportOrder
from signstation.model.jobdetail import JobDetail
from signstation.model.jobs import JobRow, StepRow
from signstation.model.keys import KeyInfo, KeyRef
from signstation.model.lists import ListOrder, MadeList
from signstation.model.media import Medium
from signstation.model.orders import (
    CertifyOrder,
    GenerateOrder,
    PlanSummary,
    SignOrder,
    VerifyOrder,
)
from signstation.model.profiles import Profile
from signstation.model.releases import Survey
from signstation.model.sightings import Seen
from signstation.model.station import DoctorRow, Inspected, StationEvent, VerifiedPath
from signstation.model.tokens import TokenInfo
from signstation.model.versions import Earlier, Subject


class Method(Enum):
    """The calls, by their name in ``StationApi``; ``answer`` alone has a frame type of its own."""

    INSPECT = "inspect"
    PLAN = "plan"
    SUBMIT = "submit"
    WAIT = "wait"
    VERIFY = "verify"
    JOBS = "jobs"
    JOB = "job"
    STEPS = "steps"
    JOB_DETAIL = "job_detail"
    CANCEL = "cancel"
    RETRY = "retry"
    RESUME = "resume"
    PAUSE = "pause"
    UNPAUSE = "unpause"
    KEYS = "keys"
    TOKENS = "tokens"
    RESOLVE_KEY = "resolve_key"
    GENERATE = "generate"
    CERTIFY = "certify"
    IMPORT_KEY = "import_key"
    EXPORT_KEY = "export_key"
    ANCHORS = "anchors"
    PREVIEW_ANCHORS = "preview_anchors"
    PIN = "pin"
    UNPIN = "unpin"
    RESTORE = "restore"
    SEEN = "seen"
    FORGET = "forget"
    REMEMBER = "remember"
    MEDIA = "media"
    COPY_IN = "copy_in"
    MAKE_LIST = "make_list"
    SURVEY = "survey"
    EARLIER = "earlier"
    EXPORT = "export"
    EVIDENCE = "evidence"
    AUDIT_RECORDS = "audit_records"
    AUDIT_CHECK = "audit_check"
    AUDIT_EXPORT = "audit_export"
    AUDIT_PROVE = "audit_prove"
    PROFILES = "profiles"
    SAVE_PROFILE = "save_profile"
    DELETE_PROFILE = "delete_profile"
    DISMISS = "dismiss"
    DOCTOR = "doctor"


UNDERTAKINGS = frozenset(
    {
        Method.SUBMIT,
        Method.CANCEL,
        Method.RETRY,
        Method.RESUME,
        Method.PAUSE,
        Method.UNPAUSE,
        Method.GENERATE,
        Method.CERTIFY,
        Method.IMPORT_KEY,
        Method.EXPORT_KEY,
        Method.PIN,
        Method.UNPIN,
        Method.RESTORE,
        Method.FORGET,
        Method.REMEMBER,
        Method.SAVE_PROFILE,
        Method.DELETE_PROFILE,
    }
)
"""Calls that change something: they go on when the caller hangs up, so that none is half done."""

BEGINNINGS = UNDERTAKINGS - {Method.CANCEL, Method.PAUSE} | {
    Method.INSPECT,
    Method.PLAN,
    Method.VERIFY,
    Method.PREVIEW_ANCHORS,
    Method.COPY_IN,
    Method.MAKE_LIST,
    Method.SURVEY,
    Method.EXPORT,
    Method.EVIDENCE,
    Method.AUDIT_EXPORT,
    Method.DOCTOR,
}
"""Calls that begin something: refused once the station is ending."""

QUESTIONS = frozenset(
    {
        Method.WAIT,
        Method.JOBS,
        Method.JOB,
        Method.STEPS,
        Method.JOB_DETAIL,
        Method.KEYS,
        Method.ANCHORS,
        Method.SEEN,
        Method.MEDIA,
        Method.AUDIT_RECORDS,
        Method.AUDIT_PROVE,
        Method.PROFILES,
        Method.DOCTOR,
    }
)
"""Calls that change nothing, ask nobody and read no artifact: may be asked a second time."""


@dataclass(frozen=True, slots=True)
class Types:
    """Type forms of one call; ``item`` is what comes piece by piece before the answer."""

    arguments: tuple[object, ...] = ()
    result: object = None
    item: object = None


TYPES: Mapping[Method, Types] = {
    Method.INSPECT: Types((tuple[Path, ...], str | None), item=Inspected),
    Method.PLAN: Types((SignOrder,), PlanSummary),
    Method.SUBMIT: Types((str,), int),
    Method.WAIT: Types((int,), JobRow),
    Method.VERIFY: Types((VerifyOrder,), item=VerifiedPath),
    Method.JOBS: Types((), tuple[JobRow, ...]),
    Method.JOB: Types((int,), JobRow),
    Method.STEPS: Types((int, int), tuple[StepRow, ...]),
    Method.JOB_DETAIL: Types((int,), JobDetail),
    Method.CANCEL: Types((int,)),
    Method.RETRY: Types((int,)),
    Method.RESUME: Types((int | None,), tuple[int, ...]),
    Method.PAUSE: Types((int | None,), tuple[int, ...]),
    Method.UNPAUSE: Types((int | None,), tuple[int, ...]),
    Method.KEYS: Types((), tuple[KeyInfo, ...]),
    Method.TOKENS: Types((), tuple[TokenInfo, ...]),
    Method.RESOLVE_KEY: Types((str,), KeyRef),
    Method.CERTIFY: Types((CertifyOrder,), tuple[Path, ...]),
    Method.GENERATE: Types((GenerateOrder,), tuple[KeyInfo, ...]),
    Method.IMPORT_KEY: Types((str, Path), tuple[KeyInfo, ...]),
    Method.EXPORT_KEY: Types((KeyRef, Path, bool), tuple[Path, ...]),
    Method.ANCHORS: Types((), tuple[Anchor, ...]),
    Method.PREVIEW_ANCHORS: Types((Path,), AnchorFile),
    Method.PIN: Types((PinOrder,), tuple[Anchor, ...]),
    Method.UNPIN: Types((str,), Unpinned),
    Method.RESTORE: Types((Unpinned,)),
    Method.SEEN: Types((), tuple[Seen, ...]),
    Method.FORGET: Types((tuple[bytes, ...],)),
    Method.REMEMBER: Types((tuple[Seen, ...],)),
    Method.MEDIA: Types((), tuple[Medium, ...]),
    Method.COPY_IN: Types((CopyOrder,), CopiedIn, CopyNews),
    Method.SURVEY: Types((tuple[Path, ...],), Survey),
    Method.MAKE_LIST: Types((ListOrder,), MadeList),
    Method.EARLIER: Types((tuple[Subject, ...],), tuple[Earlier, ...]),
    Method.EXPORT: Types((ExportOrder,), Exported, CopyNews),
    Method.EVIDENCE: Types((EvidenceOrder,), Evidence),
    Method.AUDIT_RECORDS: Types((AuditFilter, int), tuple[AuditRecord, ...]),
    Method.AUDIT_CHECK: Types((tuple[Path, ...],), AuditState),
    Method.AUDIT_EXPORT: Types((Path,), tuple[Path, ...]),
    Method.AUDIT_PROVE: Types((int,), AuditProof),
    Method.PROFILES: Types((), tuple[Profile, ...]),
    Method.SAVE_PROFILE: Types((Profile,), Profile),
    Method.DELETE_PROFILE: Types((str,), Profile),
    Method.DISMISS: Types((str,)),
    Method.DOCTOR: Types((), tuple[DoctorRow, ...]),
}
EVENT: object = StationEvent


@dataclass(frozen=True, slots=True)
class Hello:
    """The first frame of a client: its GNUPGHOME and its SSH_AUTH_SOCK, both absolute.

    An agent of another user is refused by the kernel's word when it is connected to.
    """

    protocol: int
    surface: str
    gnupg_home: Path | None
    ssh_agent: Path | None = None


@dataclass(frozen=True, slots=True)
class Welcome:
    """The station's answer to Hello."""

    protocol: int
    version: str


def encode(value: object, kind: object) -> object:
    """Return JSON data of a value of type form ``kind``."""
    return None if kind is None else to_plain(value, kind)


def decode(data: object, kind: object) -> object:
    """Rebuild a value of type form ``kind``. Raises ProtocolViolation."""
    if kind is None:
        if data is not None:
            raise ProtocolViolation(reason="an answer where none belongs")
        return None
    return from_plain(data, cast("type[object]", kind))


def encode_call(method: Method, arguments: Sequence[object]) -> object:
    """Return the JSON data of a CALL frame."""
    kinds = TYPES[method].arguments
    plain = [to_plain(each, kind) for each, kind in zip(arguments, kinds, strict=True)]
    return {"method": method.value, "arguments": plain}


def decode_call(data: object) -> tuple[Method, tuple[object, ...]]:
    """Read the JSON data of a CALL frame. Raises ProtocolViolation; paths are absolute."""
    if not isinstance(data, dict) or set(data) != {"method", "arguments"}:
        raise ProtocolViolation(reason="a malformed call")
    try:
        method = Method(data["method"])
    except ValueError as error:
        raise ProtocolViolation(reason="an unknown call") from error
    kinds, given = TYPES[method].arguments, data["arguments"]
    if not isinstance(given, list) or len(given) != len(kinds):
        raise ProtocolViolation(reason=f"{method.value} takes {len(kinds)} arguments")
    return method, tuple(decode(each, kind) for each, kind in zip(given, kinds, strict=True))
