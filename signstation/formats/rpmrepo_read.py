"""Reading repomd.xml, looking into its indexes, and holding both against what lies on the disk."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import assert_never

from signstation.codec.repomd import (
    MAX_REPOMD,
    PRIMARY,
    Data,
    PackageEntry,
    Repomd,
    parse_primary,
    parse_repomd,
)
from signstation.codec.repomd_open import MAX_OPEN, open_index
from signstation.errors import ArtifactMalformed, LimitReached
from signstation.interfaces.artifact import Artifact, Source
from signstation.interfaces.context import Context
from signstation.model.hashes import HashState
from signstation.model.members import (
    FoundMember,
    MemberState,
    NamedMember,
    OpenedMember,
    OpenedState,
    StatedFile,
    Surroundings,
)

HEAD = 4096
"""Bytes at the start within which the first element has to begin."""
SURE = 97
"""How sure it is: nothing else begins like this."""
PIECE = 1024 * 1024
"""Bytes of an index that are read at a time."""
DIRECTORY = "repodata"
"""Name of the directory of repomd.xml; paths in it are below the one above."""
_ROOT = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]{0,200}\?>)?\s*<repomd[\s/>]")


def recognise(source: Source) -> int:
    """How sure it is (0 to 100). Raises what ``source.read`` raises."""
    return SURE if _ROOT.match(source.read(0, HEAD)) else 0


def read_whole(artifact: Artifact) -> bytes:
    """Return the bytes of repomd.xml or a file beside it. Raises LimitReached."""
    if artifact.size > MAX_REPOMD:
        raise LimitReached(what="bytes of repomd.xml", limit=MAX_REPOMD)
    return artifact.read(0, MAX_REPOMD)


def read_repomd(artifact: Artifact) -> Repomd:
    """Read it. Raises ArtifactMalformed and LimitReached."""
    return parse_repomd(read_whole(artifact))


def members(artifact: Artifact) -> Iterator[NamedMember]:
    """Yield the indexes by their digests; not those outside, or without a digest that counts."""
    wanted: dict[tuple[str, str], NamedMember] = {}
    for each in read_repomd(artifact).data:
        algorithm, place = each.checksum.strong, each.location.place
        if algorithm is not None and place:
            key = (place, algorithm.value)
            opened = each.opened or (key in wanted and wanted[key].opened)
            wanted[key] = NamedMember(place, algorithm, opened)
    yield from wanted.values()


# ---- inside an index ----------------------------------------------------------------------------


@dataclass(slots=True)
class _Tee:
    """Hashes and counts what passes, and reports the way."""

    state: HashState | None
    ctx: Context
    size: int = 0
    read: int = 0

    def packed(self, member: Artifact) -> Iterator[bytes]:
        while piece := member.read(self.read, PIECE):
            self.read += len(piece)
            yield piece
            self.ctx.checkpoint(self.read)

    def inside(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.size += len(piece)
            if self.state is not None:
                self.state.update(piece)
            yield piece
            self.ctx.checkpoint(self.read)


def open_member(artifact: Artifact, place: str, member: Artifact, ctx: Context) -> OpenedMember:
    """Decompress an index, compare what is stated of its inside, and read the list of packages.

    What cannot be read is told. Raises ArtifactMalformed of repomd.xml, and Cancelled.
    """
    files: list[StatedFile] = []
    for data in read_repomd(artifact).data:
        if data.location.place != place or not data.opened:
            continue
        try:
            why = _opened(data, member, ctx, files)
        except ArtifactMalformed as error:
            said = f"{error.expected} expected, {error.found} found"
            return OpenedMember(place, OpenedState.UNREADABLE, said)
        except LimitReached as error:
            said = f"more than {error.limit} {error.what}"
            return OpenedMember(place, OpenedState.UNREADABLE, said)
        if why:
            return OpenedMember(place, OpenedState.CHANGED, why)
    return OpenedMember(place, OpenedState.SAME, files=tuple(files))


def _opened(data: Data, member: Artifact, ctx: Context, files: list[StatedFile]) -> str:
    """Return what differs from what is stated, empty where nothing does."""
    stated = data.open_checksum
    state = None
    if stated is not None and stated.algorithm is not None:
        state = hashlib.new(stated.algorithm.value, usedforsecurity=False)
    tee = _Tee(state, ctx)
    limit = MAX_OPEN if data.open_size is None else min(MAX_OPEN, data.open_size)
    pieces = tee.inside(open_index(tee.packed(member), limit))
    if data.type == PRIMARY:
        files.extend(_stated(each) for each in parse_primary(pieces))
    for _ in pieces:
        pass
    if data.open_size is not None and tee.size != data.open_size:
        return f"{data.open_size} bytes inside expected, {tee.size} found"
    if state is not None and stated is not None and state.digest() != stated.value:
        return f"{stated.value.hex()} expected inside, {state.digest().hex()} found"
    return ""


def _stated(entry: PackageEntry) -> StatedFile:
    location = entry.location
    return StatedFile(
        place=location.place,
        size=entry.size,
        algorithm=entry.checksum.strong,
        digest=entry.checksum.value,
        titles=entry.titles,
        outside="" if location.place else location.base or location.href,
    )


# ---- what became of an index --------------------------------------------------------------------


class Fate(Enum):
    """What became of one index."""

    SAME = "same"
    CHANGED = "changed"
    INSIDE = "inside"  # as stated, but what is inside is not
    MISSING = "missing"
    UNREADABLE = "unreadable"
    WEAK = "weak"  # nothing but MD5 or SHA-1 is stated
    OUTSIDE = "outside"  # its path leads elsewhere


@dataclass(frozen=True, slots=True)
class Around:
    """What was found, by place."""

    found: dict[tuple[str, str], FoundMember]
    opened: dict[str, OpenedMember] = field(default_factory=dict)

    @classmethod
    def of(cls, around: Surroundings) -> Around:
        """Sort it."""
        members = {(each.place, each.algorithm.value): each for each in around.members}
        return cls(members, {each.place: each for each in around.opened})

    def fate(self, data: Data) -> tuple[Fate, str]:
        """What became of an index, and why where that is not plain."""
        algorithm, place = data.checksum.strong, data.location.place
        if not place or algorithm is None:
            return Fate.WEAK if place else Fate.OUTSIDE, ""
        member = self.found.get((place, algorithm.value))
        if member is None or member.state in {MemberState.UNREADABLE, MemberState.NOT_A_FILE}:
            return Fate.UNREADABLE, ""
        if member.state is MemberState.MISSING:
            return Fate.MISSING, ""
        if member.digest != data.checksum.value:
            return Fate.CHANGED, ""
        if data.size is not None and data.size != member.size:
            return Fate.CHANGED, f"{data.size} bytes expected, {member.size} found"
        return self._inside(data)

    def _inside(self, data: Data) -> tuple[Fate, str]:
        if not data.opened:
            return Fate.SAME, ""
        inside = self.opened.get(data.location.place)
        if inside is None:
            return Fate.UNREADABLE, ""
        match inside.state:
            case OpenedState.SAME:
                return Fate.SAME, ""
            case OpenedState.CHANGED:
                return Fate.INSIDE, inside.why
            case OpenedState.UNREADABLE:
                return Fate.UNREADABLE, inside.why
        assert_never(inside.state)


def by_fate(repomd: Repomd, around: Surroundings | None) -> dict[Fate, list[tuple[Data, str]]]:
    """Sort the indexes by fate, each with the reason where that is not plain.

    Where nothing is here, only what repomd.xml itself says wrong is told.
    """
    here = Around.of(around if around is not None else Surroundings(()))
    fates: dict[Fate, list[tuple[Data, str]]] = {}
    for each in repomd.data:
        fate, why = here.fate(each)
        if fate in {Fate.OUTSIDE, Fate.WEAK} or looked_at(around):
            fates.setdefault(fate, []).append((each, why))
    return fates


def looked_at(around: Surroundings | None) -> bool:
    """Whether anything of the repository is here: a lone file says nothing of its indexes."""
    return around is not None and any(each.state is MemberState.READ for each in around.members)
