"""Reading a Release or InRelease file, and holding its indexes against what lies beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from signstation.codec.aptrelease import (
    MAX_RELEASE,
    Index,
    Release,
    looks_like_release,
    parse_release,
)
from signstation.codec.cleartext import BEGIN, ClearText, parse_cleartext
from signstation.errors import LimitReached
from signstation.interfaces.artifact import Artifact, Source
from signstation.model.members import MemberState, Surroundings

HEAD = 64 * 1024
"""Bytes at the start that have to be those of a Release file."""
_PLAIN, _CLEAR = 85, 96
"""How sure it is: surer than that it is some text that is signed in the clear."""
IN_RELEASE = "InRelease"
RELEASE = "Release"


@dataclass(frozen=True, slots=True)
class Read:
    """A file's bytes, what they say, and the signed text where it is an InRelease file."""

    data: bytes
    release: Release
    clear: ClearText | None = None


def read_whole(artifact: Artifact) -> bytes:
    """Return the bytes. Raises LimitReached and ArtifactUnreadable."""
    if artifact.size > MAX_RELEASE:
        raise LimitReached(what="bytes of a Release file", limit=MAX_RELEASE)
    return artifact.read(0, MAX_RELEASE)


def read_release(artifact: Artifact) -> Read:
    """Read it; of InRelease only what is signed. Raises ArtifactMalformed and LimitReached."""
    data = read_whole(artifact)
    if not data.startswith(BEGIN):
        return Read(data, parse_release(data))
    clear = parse_cleartext(data)
    return Read(data, parse_release(clear.shown), clear)


def recognise(source: Source) -> int:
    """How sure it is (0 to 100). Raises what ``source.read`` raises."""
    head = source.read(0, HEAD)
    if not head.startswith(BEGIN):
        return _PLAIN if looks_like_release(head) else 0
    _, _, text = head.replace(b"\r\n", b"\n").partition(b"\n\n")
    return _CLEAR if looks_like_release(text) else 0


class Fate(Enum):
    """What became of one index."""

    SAME = "same"
    CHANGED = "changed"
    MISSING = "missing"  # and no other form of it is here
    OTHER_FORM = "other-form"  # not here, but in another compression
    UNREADABLE = "unreadable"
    WEAK = "weak"  # nothing but MD5 or SHA-1 is stated
    OUTSIDE = "outside"  # its path leads elsewhere


def fates(indexes: Sequence[Index], around: Surroundings) -> Iterator[tuple[Index, Fate]]:
    """Tell of each index what became of it; clients fetch one form of an index, not all."""
    members = {(each.place, each.algorithm): each for each in around.members}
    read = {each.place for each in around.members if each.state is MemberState.READ}
    here = {each.stem for each in indexes if each.place in read}
    for each in indexes:
        algorithm = each.strongest
        if not each.place:
            yield each, Fate.OUTSIDE
        elif algorithm is None:
            yield each, Fate.WEAK
        else:
            found = members.get((each.place, algorithm))
            if found is None or found.state in {MemberState.UNREADABLE, MemberState.NOT_A_FILE}:
                yield each, Fate.UNREADABLE
            elif found.state is MemberState.MISSING:
                yield each, Fate.OTHER_FORM if each.stem in here else Fate.MISSING
            else:
                same = found.digest == each.digests[algorithm]
                yield each, Fate.SAME if same else Fate.CHANGED


def looked_at(around: Surroundings | None) -> bool:
    """Whether anything of the repository is here: a lone file says nothing of its indexes."""
    return around is not None and any(each.state is MemberState.READ for each in around.members)
