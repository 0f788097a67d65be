"""Publishing: ready rows and data made durable, then names given, group by group."""

from __future__ import annotations

import asyncio
import copy
import os
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from signstation.effects import Effect
from signstation.errors import ArtifactChanged, SignstationError
from signstation.jobs.bugs import bug
from signstation.jobs.checkpoints import Checkpoints, Point
from signstation.jobs.hands import Hands
from signstation.jobs.journal import Journal, ReadyOutput
from signstation.jobs.sealed import StepPlan
from signstation.jobs.stage import StagedFile, open_or_make
from signstation.system.files import components, make_directories, shown
from signstation.system.files_publish import rename_into, sync_data, sync_directory

MAX_GROUP = 64
"""Steps that are made durable together (measured: groups of 40 sync five times as fast)."""


@dataclass(frozen=True, slots=True)
class Publication:
    """What is staged and rechecked of one step.

    ``source`` is the artifact's status as it was opened where its own name is the target: it must
    still be that file.
    """

    step: int
    plan: StepPlan
    artifact_sha256: bytes
    staging: int
    staged: tuple[StagedFile, ...]
    digests: tuple[bytes, ...]
    replace: bool
    source: os.stat_result | None

    def path(self, file: StagedFile) -> Path:
        """Return where a staged file will be."""
        return self.plan.target_root / file.target.name


@dataclass(slots=True)
class _Waiting:
    publication: Publication
    published: asyncio.Future[None]


