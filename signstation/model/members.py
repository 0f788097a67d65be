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
    """A file below the artifact's own directory, and the digest wanted of it.

    ``opened``: its content matters too (``interfaces.format.Nested``).
    """

    place: str
    algorithm: HashAlgorithm
    opened: bool = False


@dataclass(frozen=True, slots=True)
class FoundMember:
    """What was found; ``digest`` is empty and ``size`` (in bytes) 0 unless it was READ."""

    place: str
    algorithm: HashAlgorithm
    state: MemberState
    digest: bytes = b""
    size: int = 0


@dataclass(frozen=True, slots=True)
class StatedFile:
    """A file that a member names: what is stated of it, for the station to compare.

    ``place`` is empty where it leads elsewhere, which ``outside`` tells as written. ``algorithm``
    is None where no digest that counts is given; ``titles`` are what the file may call itself.
    """

    place: str
    size: int
    algorithm: HashAlgorithm | None
    digest: bytes
    titles: tuple[str, ...]
    outside: str = ""


class OpenedState(Enum):
    """Whether what is inside a member is as the artifact states."""

    SAME = "same"
    CHANGED = "changed"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class OpenedMember:
    """What a check worker found inside a member; ``why`` tells of one that is not as stated."""

    place: str
    state: OpenedState
    why: str = ""
    files: tuple[StatedFile, ...] = ()


class FileFate(Enum):
    """What became of a file that a member names."""

    SAME = "same"
    CHANGED = "changed"
    MISSING = "missing"
    UNREADABLE = "unreadable"  # or a link
    OUTSIDE = "outside"  # its name leads elsewhere
    WEAK = "weak"  # nothing but MD5 or SHA-1 is stated
    MISNAMED = "misnamed"  # it calls itself otherwise than the member does
    DAMAGED = "damaged"  # as stated, but not sound in itself


@dataclass(frozen=True, slots=True)
class Tally:
    """How many files have something in common, and the names of the first MAX_OTHERS."""

    what: str
    count: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NamedFiles:
    """The files that members name, added up: by fate (its value), and by claimed signer.

    A file without a signature is counted under the signer "". ``verdicts`` (values of Verdict) are
    those on the files' own signatures, where they were judged.
    """

    count: int
    fates: tuple[Tally, ...]
    signers: tuple[Tally, ...]
    verdicts: tuple[Tally, ...] = ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The named files, and the other ones that lie in the artifact's directory or below it.

    ``others`` are the first MAX_OTHERS of ``count`` names. ``opened`` and ``files`` are those of a
    ``Nested`` format: what is inside members, and the files that they name.
    """

    members: tuple[FoundMember, ...]
    others: tuple[str, ...] = ()
    count: int = 0  # of all others
    opened: tuple[OpenedMember, ...] = ()
    files: NamedFiles | None = None


MAX_OTHERS = 100
"""Most names of files that the artifact does not mention which are listed."""
