"""An export of a signed release to a directory or medium, and what was written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """Write ``files`` (below ``root``) to the new directory ``place / name``."""

    files: tuple[Path, ...]
    root: Path
    place: Path
    name: str


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written, synced, read back and found equal; ``report`` is for people."""

    directory: Path
    files: int
    size: int
    seconds: float
    report: Path
