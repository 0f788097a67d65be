"""Reads ``report.json`` back, so that the window can show a verification that was made before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar, cast

from signstation.errors import ArtifactUnreadable, UsageError
from signstation.model.artifacts import Fact, FactStyle
from signstation.model.asks import Compression, HashOf, Literal, Range, Segment, Unpacked
from signstation.model.checks import (
    Aspect,
    Check,
    CheckKind,
    NodeKind,
    Opinion,
    OpinionOutcome,
    Outcome,
    SignatureFacts,
    SignatureState,
    TrustNode,
    Verdict,
    Verification,
)
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import SignatureType
from signstation.model.text import Text, text
from signstation.reports.verification import SCHEMA

MAX_REPORT = 64 * 1024 * 1024
"""Largest report in bytes: about 10,000 artifacts."""

T = TypeVar("T")
Object = dict[str, object]


def read_report(path: Path) -> tuple[Verification, ...]:
    """Return the verifications of a report. Raises ArtifactUnreadable and UsageError; blocks."""
    try:
        with path.open("rb") as opened:
            content = opened.read(MAX_REPORT + 1)
    except OSError as error:
        raise ArtifactUnreadable(path=str(path), reason=error.strerror or "") from error
    if len(content) > MAX_REPORT:
        raise UsageError(reason=f"the report has more than {MAX_REPORT} bytes")
    try:
        report = _object(json.loads(content))
        if report.get("schema") != SCHEMA:
            raise UsageError(reason=f"the report is not of layout {SCHEMA}")
        return tuple(_verification(_object(each)) for each in _list(report, "verifications"))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(reason=f"{path.name} is not a verification report") from error


def _object(value: object) -> Object:
    return _of(value, dict)


def _of(value: object, kind: type[T]) -> T:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError(kind.__name__)
    return value


def _list(data: Object, name: str) -> list[object]:
    return cast("list[object]", _of(data[name], list))


def _string(data: Object, name: str) -> str:
    return _of(data[name], str)


def _number(data: Object, name: str) -> int:
    return _of(data[name], int)


def _words(value: object) -> Text:
    """Sentences of a report are untrusted: they are values, never templates."""
    return text("{words}", words=_of(value, str))


def _optional(data: Object, name: str) -> Text | None:
    return None if data[name] is None else _words(data[name])


def _fact(data: Object) -> Fact:
    return Fact(_words(data["label"]), _string(data, "value"), FactStyle(data["style"]))


def _segment(data: Object) -> Segment:
    match data["kind"]:
        case "range":
            return Range(_number(data, "offset"), _number(data, "length"))
        case "literal":
            return Literal(bytes.fromhex(_string(data, "hex")))
        case "unpacked":
            compression = Compression(data["compression"])
            places = (_number(data, each) for each in ("offset", "length", "size"))
            return Unpacked(compression, *places)
        case "hash":
            inner = [_segment(_object(each)) for each in _list(data, "segments")]
            plain = tuple(each for each in inner if not isinstance(each, HashOf))
            return HashOf(HashAlgorithm(data["algorithm"]), plain)
        case other:
            raise ValueError(other)


def _node(data: Object) -> TrustNode:
    return TrustNode(
        NodeKind(data["kind"]),
        _string(data, "title"),
        _string(data, "identifier"),
        _words(data["detail"]),
        _optional(data, "edge"),
    )


def _signature(data: Object) -> SignatureFacts:
    return SignatureFacts(
        index=_number(data, "index"),
        kind=SignatureType(data["kind"]),
        place=_words(data["place"]),
        state=SignatureState(data["state"]),
        signer=_string(data, "signer"),
        fingerprint=_string(data, "fingerprint"),
        algorithm=_string(data, "algorithm"),
        hash=_string(data, "hash"),
        made_at=None if data["made_at"] is None else _number(data, "made_at"),
        reasons=tuple(_words(each) for each in _list(data, "reasons")),
        path=tuple(_node(_object(each)) for each in _list(data, "path")),
        covers=tuple(_segment(_object(each)) for each in _list(data, "covers")),
    )


def _check(data: Object) -> Check:
    # a report of an earlier version does not say what a failure would mean
    return Check(
        code=_string(data, "code"),
        kind=CheckKind(data.get("kind", "note")),
        aspect=Aspect(data["aspect"]),
        outcome=Outcome(data["outcome"]),
        required=_of(data["required"], bool),
        summary=_words(data["summary"]),
        details=tuple(_fact(_object(each)) for each in _list(data, "details")),
        signature=None if data["signature"] is None else _number(data, "signature"),
    )


def _opinion(data: Object) -> Opinion:
    return Opinion(
        tool=_string(data, "tool"),
        version=_string(data, "version"),
        command=tuple(_of(each, str) for each in _list(data, "command")),
        outcome=OpinionOutcome(data["outcome"]),
        says=_string(data, "says"),
        note=_optional(data, "note"),
    )


def _verification(data: Object) -> Verification:
    return Verification(
        path=_string(data, "path"),
        format=_string(data, "format"),
        title=_string(data, "title"),
        size=_number(data, "size"),
        sha256=bytes.fromhex(_string(data, "sha256")),
        verdict=Verdict(data["verdict"]),
        reasons=tuple(_words(each) for each in _list(data, "reasons")),
        checks=tuple(_check(_object(each)) for each in _list(data, "checks")),
        signatures=tuple(_signature(_object(each)) for each in _list(data, "signatures")),
        opinions=tuple(_opinion(_object(each)) for each in _list(data, "opinions")),
        at=_number(data, "at"),
    )
