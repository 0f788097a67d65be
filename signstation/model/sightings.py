"""What was verified lately: hash, label and verdict, so that doubt is not forgotten by accident."""

from __future__ import annotations

from dataclasses import dataclass

from signstation.model.checks import Verdict
from signstation.model.text import Text


@dataclass(frozen=True, slots=True)
class Seen:
    """The last verification of one artifact."""

    sha256: bytes
    label: str  # untrusted text: the title that the artifact gives itself
    format: str
    verdict: Verdict
    reason: Text
    at: int  # Unix seconds: when it was looked at
    anchors: tuple[str, ...] = ()  # identities of the station's pins that its trust rests on
    path: str = ""  # where it was, to look again; empty where it was not kept
