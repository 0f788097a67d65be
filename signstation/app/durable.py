"""Small files that are whole or not there: written aside, synced, renamed, directory synced."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path

from signstation.errors import DiskFull, NotWritable, OutputExists, SignstationError

_FULL = {errno.ENOSPC, errno.EDQUOT}


def write_file(path: Path, content: bytes, *, mode: int = 0o600, replace: bool = True) -> None:
    """Write ``content`` to ``path`` durably. Blocks until it is on the medium.

    Raises OutputExists (only without ``replace``), DiskFull and NotWritable.
    """
    aside = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        if replace:
            aside.replace(path)
        else:
            os.link(aside, path, follow_symlinks=False)  # rename would replace what is there
            aside.unlink()
        sync_directory(path.parent)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise _refused(path, error) from error


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refused(path: Path, error: OSError) -> SignstationError:
    if isinstance(error, FileExistsError):
        return OutputExists(path=str(path))
    if error.errno in _FULL:
        return DiskFull(path=str(path))
    return NotWritable(path=str(path), reason=error.strerror or "")
