"""Changing a file in place, and putting it back as it was."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Sequence

from signstation.errors import ArtifactUnreadable
from signstation.model.outputs import Patch
from signstation.system.files_copy import FICLONE, write_all
from signstation.system.files_publish import sync_data


def read_ranges(descriptor: int, patches: Sequence[Patch]) -> tuple[bytes, ...]:
    """Return the bytes that patches would replace. Raises ArtifactUnreadable. Blocks."""
    return tuple(_read(descriptor, patch.old_length, patch.offset) for patch in patches)


def _read(descriptor: int, length: int, offset: int) -> bytes:
    parts: list[bytes] = []
    while length and (part := os.pread(descriptor, length, offset)):
        parts.append(part)
        offset, length = offset + len(part), length - len(part)
    if length:
        raise ArtifactUnreadable(reason="the file became shorter while it was read")
    return b"".join(parts)


def apply_patches(
    descriptor: int, patches: Sequence[Patch], size: int, between: Callable[[], None]
) -> None:
    """Write patches that move no byte, durably; ``size`` is the size afterwards.

    ``between`` is called after each. OSError of the file system, DiskFull, NotWritable. Blocks.
    """
    for patch in patches:
        write_all(descriptor, patch.new, patch.offset)
        between()
    os.ftruncate(descriptor, size)
    sync_data([(descriptor, "")])


def put_back(descriptor: int, patches: Sequence[Patch], old: Sequence[bytes], size: int) -> None:
    """Undo ``apply_patches``, however far it came; ``size`` is the size before. Blocks."""
    for patch, content in zip(patches, old, strict=True):
        write_all(descriptor, content, patch.offset)
    os.ftruncate(descriptor, size)
    sync_data([(descriptor, "")])


def is_between(descriptor: int, patches: Sequence[Patch], old: Sequence[bytes], size: int) -> bool:
    """Return whether a file is on the way from before the patches to after them.

    Its size, and every byte of the ranges, must be of one or of the other: else somebody changed it
    since. Blocks.
    """
    after = size + sum(len(patch.new) - patch.old_length for patch in patches)
    found = os.fstat(descriptor).st_size
    if not min(size, after) <= found <= max(size, after):
        return False
    for patch, before in zip(patches, old, strict=True):
        length = max(len(before), len(patch.new))
        content = os.pread(descriptor, length, patch.offset)
        for at, byte in enumerate(content):
            if byte not in (before[at : at + 1] + patch.new[at : at + 1]):
                return False
    return True


def can_clone(descriptor: int, directory: int) -> bool:
    """Return whether a copy in ``directory`` would share the file's blocks. Blocks."""
    try:
        probe = os.open(".", os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600, dir_fd=directory)
    except OSError:
        return False
    try:
        fcntl.ioctl(probe, FICLONE, descriptor)
    except OSError:
        return False
    finally:
        os.close(probe)
    return True
