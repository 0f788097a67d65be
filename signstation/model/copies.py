"""What a private copy was asked for, how far it is, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class CopyOrder:
    """Copy these paths in; without ``always`` only when others could change them."""

    paths: tuple[Path, ...]
    always: bool = False


@dataclass(frozen=True, slots=True)
class CopyNews:
    """How far it is, in bytes and files; ``name`` is the file under way (untrusted text)."""

    done: int
    total: int
    files: int
    name: str


@dataclass(frozen=True, slots=True)
class RefusedItem:
    """Something that was not copied; ``error`` is its wire form as JSON text."""

    path: str
    error: str


@dataclass(frozen=True, slots=True)
class CopiedIn:
    """What to sign instead of what was named: the same paths where no copy was needed.

    ``sums`` is the file with the SHA-256 of every copied file, None without a copy.
    """

    paths: tuple[Path, ...]
    copied: bool
    files: int
    size: int
    seconds: float
    refused: tuple[RefusedItem, ...]
    refusals: int
    sums: Path | None
