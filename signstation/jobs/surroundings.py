"""Looks at the files that an artifact names beside itself: opened beneath its directory, hashed.

The names come out of a hostile file by way of a check worker. Each is opened one component after
another without following a link, and read by hash workers, which parse nothing.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

from signstation.errors import (
    ArtifactUnreadable,
    InputError,
    LeavesTree,
    NotARegularFile,
    PathMissing,
)
from signstation.interfaces.workers import HashWorkers
from signstation.jobs.candidates import open_candidate
from signstation.jobs.vouching import is_checkpoint
from signstation.model.members import (
    MAX_OTHERS,
    FoundMember,
    MemberState,
    NamedMember,
    Surroundings,
)
from signstation.system.files import open_directory, open_root, shown

AT_ONCE = 4
"""Files that are open at once for one list."""
MAX_LOOKED_AT = 100_000
"""Most entries of directories that are looked at for files which nobody names."""


@dataclass(frozen=True, slots=True)
class Vicinity:
    """The directory of an artifact: ``below`` the ``root`` that a person chose, "" or "a/b/".

    ``known``: names in it that are no strangers, such as the artifact and its signatures.
    """

    root: Path
    below: str
    known: frozenset[str]


async def look_around(
    where: Vicinity, wanted: Sequence[NamedMember], hashes: HashWorkers
) -> Surroundings:
    """Return what is in the place of each member, in their order, and what else lies there.

    Raises the errors of a directory that cannot be opened, and of hash workers.
    """
    queue = iter(enumerate(wanted))
    found: dict[int, FoundMember] = {}

    async def take() -> None:
        for number, each in queue:
            found[number] = await _look_at(where, each, hashes)

    ended = await asyncio.gather(*(take() for _ in range(AT_ONCE)), return_exceptions=True)
    for each in ended:
        if each is not None:
            raise each
    places = frozenset(each.place for each in wanted) | where.known
    others = await asyncio.to_thread(lambda: tuple(strangers(where, places)))
    members = tuple(found[number] for number in range(len(wanted)))
    return Surroundings(members, others[:MAX_OTHERS], len(others))


async def _look_at(where: Vicinity, wanted: NamedMember, hashes: HashWorkers) -> FoundMember:
    try:
        name = where.below + wanted.place
        descriptor, status = await asyncio.to_thread(open_candidate, where.root, name)
        try:
            digest = await hashes.digest(descriptor, _no_progress, wanted.algorithm)
        finally:
            os.close(descriptor)
        read, size = MemberState.READ, status.st_size
        return FoundMember(wanted.place, wanted.algorithm, read, digest, size)
    except PathMissing:
        state = MemberState.MISSING
    except (LeavesTree, NotARegularFile):
        state = MemberState.NOT_A_FILE
    except ArtifactUnreadable:
        state = MemberState.UNREADABLE
    return FoundMember(wanted.place, wanted.algorithm, state)


def _no_progress(_done: int) -> None:
    """The list's own result is what somebody waits for."""


def strangers(where: Vicinity, places: frozenset[str]) -> Iterator[str]:
    """Yield files of the directories that hold ``places``, and nothing from deeper ones. Blocks."""
    left = MAX_LOOKED_AT
    root = open_root(where.root)
    try:
        for parent in sorted({str(PurePosixPath(each).parent) for each in places}):
            prefix = "" if parent == "." else f"{parent}/"
            names = _names(root, where.root, where.below + prefix, left)
            left -= len(names)
            for each in names:
                name = where.below + prefix + each
                known = prefix + each in places or is_checkpoint(root, name, where.root / name)
                if not known:
                    yield shown(prefix + each)
    finally:
        os.close(root)


def _names(root: int, path: Path, below: str, limit: int) -> list[str]:
    try:
        at = open_directory(root, PurePosixPath(below).parts, path / below)
    except InputError:
        return []  # a member below it is told of as missing already
    try:
        with os.scandir(at) as listing:
            entries = islice(listing, limit)
            return sorted(each.name for each in entries if not each.is_dir(follow_symlinks=False))
    finally:
        os.close(at)
