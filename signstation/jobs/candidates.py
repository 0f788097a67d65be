"""From the paths of an order to the artifacts that may be signed."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from signstation.errors import NameRefused, NotARegularFile, SignstationError
from signstation.jobs.sealed import STAGING_PREFIX
from signstation.jobs.vouching import is_checkpoint
from signstation.system.files import check_name, open_regular, open_root, reading_error, shown
from signstation.system.files_walk import FoundFile, Identity, identity, walk


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that was named, or found in a named directory. ``name`` is below ``root``."""

    root: Path
    name: str
    named: bool  # by the person: not merely found

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.root / self.name


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something in a directory that is not signed; ``error`` None where nothing is wrong."""

    path: Path
    error: SignstationError | None


def candidates(
    paths: Collection[Path], output: Path | None, root: Path | None = None
) -> Iterator[Candidate | Skipped]:
    """Yield what the paths lead to, each file once; ``output`` is not walked into. Blocks.

    A file that is named besides its directory is named, wherever it stands in the order. One that
    lies below ``root`` is reached from there, so that its subdirectories belong to its name.
    """
    seen: set[Path] = set()
    named = set(paths)
    leave_out = _identities(output)
    for path in paths:
        for each in _of_path(path, leave_out, root):
            if each.path not in seen:
                seen.add(each.path)
                if isinstance(each, Candidate) and each.path in named:
                    yield replace(each, named=True)
                else:
                    yield each


def _identities(output: Path | None) -> Collection[Identity]:
    try:
        return () if output is None else (identity(output.stat()),)
    except OSError:
        return ()


def _of_path(
    path: Path, leave_out: Collection[Identity], root: Path | None
) -> Iterator[Candidate | Skipped]:
    try:
        check_name(path.name, path)
        if shown(path) != str(path):  # what cannot be stored cannot be found again
            raise NameRefused(path=shown(path))
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            yield from _of_directory(path, leave_out)
        elif stat.S_ISLNK(mode):
            raise NotARegularFile(path=shown(path), kind="symbolic link")
        else:
            yield _named(path, root)
    except SignstationError as error:
        yield Skipped(Path(shown(path)), error)
    except OSError as error:
        yield Skipped(Path(shown(path)), reading_error(error, path))


def _named(path: Path, root: Path | None) -> Candidate:
    if root is None or not path.is_relative_to(root):
        return Candidate(path.parent, path.name, named=True)
    below = path.relative_to(root)
    for part in below.parts:
        check_name(part, path)
    return Candidate(root, below.as_posix(), named=True)


def _of_directory(path: Path, leave_out: Collection[Identity]) -> Iterator[Candidate | Skipped]:
    root = open_root(path)
    try:
        for entry in walk(root, path, leave_out=leave_out, hidden_prefix=STAGING_PREFIX):
            if isinstance(entry, FoundFile):
                if is_checkpoint(root, entry.name, path / entry.name):
                    continue
                yield Candidate(path, entry.name, named=False)
            else:
                yield Skipped(path / entry.name, entry.error)
    finally:
        os.close(root)


def open_candidate(root: Path, name: str) -> tuple[int, os.stat_result]:
    """Open an artifact beneath its root; the descriptor is the caller's. Blocks.

    Raises LeavesTree, NotARegularFile, PathMissing, ArtifactUnreadable.
    """
    directory = open_root(root)
    try:
        descriptor = open_regular(directory, name, root / name)
    finally:
        os.close(directory)
    return descriptor, os.fstat(descriptor)
