"""Opening and making files beneath a chosen directory, without ever following a link out of it.

Every component is opened by itself with O_NOFOLLOW below the descriptor of the one before, so
nobody who can rename things in the tree can lead us elsewhere (the way of openat2(2) with
RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS, on any kernel). Every call blocks for the file system.
"""

from __future__ import annotations

import errno
import os
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from signstation.errors import (
    ArtifactUnreadable,
    DiskFull,
    LeavesTree,
    NameRefused,
    NotARegularFile,
    NotWritable,
    OutputExists,
    PathMissing,
    SignstationError,
)

MAX_DEPTH = 64
"""Most directories below a root: release trees have about ten, PATH_MAX allows 2,048."""

_FULL = {errno.ENOSPC, errno.EDQUOT}
_REFUSED_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode: control, format (bidirectional and zero-width), surrogate (undecodable), separators."""
_KINDS = {
    stat.S_IFLNK: "symbolic link",
    stat.S_IFDIR: "directory",
    stat.S_IFIFO: "named pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "character device",
    stat.S_IFBLK: "block device",
}


def shown(path: str | Path) -> str:
    """Return a path as text that can be stored: undecodable bytes become hexadecimal escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def reading_error(error: OSError, path: str | Path) -> SignstationError:
    """Return the typed error for a failed open or read."""
    name = shown(path)
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        return PathMissing(path=name)
    if error.errno == errno.ELOOP:
        return LeavesTree(path=name)
    return ArtifactUnreadable(path=name, reason=error.strerror or "")


def writing_error(error: OSError, path: str | Path) -> SignstationError:
    """Return the typed error for a failed write, creation or rename."""
    name = shown(path)
    if error.errno in _FULL:
        return DiskFull(path=name)
    if error.errno == errno.EEXIST:
        return OutputExists(path=name)
    return NotWritable(path=name, reason=error.strerror or "")


@contextmanager
def writing(path: str | Path) -> Iterator[None]:
    """Turn OSError of the ``with`` body into DiskFull, OutputExists or NotWritable."""
    try:
        yield
    except OSError as error:
        raise writing_error(error, path) from error


def check_name(name: str, path: str | Path) -> None:
    """Raise NameRefused for control, bidirectional, zero-width or undecodable characters."""
    if not name.isascii() or not name.isprintable():
        for character in name:
            if unicodedata.category(character) in _REFUSED_CATEGORIES:
                raise NameRefused(path=shown(path))


def components(name: str, path: str | Path) -> tuple[str, ...]:
    """Split a name below a root. Raises LeavesTree for ``..``, absolute and empty components."""
    parts = tuple(name.split("/"))
    if any(part in {"", ".", ".."} for part in parts) or len(parts) > MAX_DEPTH:
        raise LeavesTree(path=shown(path))
    return parts


def open_root(path: Path) -> int:
    """Open the directory that a person chose (it may be reached through links). Owned by caller."""
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise reading_error(error, path) from error


def open_directory(root: int, parts: tuple[str, ...], path: str | Path) -> int:
    """Open a directory below ``root``, one component after another. Owned by the caller.

    Raises LeavesTree where a component is a link, PathMissing, ArtifactUnreadable.
    """
    at = os.dup(root)
    try:
        for part in parts:
            below = _open_component(at, part, path)
            os.close(at)
            at = below
    except BaseException:
        os.close(at)
        raise
    return at


def _open_component(at: int, part: str, path: str | Path) -> int:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(part, flags, dir_fd=at)
    except OSError as error:
        with suppress(OSError):
            if stat.S_ISLNK(os.stat(part, dir_fd=at, follow_symlinks=False).st_mode):
                raise LeavesTree(path=shown(path)) from error
        raise reading_error(error, path) from error


def open_regular(root: int, name: str, path: str | Path, *, flags: int = os.O_RDONLY) -> int:
    """Open a regular file below ``root``. Owned by the caller.

    Devices, pipes and sockets are recognised before they are opened, so nothing is woken up.
    Raises NotARegularFile, LeavesTree, PathMissing, ArtifactUnreadable.
    """
    parts = components(name, path)
    at = open_directory(root, parts[:-1], path)
    try:
        return _open_last(at, parts[-1], path, flags)
    except OSError as error:
        raise reading_error(error, path) from error
    finally:
        os.close(at)


def _open_last(at: int, name: str, path: str | Path, flags: int) -> int:
    handle = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
    try:
        kind = stat.S_IFMT(os.fstat(handle).st_mode)
        if kind != stat.S_IFREG:
            raise NotARegularFile(path=shown(path), kind=_KINDS.get(kind, oct(kind)))
        # the very file that was looked at, whatever its name leads to by now
        return os.open(f"/proc/self/fd/{handle}", flags | os.O_CLOEXEC)
    finally:
        os.close(handle)


def make_directories(root: int, parts: tuple[str, ...], path: str | Path) -> int:
    """Open a directory below ``root`` and make what is missing, as open as its own parent.

    Owned by the caller. Raises LeavesTree, DiskFull, NotWritable.
    """
    at = os.dup(root)
    try:
        for part in parts:
            below = make_directory(at, part, path)
            os.close(at)
            at = below
    except BaseException:
        os.close(at)
        raise
    return at


def make_directory(at: int, name: str, path: str | Path, *, mode: int | None = None) -> int:
    """Open the directory ``name`` and make it, durably, unless it is there. Owned by the caller.

    ``mode`` None: a new one is as open as its parent, whatever our umask (the station's is 077).
    """
    made = False
    with writing(path), suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=at)
        made = True
    descriptor = _open_component(at, name, path)
    if made:
        wanted = stat.S_IMODE(os.fstat(at).st_mode) & 0o777 if mode is None else mode
        try:
            with writing(path):
                os.fchmod(descriptor, wanted)
                os.fsync(at)
        except BaseException:
            os.close(descriptor)
            raise
    return descriptor
