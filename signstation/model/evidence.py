"""The order for the evidence of a release, and what was made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from signstation.model.language import Language


@dataclass(frozen=True, slots=True)
class EvidenceOrder:
    """Gather the evidence of the release in ``directory`` into the new directory ``output``.

    ``language`` is that of the reports for people; what programs read is English.
    """

    directory: Path
    output: Path
    language: Language = Language.ENGLISH


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was made. ``findings`` are English sentences: what it lacks, and why."""

    directory: Path
    artifacts: int
    verified: int
    files: tuple[str, ...]
    findings: tuple[str, ...]
