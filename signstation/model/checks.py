"""Verification results: checks with reasons, signatures, opinions of real tools, verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from signstation.model.artifacts import Fact
from signstation.model.asks import Segment
from signstation.model.keys import SignatureType
from signstation.model.text import Text


class Outcome(Enum):
    """Outcome of one check."""

    PASS = "pass"
    WARNING = "warning"
    FAIL = "fail"
    NOT_RUN = "not-run"  # could not run; a required one never yields TRUSTED


class Aspect(Enum):
    """Which of the three answers a check belongs to."""

    UNCHANGED = "unchanged"
    VALID = "valid"
    TRUSTED = "trusted"
    NOTE = "note"


class CheckKind(Enum):
    """What a failure of the check means for the verdict (DESIGN.md section 7)."""

    CONTENT = "content"  # a digest against the bytes, parts that must agree: FAIL is TAMPERED
    SIGNATURE = "signature"  # one per signature; ``state`` decides
    STRUCTURE = "structure"  # malformed without contradiction: FAIL is INDETERMINATE
    LIBRARY = "library"  # the yes of the second library where it was needed
    NOTE = "note"  # never changes the verdict


class SignatureState(Enum):
    """What one signature is worth."""

    GOOD_TRUSTED = "good-trusted"
    GOOD_UNKNOWN_KEY = "good-unknown-key"
    GOOD_BUT_KEY = "good-but-key"  # key expired when it signed, revoked, weak or of a wrong purpose
    UNKNOWN_KEY = "unknown-key"  # the key is not at hand, so the number could not be checked
    BAD = "bad"
    UNREADABLE = "unreadable"


class Verdict(Enum):
    """The headline; in words: Verified, Not trusted, Unsigned, Changed, Cannot tell."""

    TRUSTED = "trusted"
    UNTRUSTED = "untrusted"
    UNSIGNED = "unsigned"
    TAMPERED = "tampered"
    INDETERMINATE = "indeterminate"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, and what was found."""

    code: str  # "rpm.payload-digest"; several checks may share a code
    kind: CheckKind
    aspect: Aspect
    outcome: Outcome
    required: bool
    summary: Text
    details: tuple[Fact, ...] = ()
    signature: int | None = None  # index into Verification.signatures
    state: SignatureState | None = None  # of kind SIGNATURE only
    sufficient: bool = False  # of kind SIGNATURE: it covers what the format says must be covered


class NodeKind(Enum):
    """Kinds of nodes in a trust path."""

    ANCHOR = "anchor"
    KEY = "key"
    SUBKEY = "subkey"
    CERTIFICATE = "certificate"
    ARTIFACT = "artifact"


@dataclass(frozen=True, slots=True)
class TrustNode:
    """One node of a trust path and why the next one follows from it."""

    kind: NodeKind
    title: str
    identifier: str  # fingerprint or serial, hex
    detail: Text
    edge: Text | None = None  # "certifies until 2027-01-10", "signed with SHA-256"


@dataclass(frozen=True, slots=True)
class SignatureFacts:
    """One signature that was verified. Times are Unix seconds, fingerprints hexadecimal."""

    index: int
    kind: SignatureType
    place: Text  # "header signature, tag 268"
    state: SignatureState
    signer: str  # user id or common name of the known certificate, else the claimed key id
    fingerprint: str  # of the key that signed, as far as known; else the claimed key id
    algorithm: str  # "RSA-4096"
    hash: str  # "SHA-256"
    made_at: int | None
    reasons: tuple[Text, ...]
    path: tuple[TrustNode, ...]
    covers: tuple[Segment, ...] = ()


class OpinionOutcome(Enum):
    """What a real tool says, read from its text and never from its exit status alone."""

    ACCEPTS = "accepts"
    REJECTS = "rejects"
    UNSIGNED = "unsigned"
    UNKNOWN_KEY = "unknown-key"
    CANNOT = "cannot"  # the tool ran but cannot judge this
    MISSING = "missing"  # the tool is not installed


@dataclass(frozen=True, slots=True)
class Opinion:
    """The second opinion: what the ecosystem's own tool makes of the artifact."""

    tool: str
    version: str
    command: tuple[str, ...]
    outcome: OpinionOutcome
    says: str  # its own words, at most a few lines; untrusted text
    note: Text | None = None  # what to know about this tool's verdict


@dataclass(frozen=True, slots=True)
class Verified:
    """What ``Format.verify`` returns: the collected checks and the signatures they speak of."""

    checks: tuple[Check, ...]
    signatures: tuple[SignatureFacts, ...]


@dataclass(frozen=True, slots=True)
class Verification:
    """The verification of one artifact: everything a report needs."""

    path: str
    format: str
    title: str
    size: int
    sha256: bytes
    verdict: Verdict
    reasons: tuple[Text, ...]  # why the verdict is what it is, most important first
    checks: tuple[Check, ...]
    signatures: tuple[SignatureFacts, ...]
    opinions: tuple[Opinion, ...]
    at: int  # reference time, Unix seconds