class Publisher:
    """Publishes groups one after another. Lives on the event loop; owns one thread."""

    def __init__(self, journal: Journal, checkpoints: Checkpoints) -> None:
        """``checkpoints`` are told between renames."""
        self._journal = journal
        self._checkpoints = checkpoints
        self._hands = Hands("publisher")
        self._waiting: deque[_Waiting] = deque()
        self._running: asyncio.Task[None] | None = None

    def publish(self, publication: Publication) -> asyncio.Future[None]:
        """Complete when the outputs have their names, durably.

        The future raises OutputExists, ArtifactChanged, DiskFull and NotWritable, with nothing
        published; an error whose effect is UNKNOWN says that names may have been given.
        """
        waiting = _Waiting(publication, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return waiting.published

    async def close(self) -> None:
        """Publish what is waiting and end the thread."""
        if self._running is not None:
            await self._running
        self._hands.close()

    async def _run(self) -> None:
        try:
            while self._waiting:
                size = min(MAX_GROUP, len(self._waiting))
                group = [self._waiting.popleft() for _ in range(size)]
                for waiting, error in zip(group, await self._group(group), strict=True):
                    if waiting.published.done():
                        continue
                    if error is None:
                        waiting.published.set_result(None)
                    else:
                        waiting.published.set_exception(error)
        finally:
            self._running = None

    async def _group(self, group: list[_Waiting]) -> list[SignstationError | None]:
        publications = [waiting.publication for waiting in group]
        try:
            rows = [self._ready(each) for each in publications]
            synced = self._hands.do(partial(_sync, publications))
            await asyncio.gather(*rows)
            errors = await synced
            return await self._hands.do(partial(self._rename, publications, errors))
        except SignstationError as error:  # the journal cannot be written: nothing is renamed
            return [copy.copy(error) for _ in group]
        except Exception as error:  # noqa: BLE001 - nobody may wait for ever
            return [bug(error) for _ in group]

    def _ready(self, publication: Publication) -> asyncio.Future[None]:
        outputs = [
            ReadyOutput(file.ordinal, file.name, digest)
            for file, digest in zip(publication.staged, publication.digests, strict=True)
        ]
        return self._journal.ready(publication.step, publication.artifact_sha256, outputs)

    def _rename(
        self, group: Sequence[Publication], errors: list[SignstationError | None]
    ) -> list[SignstationError | None]:
        directories = TargetDirectories()
        try:
            for number, publication in enumerate(group):
                if errors[number] is None:
                    errors[number] = self._rename_one(publication, directories)
            failed = directories.sync()
        finally:
            directories.close()
        self._checkpoints.reached(Point.AFTER_RENAMES)
        return [
            error or failed.get(publication.step)
            for publication, error in zip(group, errors, strict=True)
        ]

    def _rename_one(
        self, publication: Publication, directories: TargetDirectories
    ) -> SignstationError | None:
        try:
            give_names(publication, directories, self._checkpoints)
        except SignstationError as error:
            return error
        return None


class TargetDirectories:
    """The open directories of one group's targets. Used by one thread; every method blocks."""

    def __init__(self) -> None:
        """Begin with none."""
        self._roots: dict[Path, int] = {}
        self._directories: dict[Path, int] = {}
        self._changed: dict[Path, list[int]] = {}

    def of(self, plan: StepPlan, name: str, step: int) -> int:
        """Return the directory in which ``name`` below the plan's target root will be."""
        path = plan.target_root / name
        known = self._directories.get(path.parent)
        if known is None:
            root = self._roots.get(plan.target_root)
            if root is None:
                root = self._roots[plan.target_root] = open_or_make(plan.target_root)
            known = make_directories(root, components(name, path)[:-1], path)
            self._directories[path.parent] = known
        self._changed.setdefault(path.parent, []).append(step)
        return known

    def sync(self) -> dict[int, SignstationError]:
        """Make the new names durable; return the steps of which that is not known."""
        failed: dict[int, SignstationError] = {}
        for path, steps in self._changed.items():
            try:
                sync_directory(self._directories[path], path)
            except SignstationError as error:
                failed.update(dict.fromkeys(steps, error.with_effect(Effect.UNKNOWN)))
        return failed

    def close(self) -> None:
        """Close them."""
        for descriptor in (*self._roots.values(), *self._directories.values()):
            os.close(descriptor)


def _sync(group: Sequence[Publication]) -> list[SignstationError | None]:
    """Make the data of a group durable; return each one's error."""
    files = [(file.descriptor, each.path(file)) for each in group for file in each.staged]
    try:
        sync_data(files)
    except SignstationError:
        return [_sync_error(each) for each in group]  # whose was it?
    return [None for _ in group]


def _sync_error(publication: Publication) -> SignstationError | None:
    try:
        sync_data([(file.descriptor, publication.path(file)) for file in publication.staged])
    except SignstationError as error:
        return error
    return None


def give_names(
    publication: Publication, directories: TargetDirectories, checkpoints: Checkpoints
) -> None:
    """Rename the staged files of one step to their targets: all, or none. Blocks."""
    plan, done = publication.plan, list[tuple[int, StagedFile]]()
    try:
        for file in publication.staged:
            directory = directories.of(plan, file.target.name, publication.step)
            name = components(file.target.name, publication.path(file))[-1]
            if publication.source is not None and not file.target.suffix:
                _still_there(publication, directory, name)
            rename_into(
                (publication.staging, file.name),
                (directory, name),
                publication.path(file),
                replace=publication.replace or publication.source is not None,
            )
            done.append((directory, file))
            checkpoints.reached(Point.BETWEEN_RENAMES)
    except SignstationError as error:
        if done and not _taken_back(publication, done):
            error.with_effect(Effect.UNKNOWN)
        raise


def _still_there(publication: Publication, directory: int, name: str) -> None:
    """Raise ArtifactChanged unless the name still leads to the very file that was signed."""
    wanted = publication.source
    try:
        found = os.stat(name, dir_fd=directory, follow_symlinks=False)
    except OSError:
        found = None
    facts = ("st_dev", "st_ino", "st_size", "st_mtime_ns")
    if found is None or any(getattr(found, fact) != getattr(wanted, fact) for fact in facts):
        raise ArtifactChanged(
            path=shown(publication.plan.path), expected=publication.artifact_sha256.hex()
        )


def _taken_back(publication: Publication, done: list[tuple[int, StagedFile]]) -> bool:
    """Take names back that were given to the first outputs of a step; return whether all were."""
    if publication.replace:
        return False  # what had the name before is gone
    for directory, file in done:
        name = components(file.target.name, publication.path(file))[-1]
        try:
            os.rename(name, file.name, src_dir_fd=directory, dst_dir_fd=publication.staging)
        except OSError:
            return False
    return True
