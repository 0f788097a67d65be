"""Staging: results are made in private directories beside their targets, never at them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from signstation.errors import NotWritable, ProtocolViolation
from signstation.jobs.checkpoints import Checkpoints, Point
from signstation.jobs.sealed import StepPlan, Target
from signstation.model.outputs import MAX_PATCH_BYTES, Output, Patched, Sibling
from signstation.system.files import (
    components,
    make_directories,
    make_directory,
    open_root,
    shown,
    writing,
)
from signstation.system.files_copy import copy_patched, keep_metadata, write_all

SMALL = 1024 * 1024
"""Bytes up to which a copy is made by the runner's one pair of hands, in turn."""


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A staged output, open read-only. ``ordinal`` is its target's."""

    ordinal: int
    name: str  # in the staging directory
    descriptor: int
    target: Target


def keep_on() -> None:
    """Stop for nobody."""


@dataclass(frozen=True, slots=True)
class Source:
    """The open artifact, and a checkpoint for its copy that may raise."""

    descriptor: int
    checkpoint: Callable[[], None] = keep_on


def matched(plan: StepPlan, outputs: Sequence[Output]) -> tuple[tuple[int, Output], ...]:
    """Pair outputs with the planned targets, in the order of the outputs.

    Raises ProtocolViolation unless they are exactly what was planned: a worker that parsed hostile
    bytes cannot write to another name.
    """
    wanted = {target.suffix: number for number, target in enumerate(plan.targets)}
    found = [(wanted.pop(_suffix(output), None), output) for output in outputs]
    pairs = tuple((number, output) for number, output in found if number is not None)
    if wanted or len(pairs) != len(found):
        raise ProtocolViolation(reason="outputs that were not planned")
    return pairs


def _suffix(output: Output) -> str:
    return output.suffix if isinstance(output, Sibling) else ""


@dataclass(slots=True)
class StagingDirectories:
    """The open staging directories of one job. Used by one thread at a time."""

    _open: dict[Path, int] = field(default_factory=dict)

    def descriptor(self, path: Path) -> int:
        """Return the directory, made when first wanted; it stays ours.

        Raises DiskFull, NotWritable and, for one that others can reach into, NotWritable. Blocks.
        """
        known = self._open.get(path)
        if known is None:
            parent = open_or_make(path.parent)
            try:
                known = make_directory(parent, path.name, path, mode=0o700)
            finally:
                os.close(parent)
            status = os.fstat(known)
            if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                os.close(known)
                raise NotWritable(path=shown(path), reason="it belongs to somebody else")
            self._open[path] = known
        return known

    def remove(self) -> bool:
        """Empty and remove the directories; return whether all are gone. Blocks."""
        gone = [remove_staging(path, descriptor) for path, descriptor in self._open.items()]
        for descriptor in self._open.values():
            os.close(descriptor)
        self._open.clear()
        return all(gone)


def remove_staging(path: Path, descriptor: int) -> bool:
    """Empty and remove an open staging directory; return whether it is gone. Blocks."""
    try:
        for name in os.listdir(descriptor):
            os.unlink(name, dir_fd=descriptor)
        path.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def open_or_make(path: Path) -> int:
    """Open a directory that a person named as output, made with its parents where it is missing.

    Owned by the caller. Raises DiskFull, NotWritable. Blocks.
    """
    existing, missing = path, []
    while not existing.is_dir() and existing != existing.parent:
        missing.append(existing.name)
        existing = existing.parent
    root = open_root(existing)
    try:
        return make_directories(root, tuple(reversed(missing)), path)
    finally:
        os.close(root)


class Stager:
    """Makes staged files. Its methods block and run off the event loop."""

    def __init__(self, checkpoints: Checkpoints) -> None:
        """``checkpoints`` are told between copy and signature."""
        self._checkpoints = checkpoints

    def stage(
        self,
        directory: int,
        plan: StepPlan,
        name: str,
        source: Source,
        outputs: Sequence[tuple[int, Output]],
    ) -> tuple[StagedFile, ...]:
        """Write the outputs into ``directory``, names beginning with ``name``; all or none.

        Raises DiskFull, NotWritable, ArtifactUnreadable, ProtocolViolation.
        """
        staged: list[StagedFile] = []
        try:
            for ordinal, output in outputs:
                file = f"{name}.{ordinal}"
                target = plan.targets[ordinal]
                path = plan.target_root / target.name
                descriptor = self._write(directory, file, path, source, output)
                staged.append(StagedFile(ordinal, file, descriptor, target))
        except BaseException:
            discard(directory, staged)
            raise
        self._checkpoints.reached(Point.STAGED)
        return tuple(staged)

    def _write(self, directory: int, name: str, path: Path, source: Source, output: Output) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        with writing(path):
            descriptor = os.open(name, flags, 0o600, dir_fd=directory)
            try:
                self._fill(descriptor, source, output)
                # checked, synced and kept through a descriptor that cannot write
                return os.open(name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=directory)
            except BaseException:
                os.unlink(name, dir_fd=directory)
                raise
            finally:
                os.close(descriptor)

    def _fill(self, descriptor: int, source: Source, output: Output) -> None:
        status = os.fstat(source.descriptor)
        if isinstance(output, Patched):
            copy_patched(
                source.descriptor,
                descriptor,
                status.st_size,
                output.patches,
                lambda _: source.checkpoint(),
            )
            self._checkpoints.reached(Point.STAGED_HALF)
            keep_metadata(status, source.descriptor, descriptor)
            return
        if len(output.content) > MAX_PATCH_BYTES:
            raise ProtocolViolation(reason="a sibling that is too large")
        self._checkpoints.reached(Point.STAGED_HALF)
        write_all(descriptor, output.content, 0)
        mode = stat.S_IMODE(status.st_mode) & 0o666
        plain = list(status)
        plain[stat.ST_MODE] = stat.S_IFREG | mode
        keep_metadata(os.stat_result(plain), None, descriptor)


def close_all(staged: Sequence[StagedFile]) -> None:
    """Close staged files that have got their names."""
    for each in staged:
        os.close(each.descriptor)


def discard(directory: int, staged: Sequence[StagedFile]) -> None:
    """Close and remove staged files; one that was renamed away is just closed. Blocks."""
    for each in staged:
        os.close(each.descriptor)
        with suppress(OSError):
            os.unlink(each.name, dir_fd=directory)


def target_directory(plan_root: int, target: Target, path: Path) -> int:
    """Open the directory of a target below its open root, made where it is missing. Blocks."""
    return make_directories(plan_root, components(target.name, path)[:-1], path)
