"""What a person must see before signing; apart, since orders name it, and key workers orders."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from signstation.model.text import Text


class Severity(Enum):
    """How much a finding should hold a reviewer up."""

    NOTE = "note"
    WARNING = "warning"
    BLOCKER = "blocker"  # signing is refused


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a person must see before signing."""

    code: str  # "rpm.setuid", "kmod.compressed"
    severity: Severity
    text: Text
