"""The objects that ``--json`` prints and ``report.json`` holds: stable, versioned, one per line.

Each has ``schema`` (the version of its layout) and ``type``; JSON Schemas are in
``resources/schemas``. Untrusted text is left as it is: JSON escapes what needs escaping.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from signstation.errors import SignstationError
from signstation.model.artifacts import Fact, Inspection
from signstation.model.asks import HashOf, Literal, Range, Segment, Unpacked
from signstation.model.checks import Check, Opinion, SignatureFacts, TrustNode, Verification
from signstation.model.keys import KeyInfo, Protection
from signstation.model.tokens import TokenInfo

SCHEMA = 1
"""Version of all layouts below."""

Json = dict[str, object]


def line(value: Mapping[str, object]) -> str:
    """Return one JSON line, ASCII only, so that no terminal or pager interprets anything."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def _fact(fact: Fact) -> Json:
    return {"label": fact.label.english(), "value": fact.value, "style": fact.style.value}


def _segment(segment: Segment) -> Json:
    match segment:
        case Range(offset, length):
            return {"kind": "range", "offset": offset, "length": length}
        case Literal(value):
            return {"kind": "literal", "hex": value.hex()}
        case Unpacked(compression, offset, length, size):
            return {
                "kind": "unpacked",
                "compression": compression.value,
                "offset": offset,
                "length": length,
                "size": size,
            }
        case HashOf(algorithm, segments):
            inner = [_segment(each) for each in segments]
            return {"kind": "hash", "algorithm": algorithm.value, "segments": inner}


def _node(node: TrustNode) -> Json:
    return {
        "kind": node.kind.value,
        "title": node.title,
        "identifier": node.identifier,
        "detail": node.detail.english(),
        "edge": node.edge.english() if node.edge else None,
    }


def _signature(facts: SignatureFacts) -> Json:
    return {
        "index": facts.index,
        "kind": facts.kind.value,
        "place": facts.place.english(),
        "state": facts.state.value,
        "signer": facts.signer,
        "fingerprint": facts.fingerprint,
        "algorithm": facts.algorithm,
        "hash": facts.hash,
        "made_at": facts.made_at,
        "reasons": [each.english() for each in facts.reasons],
        "path": [_node(each) for each in facts.path],
        "covers": [_segment(each) for each in facts.covers],
    }


def _check(check: Check) -> Json:
    return {
        "code": check.code,
        "kind": check.kind.value,
        "outcome": check.outcome.value,
        "required": check.required,
        "aspect": check.aspect.value,
        "summary": check.summary.english(),
        "details": [_fact(each) for each in check.details],
        "signature": check.signature,
    }


def _opinion(opinion: Opinion) -> Json:
    return {
        "tool": opinion.tool,
        "version": opinion.version,
        "command": list(opinion.command),
        "outcome": opinion.outcome.value,
        "says": opinion.says,
        "note": opinion.note.english() if opinion.note else None,
    }


def verification_json(verification: Verification) -> Json:
    """Return the ``verification`` object of one artifact."""
    return {
        "schema": SCHEMA,
        "type": "verification",
        "path": verification.path,
        "format": verification.format,
        "title": verification.title,
        "size": verification.size,
        "sha256": verification.sha256.hex(),
        "at": verification.at,
        "verdict": verification.verdict.value,
        "reasons": [each.english() for each in verification.reasons],
        "signatures": [_signature(each) for each in verification.signatures],
        "checks": [_check(each) for each in verification.checks],
        "opinions": [_opinion(each) for each in verification.opinions],
    }


def inspection_json(path: str, inspection: Inspection) -> Json:
    """Return the ``inspection`` object of one artifact."""
    return {
        "schema": SCHEMA,
        "type": "inspection",
        "path": path,
        "format": inspection.format,
        "title": inspection.title,
        "size": inspection.size,
        "sha256": inspection.sha256.hex(),
        "sections": [
            {
                "id": section.id,
                "title": section.title.english(),
                "facts": [_fact(each) for each in section.facts],
            }
            for section in inspection.sections
        ],
        "findings": [
            {"code": each.code, "severity": each.severity.value, "text": each.text.english()}
            for each in inspection.findings
        ],
        "signatures": [
            {
                "kind": each.kind.english(),
                "signer": each.signer,
                "algorithm": each.algorithm,
                "hash": each.hash,
                "made_at": each.made_at,
            }
            for each in inspection.signatures
        ],
    }


def key_json(info: KeyInfo) -> Json:
    """Return the ``key`` object; ``key`` is what ``--key`` takes."""
    return {
        "schema": SCHEMA,
        "type": "key",
        "key": str(info.key),
        "label": info.label,
        "algorithm": info.type.title,
        "state": info.state.value,
        "protection": info.protection.value,
        "protected": info.protection is not Protection.UNPROTECTED,
        "signature_types": [each.value for each in info.signature_types],
        "fingerprint": info.fingerprint,
        "created": info.created,
        "expires": info.expires,
        "parent": str(info.parent) if info.parent else None,
        "usages": list(info.usages),
        "location": info.location,
    }


def token_json(info: TokenInfo) -> Json:
    """Return the ``token`` object: a device that is there now."""
    return {
        "schema": SCHEMA,
        "type": "token",
        "store": info.store,
        "device": info.device,
        "kind": info.kind,
        "pin": info.pin.value,
        "tries": info.tries,
        "pin_each": info.pin_each,
        "touch": info.touch,
    }


def error_json(error: SignstationError, path: str | None = None) -> Json:
    """Return the ``error`` object: code, fields and effect, and the path it is about."""
    return {"schema": SCHEMA, "type": "error", "path": path, **error.to_wire()}
