"""What an in-place signing replaces, so that it can be put back."""

from __future__ import annotations

from dataclasses import dataclass

from signstation.model.outputs import Patch


@dataclass(frozen=True, slots=True)
class Original:
    """What is put back when an in-place signing fails: ranges, their old bytes, which file."""

    inode: int
    size: int
    patches: tuple[Patch, ...]
    old: tuple[bytes, ...]
