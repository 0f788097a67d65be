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
from signstation.model.artifacts import Inspection, Severity
from signstation.model.checks import Verdict
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
from signstation.model.trust import Trust
from signstation.verification.verdict import verdict

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
class Judging:
    """By what the signatures of further files are judged; ``at`` is Unix seconds."""

    trust: Trust
    at: int


@dataclass(frozen=True, slots=True)
class _Seen:
    """What became of a file; the rest is None where it was not looked into."""

    fate: FileFate
    inspection: Inspection | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Surveyor:
    """Looks around artifacts with the station's workers. Lives on the event loop.

    ``judging`` None: the signatures of further files are told of, not judged.
    """

    check: CheckWorkers
    hashes: HashWorkers
    judging: Judging | None = None

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
        results: dict[int, _Seen] = {}

        async def take() -> None:
            for number, each in queue:
                results[number] = await self._file(where, each, inner)

        ended = await asyncio.gather(*(take() for _ in range(AT_ONCE)), return_exceptions=True)
        for failed in ended:
            if failed is not None:
                raise failed
        for number, each in enumerate(stated):
            count.add(each.place or each.outside, results[number])
        return count.files(len(stated))

    async def _file(self, where: Vicinity, stated: StatedFile, inner: str) -> _Seen:
        if not stated.place or stated.algorithm is None:
            return _Seen(FileFate.WEAK if stated.place else FileFate.OUTSIDE)
        name = where.below + stated.place
        try:
            descriptor, status = await asyncio.to_thread(open_candidate, where.root, name)
            try:
                if status.st_size != stated.size:
                    return _Seen(FileFate.CHANGED)
                return await self._read(descriptor, stated, stated.algorithm, inner)
            finally:
                os.close(descriptor)
        except PathMissing:
            return _Seen(FileFate.MISSING)
        except (LeavesTree, NotARegularFile, ArtifactUnreadable):
            return _Seen(FileFate.UNREADABLE)

    async def _read(
        self, descriptor: int, stated: StatedFile, algorithm: HashAlgorithm, inner: str
    ) -> _Seen:
        """Hash and inspect in one pass where the digest is the usual one."""
        try:
            seen = await self._inside(descriptor, inner)
        except (ArtifactMalformed, LimitReached, FormatUnknown):
            seen = _Seen(FileFate.DAMAGED)
        if seen.inspection is not None and algorithm is HashAlgorithm.SHA256:
            digest = seen.inspection.sha256
        else:
            digest = await self.hashes.digest(descriptor, _no_progress, algorithm)
        if digest != stated.digest:
            return _Seen(FileFate.CHANGED)
        if seen.fate is FileFate.SAME and seen.inspection is not None:
            named = seen.inspection.title in stated.titles
            return seen if named else replace(seen, fate=FileFate.MISNAMED)
        return seen

    async def _inside(self, descriptor: int, inner: str) -> _Seen:
        if self.judging is None:
            inspection, verdict_ = await self.check.glance(descriptor, inner), None
        else:
            trust, at = self.judging.trust, self.judging.at
            inspection, verified = await self.check.verify(
                descriptor, (), inner, trust, at, _no_progress
            )
            verdict_ = verdict(verified.checks)
        blocked = any(each.severity is Severity.BLOCKER for each in inspection.findings)
        fate = FileFate.DAMAGED if blocked else FileFate.SAME
        return _Seen(fate, inspection, verdict_)


@dataclass(slots=True)
class _Count:
    """Adds files up."""

    fates: dict[str, list[str]] = field(default_factory=dict)
    signers: dict[str, list[str]] = field(default_factory=dict)
    verdicts: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, seen: _Seen) -> None:
        self.fates.setdefault(seen.fate.value, []).append(name)
        if seen.inspection is not None:
            signers = {each.signer for each in seen.inspection.signatures} or {""}
            for signer in sorted(signers):
                self.signers.setdefault(signer, []).append(name)
        if seen.verdict is not None:
            self.verdicts.setdefault(seen.verdict.value, []).append(name)

    def files(self, count: int) -> NamedFiles:
        fates, signers, verdicts = map(_tallies, (self.fates, self.signers, self.verdicts))
        return NamedFiles(count, tuple(fates), tuple(signers), tuple(verdicts))


def _tallies(found: dict[str, list[str]]) -> Iterator[Tally]:
    for what, names in found.items():
        yield Tally(what, len(names), tuple(names[:MAX_OTHERS]))


def _no_progress(_done: int) -> None:
    """The repository's own result is what somebody waits for."""
