"""Files that an artifact names beside itself, and what was found in their place."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from signstation.model.hashes import HashAlgorithm


class MemberState(Enum):
    """What stands where a named file should."""

    READ = "read"
    MISSING = "missing"
    NOT_A_FILE = "not-a-file"  # a directory, a link, a device; or a name that is refused
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class NamedMember:
    """A file below the artifact's own directory, and the digest wanted of it."""

    place: str
    algorithm: HashAlgorithm


@dataclass(frozen=True, slots=True)
class FoundMember:
    """What was found; ``digest`` is empty unless it was READ."""

    place: str
    algorithm: HashAlgorithm
    state: MemberState
    digest: bytes = b""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The named files, and the other ones that lie in the artifact's directory or below it.

    ``others`` are the first MAX_OTHERS of ``count`` names.
    """

    members: tuple[FoundMember, ...]
    others: tuple[str, ...] = ()
    count: int = 0  # of all others


MAX_OTHERS = 100
"""Most names of files that the artifact does not mention which are listed."""
