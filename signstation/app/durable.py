"""Small files that are whole or not there: written aside, synced, renamed, directory synced."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from signstation.jobs.sealed import STAGING_PREFIX
from signstation.system.files import open_root, writing
from signstation.system.files_publish import rename_into, sync_directory


def write_file(path: Path, content: bytes, *, mode: int = 0o600, replace: bool = True) -> None:
    """Write ``content`` to ``path`` durably, with ``mode`` whatever the umask. Blocks.

    Raises OutputExists (only without ``replace``), PathMissing, DiskFull and NotWritable.
    """
    aside = f"{STAGING_PREFIX}{secrets.token_hex(8)}"  # no walk of results sees it
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    directory = open_root(path.parent)
    try:
        with writing(path), os.fdopen(os.open(aside, flags, mode, dir_fd=directory), "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        rename_into((directory, aside), (directory, path.name), path, replace=replace)
        sync_directory(directory, path)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(aside, dir_fd=directory)
        os.close(directory)
