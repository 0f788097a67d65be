"""Looks at an artifact's surroundings, and at the files that its members name in their turn.

Members are opened and read by check workers, which hold no keys and see no names; this process
compares what was stated with what was found, so that thousands of files cost a few lines of result.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from signstation.errors import (
    ArtifactMalformed,
    ArtifactUnreadable,
    FormatUnknown,
    LeavesTree,
    LimitReached,
    NotARegularFile,
    PathMissing,
)
from signstation.interfaces.format import Format, Nested
from signstation.interfaces.workers import CheckWorkers, HashWorkers
from signstation.jobs.candidates import open_candidate
from signstation.jobs.surroundings import Vicinity, look_around, strangers
from signstation.model.artifacts import Inspection
from signstation.model.hashes import HashAlgorithm
from signstation.model.members import (
    MAX_OTHERS,
    FileFate,
    FoundMember,
    MemberState,
    NamedFiles,
    NamedMember,
    OpenedMember,
    StatedFile,
    Surroundings,
    Tally,
)

AT_ONCE = 16
"""Files that are open at once: enough for two in each of eight check workers."""
MAX_STATED = 50_000
"""Most files of all members together that are looked at."""


def vicinity(format_: Format, root: Path, name: str, known: frozenset[str]) -> Vicinity:
    """Return where the members of an artifact are: its own directory, or the one above.

    ``known`` are names in the artifact's own directory that are no strangers, as its signatures.
    """
    path = root / name
    known |= {path.name + suffix for suffix in format_.siblings()}
    below = name.removesuffix(path.name)
    if not isinstance(format_, Nested) or path.parent.name != format_.directory:
        return Vicinity(root, below, known)
    inside = f"{format_.directory}/"
    known = frozenset(inside + each for each in known)
    if not below:
        return Vicinity(path.parent.parent, "", known)
    above = PurePosixPath(below).parent.as_posix()
    return Vicinity(root, "" if above == "." else f"{above}/", known)


@dataclass(frozen=True, slots=True)
class Surveyor:
    """Looks around artifacts with the station's workers. Lives on the event loop."""

    check: CheckWorkers
    hashes: HashWorkers

    async def look(self, where: Vicinity, artifact: int, format_: Format) -> Surroundings:
        """Return what lies around an open artifact of a ``Surrounded`` format.

        Raises ArtifactMalformed and LimitReached of the artifact and of what its members name, the
        errors of a directory that cannot be opened, and of workers.
        """
        wanted = await self.check.members(artifact, format_.id)
        around = await look_around(where, wanted, self.hashes)
        if not isinstance(format_, Nested):
            return around
        opened = await self._opened(where, artifact, format_, wanted, around.members)
        stated = [each for member in opened for each in member.files]
        if len(stated) > MAX_STATED:
            raise LimitReached(what="files that an artifact's members name", limit=MAX_STATED)
        files = await self._files(where, stated, format_.inner) if opened else None
        named = {each.place for each in wanted} | {each.place for each in stated if each.place}
        places = where.known | named
        others = await asyncio.to_thread(lambda: tuple(strangers(where, places)))
        return replace(
            around,
            others=others[:MAX_OTHERS],
            count=len(others),
            opened=tuple(replace(each, files=()) for each in opened),
            files=files,
        )

    async def _opened(
        self,
        where: Vicinity,
        artifact: int,
        format_: Format,
        wanted: Sequence[NamedMember],
        found: Sequence[FoundMember],
    ) -> tuple[OpenedMember, ...]:
        here = {each.place for each in found if each.state is MemberState.READ}
        places = dict.fromkeys(each.place for each in wanted if each.opened and each.place in here)
        opened: list[OpenedMember] = []
        for place in places:
            name = where.below + place
            member, _ = await asyncio.to_thread(open_candidate, where.root, name)
            try:
                opened.append(await self.check.open_member(artifact, place, member, format_.id))
            finally:
                os.close(member)
        return tuple(opened)

    async def _files(self, where: Vicinity, stated: Sequence[StatedFile], inner: str) -> NamedFiles:
        queue, count = iter(enumerate(stated)), _Count()
        results: dict[int, tuple[FileFate, Inspection | None]] = {}

        async def take() -> None:
            for number, each in queue:
                results[number] = await self._file(where, each, inner)

        ended = await asyncio.gather(*(take() for _ in range(AT_ONCE)), return_exceptions=True)
        for failed in ended:
            if failed is not None:
                raise failed
        for number, each in enumerate(stated):
            count.add(each.name, *results[number])
        return count.files(len(stated))

    async def _file(
        self, where: Vicinity, stated: StatedFile, inner: str
    ) -> tuple[FileFate, Inspection | None]:
        if not stated.place:
            return FileFate.OUTSIDE, None
        if stated.algorithm is None:
            return FileFate.WEAK, None
        name = where.below + stated.place
        fate: tuple[FileFate, Inspection | None]
        try:
            descriptor, status = await asyncio.to_thread(open_candidate, where.root, name)
            try:
                if status.st_size == stated.size:
                    fate = await self._read(descriptor, stated, stated.algorithm, inner)
                else:
                    fate = FileFate.CHANGED, None
            finally:
                os.close(descriptor)
        except PathMissing:
            fate = FileFate.MISSING, None
        except (LeavesTree, NotARegularFile, ArtifactUnreadable):
            fate = FileFate.UNREADABLE, None
        return fate

    async def _read(
        self, descriptor: int, stated: StatedFile, algorithm: HashAlgorithm, inner: str
    ) -> tuple[FileFate, Inspection | None]:
        """Hash and inspect in one pass where the digest is the usual one."""
        seen: Inspection | None = None
        try:
            seen = await self.check.glance(descriptor, inner)
        except (ArtifactMalformed, LimitReached, FormatUnknown):
            digest = await self.hashes.digest(descriptor, _no_progress, algorithm)
        else:
            digest = seen.sha256
            if algorithm is not HashAlgorithm.SHA256:
                digest = await self.hashes.digest(descriptor, _no_progress, algorithm)
        if digest != stated.digest:
            return FileFate.CHANGED, None
        if seen is None or seen.findings:
            return FileFate.DAMAGED, seen
        return FileFate.SAME if seen.title in stated.titles else FileFate.MISNAMED, seen


@dataclass(slots=True)
class _Count:
    """Adds files up."""

    fates: dict[str, list[str]] = field(default_factory=dict)
    signers: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, fate: FileFate, seen: Inspection | None) -> None:
        self.fates.setdefault(fate.value, []).append(name)
        if seen is not None:
            signers = {each.signer for each in seen.signatures} or {""}
            for signer in sorted(signers):
                self.signers.setdefault(signer, []).append(name)

    def files(self, count: int) -> NamedFiles:
        return NamedFiles(count, tuple(_tallies(self.fates)), tuple(_tallies(self.signers)))


def _tallies(found: dict[str, list[str]]) -> Iterator[Tally]:
    for what, names in found.items():
        yield Tally(what, len(names), tuple(names[:MAX_OTHERS]))


def _no_progress(_done: int) -> None:
    """The repository's own result is what somebody waits for."""
