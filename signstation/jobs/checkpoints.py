"""The named points of the way of a signature, between which nothing may be half done.

The product does nothing at them. The crash matrix (tests/crash) passes its own and kills there.
"""

from __future__ import annotations

from enum import Enum
from typing import Protocol


class Point(Enum):
    """Where a process can die; the order is that of one step."""

    BEFORE_COMMIT = "before-commit"  # rows are waiting, the transaction has not begun
    INSIDE_COMMIT = "inside-commit"  # rows are written, the transaction is open
    AFTER_INTENT_COMMIT = "after-intent-commit"  # the key has not been used yet
    AFTER_ANSWER_COMMIT = "after-answer-commit"  # the signature is recorded
    STAGED_HALF = "staged-half"  # the copy is there, the signature is not in it
    STAGED = "staged"
    AFTER_READY_COMMIT = "after-ready-commit"  # nothing is renamed yet
    BETWEEN_RENAMES = "between-renames"  # the first output of a group has its name
    AFTER_RENAMES = "after-renames"
    BETWEEN_PATCHES = "between-patches"  # in place: the first range is overwritten
    AFTER_PATCHES = "after-patches"
    AFTER_DONE_COMMIT = "after-done-commit"


class Checkpoints(Protocol):
    """Is told when a point is reached; called on whatever thread gets there."""

    def reached(self, point: Point) -> None:
        """Take note. Blocks the work for as long as it runs."""
        ...


class NoCheckpoints:
    """What the product uses: nobody takes note."""

    def reached(self, point: Point) -> None:
        """Do nothing."""
