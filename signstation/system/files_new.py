"""Writing small new files, as keys are: durably, privately, and never over another one."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from signstation.system.files import open_root, writing
from signstation.system.files_copy import write_all
from signstation.system.files_publish import sync_directory

_PRIVATE = 0o600
"""Permission bits until the content is there."""


def write(path: Path, content: bytes, mode: int, *, replace: bool) -> None:
    """Write a whole file under a temporary name, sync it, then give it its name durably.

    ``mode`` are its permission bits; missing directories are made (0700). Without ``replace`` an
    existing file is never touched: OutputExists. Raises DiskFull and NotWritable.
    """
    with writing(path.parent):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory = open_root(path.parent)
    temporary = f".{path.name}.{secrets.token_hex(4)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with writing(path):
            descriptor = os.open(temporary, flags, _PRIVATE, dir_fd=directory)
            try:
                write_all(descriptor, content, 0)
                os.fchmod(descriptor, mode)
                os.fsync(descriptor)
                _name(directory, temporary, path.name, replace=replace)
            except BaseException:
                os.unlink(temporary, dir_fd=directory)
                raise
            finally:
                os.close(descriptor)
        sync_directory(directory, path.parent)
    finally:
        os.close(directory)


def _name(directory: int, temporary: str, name: str, *, replace: bool) -> None:
    if replace:
        os.rename(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
        return
    # link(2) fails where the name is taken; rename(2) would overwrite it
    os.link(temporary, name, src_dir_fd=directory, dst_dir_fd=directory, follow_symlinks=False)
    os.unlink(temporary, dir_fd=directory)
