"""What is inside an artifact, as typed facts that the window needs no format's code to show."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from signstation.model.asks import Compression
from signstation.model.findings import Finding, Severity
from signstation.model.options import Options
from signstation.model.text import Text

__all__ = [
    "ExistingSignature",
    "Fact",
    "FactSection",
    "FactStyle",
    "Finding",
    "Inspection",
    "Severity",
]


class FactStyle(Enum):
    """How a fact's value is written and shown; the value itself is always a string."""

    TEXT = "text"
    MONO = "mono"  # names, versions, paths
    HEX = "hex"  # digests and fingerprints: lower-case hexadecimal, grouped when shown
    SIZE = "size"  # decimal number of bytes
    TIME = "time"  # decimal Unix seconds
    CODE = "code"  # several lines: a scriptlet, a config file


@dataclass(frozen=True, slots=True)
class Fact:
    """A label of ours and a value out of the artifact (untrusted text)."""

    label: Text
    value: str
    style: FactStyle = FactStyle.TEXT


@dataclass(frozen=True, slots=True)
class FactSection:
    """A titled group of facts, in the order in which they are shown."""

    id: str  # stable, for comparison with an earlier version: "identity", "scriptlets"
    title: Text
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class ExistingSignature:
    """A signature that the artifact already carries, as it claims to be (nothing checked)."""

    kind: Text  # "OpenPGP header signature (tag 268)"
    signer: str  # key id, fingerprint or common name as found
    algorithm: str
    hash: str
    made_at: int | None = None  # Unix seconds


@dataclass(frozen=True, slots=True)
class Inspection:
    """Everything that a person sees of one artifact before signing.

    ``options`` are values of the format's options that follow from what lies around the artifact;
    a plan takes these, whatever was ordered. ``compression``: that of the artifact as a whole,
    where the format opens it and signs what is inside.
    """

    format: str
    title: str  # the artifact's own name: NEVRA, module name; untrusted text
    size: int
    sha256: bytes
    sections: tuple[FactSection, ...]
    findings: tuple[Finding, ...]
    signatures: tuple[ExistingSignature, ...]
    options: Options = ()
    compression: Compression | None = None
