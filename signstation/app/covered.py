"""Files that a verified list beside them speaks for: they need no signature of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from signstation.jobs.candidates import Candidate
from signstation.jobs.examine import ANY_FILE
from signstation.jobs.surroundings import Vicinity
from signstation.model.checks import Verdict
from signstation.model.members import MemberState, Surroundings
from signstation.model.station import VerifiedPath

MAX_HELD = 10_000
"""Most results that wait for the end of a walk; what comes then is told as it is."""


class Covered:
    """Holds back unsigned plain files that were merely found, until all lists have been judged."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._covered: set[Path] = set()
        self._found: set[Path] = set()
        self._held: list[VerifiedPath] = []

    def met(self, each: Candidate) -> None:
        """Take note of a file that nobody named."""
        if not each.named:
            self._found.add(each.path)

    def judged(self, where: Vicinity, result: VerifiedPath, around: Surroundings | None) -> None:
        """Take note of what a verified list states truly of the files in its vicinity."""
        verification = result.verification
        if around is None or verification is None or verification.verdict is not Verdict.TRUSTED:
            return
        below = where.root / where.below
        read = (one for one in around.members if one.state is MemberState.READ)
        self._covered.update(below / one.place for one in read)

    def holds(self, result: VerifiedPath) -> bool:
        """Keep a result that a list may make superfluous; false where it has to be told now."""
        verification = result.verification
        plain = (
            verification is not None
            and verification.format == ANY_FILE
            and verification.verdict is Verdict.UNSIGNED
            and result.path in self._found
        )
        if plain and len(self._held) < MAX_HELD:
            self._held.append(result)
            return True
        return False

    def left(self) -> Iterator[VerifiedPath]:
        """Return the held results of files that no verified list speaks for, in their order."""
        return (each for each in self._held if each.path not in self._covered)
