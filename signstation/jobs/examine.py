"""Looking at the artifacts of an order: recognised and inspected by check workers, many at once."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from signstation.errors import (
    HardLinked,
    InputError,
    PolicyRefused,
    SignstationError,
)
from signstation.interfaces.format import Format, Surrounded
from signstation.jobs.candidates import Candidate, open_candidate
from signstation.jobs.hands import Hands
from signstation.jobs.nested import Surveyor, vicinity
from signstation.jobs.workers import Workers
from signstation.model.artifacts import Inspection, Severity
from signstation.system.files import shown

ANY_FILE = "blob"
"""The format for files that no other recognises: signed when a person says so, by name."""
UNREAD_FROM = 256 * 1024 * 1024
"""A file of format blob of this size in bytes is not read for the plan: nothing but its SHA-256
would be learnt, and the one pass of signing learns that too (DESIGN.md section 5)."""
INSPECTED_AT_ONCE = 1024 * 1024
"""Bytes up to which a file is inspected in one call, also if it turns out not to be signed."""
AT_ONCE = 64
"""Artifacts that are examined at the same time: enough for any number of check workers."""


@dataclass(frozen=True, slots=True)
class Examined:
    """An artifact that can be signed. ``inspection`` is None for a large file of format blob.

    ``members`` are the files that it names, wherever they are.
    """

    candidate: Candidate
    format: str
    size: int
    inspection: Inspection | None
    links: int
    members: frozenset[Path] = frozenset()

    @property
    def title(self) -> str:
        """The artifact's own name, else the file's."""
        return self.inspection.title if self.inspection else self.candidate.path.name


@dataclass(frozen=True, slots=True)
class PassedOver:
    """An artifact that is left out; ``error`` None where nobody asked for it to be signed.

    ``inspection`` is that of an artifact which must not be signed as it is.
    """

    candidate: Candidate
    error: SignstationError | None
    inspection: Inspection | None = None


class _Found(NamedTuple):
    """What was recognised; the inspection is None where the file was not read."""

    format: str
    inspection: Inspection | None = None
    members: frozenset[Path] = frozenset()


class Examiner:
    """Examines candidates with the check workers. Lives on the event loop."""

    def __init__(
        self,
        workers: Workers,
        hands: Hands,
        formats: Mapping[str, Format],
        format_id: str | None,
    ) -> None:
        """``format_id``: what ``--as`` says, None to go by the content."""
        self._check = workers.check
        self._hashes = workers.hashes
        self._hands = hands
        self._formats = formats
        self._format = format_id

    async def all(self, candidates: Sequence[Candidate]) -> tuple[Examined | PassedOver, ...]:
        """Examine them and return the results in the same order; no error stops the others."""
        results: dict[int, Examined | PassedOver] = {}
        queue = iter(enumerate(candidates))
        await asyncio.gather(*(self._take(queue, results) for _ in range(AT_ONCE)))
        return tuple(results[number] for number in range(len(candidates)))

    async def _take(
        self,
        queue: Iterable[tuple[int, Candidate]],
        results: dict[int, Examined | PassedOver],
    ) -> None:
        for number, candidate in queue:
            try:
                results[number] = await self._one(candidate)
            except SignstationError as error:
                results[number] = PassedOver(candidate, located(error, candidate))

    async def _one(self, candidate: Candidate) -> Examined | PassedOver:
        opening = partial(open_candidate, candidate.root, candidate.name)
        descriptor, status = await self._hands.do(opening, _close)
        try:
            if status.st_size <= INSPECTED_AT_ONCE:
                found = await self._inspected(candidate, descriptor)
            else:
                found = await self._recognised(candidate, descriptor, status.st_size)
        finally:
            os.close(descriptor)
        if found is None:
            return PassedOver(candidate, None)
        if found.inspection and (refusal := _refusal(found.inspection)):
            return PassedOver(candidate, located(refusal, candidate), found.inspection)
        size, links = status.st_size, status.st_nlink
        return Examined(candidate, found.format, size, found.inspection, links, found.members)

    async def _inspected(self, candidate: Candidate, descriptor: int) -> _Found | None:
        """Inspect a small file as what it is, in one call; None: it merely lies in a directory."""
        wanted = self._wanted(candidate)
        inspection = await self._check.inspect(descriptor, wanted, _ignore)
        if wanted is None and not self._is_signed(candidate, inspection.format):
            return None
        return await self._looked_around(candidate, descriptor, inspection)

    async def _looked_around(
        self, candidate: Candidate, descriptor: int, inspection: Inspection
    ) -> _Found:
        """Inspect again with a look at the files that the artifact names, where it names any."""
        format_id = inspection.format
        format_ = self._formats[format_id]
        if not isinstance(format_, Surrounded):
            return _Found(format_id, inspection)
        known = frozenset({candidate.path.name})
        where = vicinity(format_, candidate.root, candidate.name, known)
        around = await Surveyor(self._check, self._hashes).look(where, descriptor, format_)
        inspection = await self._check.inspect(descriptor, format_id, _ignore, around)
        below = where.root / where.below
        return _Found(format_id, inspection, frozenset(below / m.place for m in around.members))

    async def _recognised(self, candidate: Candidate, descriptor: int, size: int) -> _Found | None:
        """Recognise a large file before it is read as a whole."""
        format_id = self._wanted(candidate)
        if format_id is None:
            format_id = await self._check.recognise(descriptor)
            if not self._is_signed(candidate, format_id):
                return None
        if format_id == ANY_FILE and size >= UNREAD_FROM:
            return _Found(format_id)
        inspection = await self._check.inspect(descriptor, format_id, _ignore)
        return await self._looked_around(candidate, descriptor, inspection)

    def _wanted(self, candidate: Candidate) -> str | None:
        """Return the format that a person named for this file; None to go by the content."""
        if candidate.named or self._format == ANY_FILE:
            return self._format
        return None

    def _is_signed(self, candidate: Candidate, found: str) -> bool:
        """Return whether a file of this format is signed: if it was named, or is recognised."""
        if candidate.named:
            return True
        return found != ANY_FILE and self._format in {None, found}


def _close(opened: tuple[int, os.stat_result]) -> None:
    os.close(opened[0])


def _ignore(_done: int) -> None:
    """Take no notice of progress."""


def _refusal(inspection: Inspection) -> PolicyRefused | None:
    for finding in inspection.findings:
        if finding.severity is Severity.BLOCKER:
            return PolicyRefused(rule=finding.code, reason=finding.text.english())
    return None


def refuse_hard_links(examined: Examined) -> None:
    """Raise HardLinked for a file that has other names: signing in place would change them too."""
    if examined.links > 1:
        raise HardLinked(path=shown(examined.candidate.path), links=examined.links)


def located(error: SignstationError, candidate: Candidate) -> SignstationError:
    """Name the file in an error of a worker, which has never heard its name."""
    if isinstance(error, InputError) and not error.path:
        error.path = shown(candidate.path)
    return error
