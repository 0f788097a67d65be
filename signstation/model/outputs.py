"""What a format returns when it has signed: patches of the artifact or files beside it."""

from __future__ import annotations

from dataclasses import dataclass

MAX_PATCH_BYTES = 64 * 1024 * 1024
"""Most bytes of new content in one output, in bytes: larger results are copied, not carried."""


@dataclass(frozen=True, slots=True)
class Patch:
    """Replace ``old_length`` bytes at ``offset`` of the artifact by ``new``."""

    offset: int
    old_length: int
    new: bytes


@dataclass(frozen=True, slots=True)
class Patched:
    """The artifact with patches applied: sorted by offset, not overlapping.

    Patches of equal old and new length, or one at the end, can be applied in place; others mean
    that the file is rewritten.
    """

    patches: tuple[Patch, ...]


@dataclass(frozen=True, slots=True)
class Sibling:
    """A small file beside the artifact: the artifact's name plus ``suffix``."""

    suffix: str  # ".asc", ".sig", ".p7s"
    content: bytes


Output = Patched | Sibling
