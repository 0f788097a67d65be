"""Walking a directory: bounded, in order of names, links never followed."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from signstation.errors import (
    LeavesTree,
    LimitReached,
    NameRefused,
    NotARegularFile,
    SignstationError,
)
from signstation.system.files import MAX_DEPTH, check_name, reading_error, shown

MAX_ENTRIES = 1_000_000
"""Most entries of one walk: a whole distribution's pool has about 200,000 files."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A regular file; ``name`` is its path below the root with ``/`` between components."""

    name: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An entry that is not walked into or signed; no ``error`` where that is as it should be."""

    name: str
    error: SignstationError | None = None


Identity = tuple[int, int]
"""Device and inode."""


def identity(status: os.stat_result) -> Identity:
    """Return which file it is, whatever its name."""
    return status.st_dev, status.st_ino


class _Walk:
    def __init__(self, root: Path, leave_out: Collection[Identity], hidden_prefix: str) -> None:
        self._root = root
        self._inside = os.path.realpath(root) + "/"
        self._leave_out = leave_out
        self._hidden_prefix = hidden_prefix
        self._entries = 0

    def directory(self, descriptor: int, prefix: str, depth: int) -> Iterator[FoundFile | LeftOut]:
        try:
            with os.scandir(descriptor) as listing:
                entries = sorted(self._counted(listing), key=lambda entry: entry.name)
        except OSError as error:
            yield LeftOut(prefix.rstrip("/"), reading_error(error, self._root / prefix))
            return
        for entry in entries:
            if not entry.name.startswith(self._hidden_prefix):
                yield from self._entry(descriptor, entry, prefix + entry.name, depth)

    def _counted(self, listing: Iterator[os.DirEntry[str]]) -> Iterator[os.DirEntry[str]]:
        for entry in listing:
            self._entries += 1
            if self._entries > MAX_ENTRIES:
                raise LimitReached(what="entries of a directory tree", limit=MAX_ENTRIES)
            yield entry

    def _entry(
        self, at: int, entry: os.DirEntry[str], name: str, depth: int
    ) -> Iterator[FoundFile | LeftOut]:
        path = self._root / name
        try:
            check_name(entry.name, path)
            if entry.is_symlink():
                yield self._link(path, name)
            elif entry.is_file(follow_symlinks=False):
                yield FoundFile(name)
            elif entry.is_dir(follow_symlinks=False):
                yield from self._below(at, entry, name, depth)
            else:
                yield LeftOut(name, NotARegularFile(path=str(path), kind="special file"))
        except NameRefused as error:
            yield LeftOut(shown(name), error)
        except OSError as error:
            yield LeftOut(name, reading_error(error, path))

    def _link(self, path: Path, name: str) -> LeftOut:
        inside = os.path.realpath(path).startswith(self._inside)
        return LeftOut(name, None if inside else LeavesTree(path=str(path)))

    def _below(
        self, at: int, entry: os.DirEntry[str], name: str, depth: int
    ) -> Iterator[FoundFile | LeftOut]:
        if depth >= MAX_DEPTH:
            raise LimitReached(what="directories inside one another", limit=MAX_DEPTH)
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(entry.name, flags, dir_fd=at)
        try:
            if identity(os.fstat(descriptor)) in self._leave_out:
                yield LeftOut(name)
            else:
                yield from self.directory(descriptor, name + "/", depth + 1)
        finally:
            os.close(descriptor)


def walk(
    root: int, path: Path, *, leave_out: Collection[Identity] = (), hidden_prefix: str = "\0"
) -> Iterator[FoundFile | LeftOut]:
    """Yield what is below the open directory ``root`` (``path`` is for messages).

    Directories of ``leave_out`` are not entered; names with ``hidden_prefix`` are not mentioned. A
    link whose target is inside is left out in silence, one that leads out with LeavesTree. Raises
    LimitReached above MAX_ENTRIES and MAX_DEPTH. Blocks.
    """
    return _Walk(path, leave_out, hidden_prefix).directory(root, "", 1)
