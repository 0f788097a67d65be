"""A release directory as one unit: its stages, what covers what, and what does not fit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from signstation.model.findings import Finding, Severity

PRIVATE_KEY = "release.private-key"
"""Code of the finding that forbids to sign anything of a release."""


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

    @property
    def forbids_all(self) -> bool:
        """Whether nothing of the release may be signed: a private key lies in it."""
        blocks = self.finding.severity is Severity.BLOCKER
        return blocks and self.finding.code == PRIVATE_KEY


@dataclass(frozen=True, slots=True)
class Survey:
    """A release before any key is chosen. ``left``: packages that are not signed one by one."""

    findings: tuple[ReleaseFinding, ...] = ()
    covered: tuple[CoveredFile, ...] = ()
    left: tuple[Path, ...] = ()
