"""A release directory as one unit: its stages, what covers what, and what does not fit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from signstation.model.artifacts import Finding


class Stage(Enum):
    """Artifacts of a later stage state digests of earlier ones, and are signed after them."""

    PACKAGES = "packages"  # and everything else that states nothing of other files
    METADATA = "metadata"  # of repositories
    CHECKSUMS = "checksums"  # lists


@dataclass(frozen=True, slots=True)
class CoveredFile:
    """A file that is not signed by itself: what ``by`` states of it is signed."""

    path: Path
    by: Path


@dataclass(frozen=True, slots=True)
class ReleaseFinding:
    """Something that does not fit in a release. ``path`` is the file or directory concerned.

    ``remedy``: the command that mends it, empty where there is none.
    """

    finding: Finding
    path: Path
    remedy: tuple[str, ...] = ()
