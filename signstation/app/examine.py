"""Inspecting and verifying: from paths to results in the order of the paths, a window at a time."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TypeVar

from signstation.app.beside import Beside, open_in
from signstation.app.covered import Covered
from signstation.app.trust import TrustSource
from signstation.errors import InputError, SignstationError, UsageError
from signstation.interfaces.format import Format, Surrounded
from signstation.interfaces.workers import CheckWorkers, HashWorkers, ToolWorkers
from signstation.jobs.candidates import Candidate, Skipped, candidates
from signstation.jobs.nested import Judging, Surveyor, vicinity
from signstation.jobs.surroundings import Vicinity
from signstation.model.checks import Opinion, OpinionOutcome
from signstation.model.members import Surroundings
from signstation.model.orders import VerifyOrder
from signstation.model.station import Inspected, VerifiedPath
from signstation.model.text import Text
from signstation.model.trust import Trust
from signstation.system.files import shown
from signstation.verification.assemble import assemble

_LOG = logging.getLogger(__name__)

WINDOW = 16
"""Files that are open at once: enough for eight cores, few enough for the descriptor limit."""
_CHUNK = 256  # entries of a walk that are fetched at once, in a thread

A = TypeVar("A")
B = TypeVar("B")


def wire_text(error: SignstationError, path: Path) -> str:
    """Return an error as the JSON text of a result; an input error learns its path."""
    if isinstance(error, InputError) and not error.path:
        error.path = shown(path)
    return json.dumps(error.to_wire())


@dataclass(frozen=True, slots=True)
class _Subject:
    """A file under verification, open, with the signature files of one format beside it."""

    path: Path
    artifact: int
    signatures: tuple[int, ...]
    format_id: str
    surroundings: Surroundings | None


class Examiner:
    """Asks check and tool workers about files. Lives on the runner's event loop."""

    def __init__(
        self,
        check: CheckWorkers,
        tools: ToolWorkers,
        hashes: HashWorkers,
        formats: Mapping[str, Format],
        trust: TrustSource,
        clock: Callable[[], int],
    ) -> None:
        """``clock`` gives Unix seconds."""
        self._check = check
        self._tools = tools
        self._hashes = hashes
        self._formats = formats
        self._beside = Beside(check, formats)
        self._trust = trust
        self._clock = clock

    @property
    def formats(self) -> Mapping[str, Format]:
        """The formats by their id."""
        return self._formats

    async def inspect(
        self,
        paths: tuple[Path, ...],
        format_id: str | None,
        emit: Callable[[Inspected], Awaitable[None]],
    ) -> None:
        """Inspect each file; raises UsageError where there is none."""
        self._known(format_id)

        async def one(each: Candidate | Skipped) -> tuple[Inspected, ...]:
            return await self._inspect(each, format_id)

        await _hand_out(_in_order(candidates(paths, None), one), emit)

    async def verify(
        self,
        order: VerifyOrder,
        emit: Callable[[VerifiedPath], Awaitable[None]],
        *,
        everything: bool = False,
        trust: Trust | None = None,
    ) -> None:
        """Verify each file; raises UsageError where there is none, and trust's own errors.

        ``trust`` takes the place of what the order names, and of the pins.

        Plain files that were merely found and carry no signature come last, and those that a
        verified list speaks for only with ``everything``.
        """
        self._known(order.format)
        trusted = await self._trust.trust(order.trust) if trust is None else trust
        at = self._clock() if order.at is None else order.at
        covered = Covered()

        async def one(each: Candidate | Skipped) -> tuple[VerifiedPath, ...]:
            return await self._verify(each, order.format, trusted, at, covered)

        async def tell(result: VerifiedPath) -> None:
            if everything or not covered.holds(result):
                await emit(result)

        subjects = self._subjects(candidates(order.paths, None), order.format)
        await _hand_out(_in_order(subjects, one), tell)
        for each in covered.left():
            await emit(each)

    def _known(self, format_id: str | None) -> None:
        if format_id is not None and format_id not in self._formats:
            raise UsageError(reason=f"there is no format {format_id}")

    async def _inspect(
        self, each: Candidate | Skipped, format_id: str | None
    ) -> tuple[Inspected, ...]:
        if isinstance(each, Skipped):
            if each.error is None:
                return ()  # a link to what is met under its own name
            return (Inspected(each.path, error=wire_text(each.error, each.path)),)
        try:
            with ExitStack() as stack:
                artifact = await asyncio.to_thread(open_in, stack, each.root, each.name)
                found = await self._check.inspect(artifact, format_id, _no_progress)
                around = await self._surroundings(each, artifact, found.format)
                if around is not None:
                    found = await self._check.inspect(artifact, found.format, _no_progress, around)
            return (Inspected(each.path, inspection=found),)
        except SignstationError as error:
            return (Inspected(each.path, error=wire_text(error, each.path)),)

    def _subjects(
        self, found: Iterator[Candidate | Skipped], format_id: str | None
    ) -> Iterator[Candidate | Skipped]:
        """Give what a signature file beside it signs in the file's place, and each file once.

        So that a directory, ``verify *`` and ``verify x.asc`` all judge ``x`` by its signatures.
        """
        suffixes = self._beside.suffixes(format_id)
        seen: set[Path] = set()
        for each in found:
            subjects = [each]
            if isinstance(each, Candidate) and each.path.suffix in suffixes:
                name = each.name.removesuffix(each.path.suffix)
                if (each.root / name).is_file():
                    both = format_id is None and self._rare(each)
                    subjects = [replace(each, name=name), *(subjects if both else ())]
            for subject in subjects:
                if subject.path not in seen:
                    seen.add(subject.path)
                    yield subject

    async def _verify(
        self,
        each: Candidate | Skipped,
        format_id: str | None,
        trust: Trust,
        at: int,
        covered: Covered,
    ) -> tuple[VerifiedPath, ...]:
        if isinstance(each, Skipped):
            if each.error is None:
                return ()
            return (VerifiedPath(each.path, error=wire_text(each.error, each.path)),)
        results: list[VerifiedPath] = []
        covered.met(each)
        try:
            if format_id is None and self._rare(each) and await self._beside.claimed(each):
                return ()  # it is judged with what it signs
            with ExitStack() as stack:
                artifact = await asyncio.to_thread(open_in, stack, each.root, each.name)
                found = format_id or await self._check.recognise(artifact)
                signatures = await self._beside.find(stack, each, found, format_id)
                for kind, descriptors in signatures.items():
                    around = await self._surroundings(each, artifact, kind, Judging(trust, at))
                    subject = _Subject(each.path, artifact, descriptors, kind, around)
                    results.append(await self._judge(subject, trust, at))
                    covered.judged(self._where(each, kind), results[-1], around)
        except SignstationError as error:
            results.append(VerifiedPath(each.path, error=wire_text(error, each.path)))
        return tuple(results)

    def _rare(self, each: Candidate) -> bool:
        """Whether its suffix is that of a signature for some artifacts only."""
        suffix = each.path.suffix
        return suffix in self._beside.suffixes(None) and self._beside.rare(suffix)

    async def _surroundings(
        self, each: Candidate, artifact: int, kind: str, judging: Judging | None = None
    ) -> Surroundings | None:
        """Look at the files that an artifact names; None for formats that name none."""
        format_ = self._formats[kind]
        if not isinstance(format_, Surrounded):
            return None
        where = self._where(each, kind)
        return await Surveyor(self._check, self._hashes, judging).look(where, artifact, format_)

    def _where(self, each: Candidate, kind: str) -> Vicinity:
        """Where the files are that an artifact names; its signatures are no strangers there."""
        name = each.path.name
        known = frozenset({name, *(name + suffix for suffix in self._beside.suffixes(None))})
        return vicinity(self._formats[kind], each.root, each.name, known)

    async def _judge(self, subject: _Subject, trust: Trust, at: int) -> VerifiedPath:
        arguments = (subject.artifact, subject.signatures, subject.format_id, trust, at)
        opinions = asyncio.ensure_future(self._opinions(*arguments))
        try:
            inspection, verified = await self._check.verify(
                *arguments, _no_progress, surroundings=subject.surroundings
            )
            path = shown(subject.path)
            judged = assemble(path, inspection, verified, await opinions, at=at)
        finally:
            opinions.cancel()
        return VerifiedPath(subject.path, verification=judged)

    async def _opinions(
        self, artifact: int, signatures: tuple[int, ...], format_id: str, trust: Trust, at: int
    ) -> tuple[Opinion, ...]:
        try:
            return await self._tools.referee(artifact, signatures, format_id, trust, at)
        except SignstationError as error:
            _LOG.info("no second opinion: %s", error)
            note = Text("The tool could not be asked; the verdict does not depend on it.")
            nothing = Opinion("the real tool", "", (), OpinionOutcome.CANNOT, error.code, note)
            return (nothing,)


def _no_progress(_done: int) -> None:
    """Results come file by file; nobody watches the bytes of one."""


async def _hand_out(
    results: AsyncIterator[tuple[A, ...]], emit: Callable[[A], Awaitable[None]]
) -> None:
    empty = True
    async for group in results:
        for each in group:
            empty = False
            await emit(each)
    if empty:
        raise UsageError(reason="there is no file in what was named")


async def _in_order(items: Iterable[A], work: Callable[[A], Awaitable[B]]) -> AsyncIterator[B]:
    """Work on a window of items at once; yield results in the order of the items."""
    running: deque[asyncio.Future[B]] = deque()
    source = iter(items)
    try:
        while chunk := await asyncio.to_thread(lambda: list(islice(source, _CHUNK))):
            for item in chunk:
                if len(running) >= WINDOW:
                    yield await running.popleft()
                running.append(asyncio.ensure_future(work(item)))
        while running:
            yield await running.popleft()
    finally:
        for each in running:
            each.cancel()
        await asyncio.gather(*running, return_exceptions=True)
