"""What an error did to the files, and the exit statuses of the command line."""

from __future__ import annotations

from enum import Enum, IntEnum


class Effect(Enum):
    """What had happened to the user's files when the error was raised."""

    UNCHANGED = "unchanged"  # nothing was written, nothing was signed
    STAGED_ONLY = (
        "staged-only"  # a private staged copy may exist; originals and targets do not know
    )
    UNKNOWN = "unknown"  # a key may have been used; the journal says what is known


class ExitStatus(IntEnum):
    """Exit statuses of the command line (DESIGN.md section 8)."""

    GOOD = 0
    VERDICT = 1
    USAGE = 2
    CANCELLED = 3
    POLICY = 4
    KEY = 5
    TOOL = 6
    PATH = 7
    HOST = 8
    BUG = 70
