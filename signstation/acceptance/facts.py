"""What is known of a client machine: the files that decide what it accepts, and what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class FactFile:
    """A file of the client: its absolute path there, and its bytes."""

    path: str
    content: bytes

    @property
    def lines(self) -> list[str]:
        """The lines; undecodable bytes become escapes. Only LF ends a line."""
        return self.content.decode(errors="backslashreplace").split("\n")


class Risk(Enum):
    """How much a setting gives away."""

    HIGH = "high"  # software that nobody signed is installed
    MEDIUM = "medium"  # one of several safeguards is off
    NOTE = "note"  # usual, and worth knowing


@dataclass(frozen=True, slots=True)
class Finding:
    """A setting that lets in what nobody signed.

    ``line`` counts from 1, 0 for the file as a whole; ``evidence`` and ``mend`` have untrusted
    parts. ``drop_in`` is the path of a new file with ``mend`` as its text; where it is empty no
    file can overrule the setting, and ``mend`` says what to change.
    """

    code: str
    risk: Risk
    path: str
    line: int
    evidence: str
    says: str
    mend: str
    drop_in: str = ""


MAX_EVIDENCE = 200
"""Most characters of a line that are shown as evidence."""


def unreadable(file: FactFile, why: str) -> Finding:
    """Return the finding about a file of which nothing can be said."""
    return Finding(
        "client.unreadable",
        Risk.MEDIUM,
        file.path,
        0,
        why[:MAX_EVIDENCE],
        "This file could not be read, so what it allows is not known.",
        "Look at the file by hand.",
    )
