"""Copies of whole files: shared blocks where the file system can, holes kept, patches applied."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from signstation.errors import ArtifactUnreadable, ProtocolViolation
from signstation.model.outputs import MAX_PATCH_BYTES, Patch

FICLONE = 0x40049409
"""_IOW(0x94, 9, int) of linux/fs.h: the target shares the source's blocks (Btrfs, XFS)."""
CLONE_FROM = 128 * 1024
"""Below this many bytes a copy is cheaper than asking for a clone."""
CHUNK = 64 * 1024 * 1024
"""Most bytes of one copy_file_range(2), so that a signal or a cancel is never far."""
MAX_PATCHES = 4096
"""Most patches of one output; formats make one to three."""

Checkpoint = Callable[[int], None]
"""Called with the bytes done so far; may raise to stop."""

_NO_COPY_RANGE = {
    errno.EXDEV,
    errno.EINVAL,
    errno.ENOSYS,
    errno.EOPNOTSUPP,
    errno.EPERM,
    errno.EBADF,
}
_BOUND_TO_CONTENT = {"security.ima", "security.evm"}
"""Extended attributes that sign the old bytes (Documentation/ABI/testing/evm): not kept."""


def check_patches(patches: Sequence[Patch], size: int) -> int:
    """Return the size after ``patches``; raise ProtocolViolation unless they fit the file.

    They must be sorted, not overlap, lie inside ``size`` bytes and be bounded: a worker that parsed
    hostile bytes made them.
    """
    if len(patches) > MAX_PATCHES or sum(len(p.new) for p in patches) > MAX_PATCH_BYTES:
        raise ProtocolViolation(reason="an output with too many patches")
    inside = all(p.offset >= 0 and p.old_length >= 0 for p in patches)
    sorted_ = all(a.offset + a.old_length <= b.offset for a, b in pairwise(patches))
    if (
        not inside
        or not sorted_
        or (patches and patches[-1].offset + patches[-1].old_length > size)
    ):
        raise ProtocolViolation(reason="patches that do not fit the artifact")
    return size + sum(len(p.new) - p.old_length for p in patches)


def in_place(patches: Sequence[Patch], size: int) -> bool:
    """Return whether no byte moves: lengths are equal, but for a last patch at the very end."""
    *others, last = patches or [Patch(size, 0, b"")]
    return all(len(p.new) == p.old_length for p in others) and (
        len(last.new) == last.old_length or last.offset + last.old_length == size
    )


def never(_done: int) -> None:
    """Take no notice of a checkpoint."""


def copy_patched(
    source: int, target: int, size: int, patches: Sequence[Patch], checkpoint: Checkpoint = never
) -> int:
    """Fill the empty ``target`` with the patched ``source`` and return its size.

    ``checkpoint`` is called every CHUNK and may raise. Raises ArtifactUnreadable when the source
    became shorter and OSError of the target. Blocks.
    """
    new_size = check_patches(patches, size)
    if in_place(patches, size):
        copy_whole(source, target, size, checkpoint)
        for patch in patches:
            write_all(target, patch.new, patch.offset)
        if new_size < size:
            os.ftruncate(target, new_size)
        return new_size
    os.ftruncate(target, new_size)
    read_at = write_at = 0
    for patch in patches:
        length = patch.offset - read_at
        _copy_data(_Copy(source, target, checkpoint), read_at, write_at, length)
        write_all(target, patch.new, write_at + length)
        read_at = patch.offset + patch.old_length
        write_at += length + len(patch.new)
    _copy_data(_Copy(source, target, checkpoint), read_at, write_at, size - read_at)
    return new_size


def copy_whole(source: int, target: int, size: int, checkpoint: Checkpoint = never) -> None:
    """Fill the empty ``target`` with ``size`` bytes of ``source``; holes stay holes.

    ``checkpoint`` is called every CHUNK and may raise. Raises ArtifactUnreadable when the source
    has another size by now. Blocks.
    """
    if size >= CLONE_FROM and _clone(source, target):
        if os.fstat(target).st_size != size:
            raise ArtifactUnreadable(reason="the file changed its size while it was copied")
        return
    if size < CLONE_FROM:
        _copy_range(_Copy(source, target, checkpoint), 0, 0, size)
    else:
        os.ftruncate(target, size)
        _copy_data(_Copy(source, target, checkpoint), 0, 0, size)


def _clone(source: int, target: int) -> bool:
    try:
        fcntl.ioctl(target, FICLONE, source)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EIO}:
            raise
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Copy:
    """Two open files and who wants to know how far it is."""

    source: int
    target: int
    checkpoint: Checkpoint


def _copy_data(copy: _Copy, read_at: int, write_at: int, length: int) -> None:
    """Copy the data of a range, not its holes; the target reads as zeros where nothing is put."""
    shift, end = write_at - read_at, read_at + length
    at = read_at
    while at < end:
        try:
            start = os.lseek(copy.source, at, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # a hole up to the end of the file
                break
            start = at  # a file system that knows no holes
        hole = end
        with suppress(OSError):
            hole = min(os.lseek(copy.source, start, os.SEEK_HOLE), end)
        if start >= end:
            break
        _copy_range(copy, start, start + shift, hole - start)
        at = hole
    if os.fstat(copy.source).st_size < end:
        raise ArtifactUnreadable(reason="the file became shorter while it was copied")


def _copy_range(copy: _Copy, read_at: int, write_at: int, length: int) -> None:
    while length > 0:
        wanted = min(length, CHUNK)
        try:
            count = os.copy_file_range(copy.source, copy.target, wanted, read_at, write_at)
        except OSError as error:
            if error.errno not in _NO_COPY_RANGE:
                raise
            count = _copy_through(copy, read_at, write_at, min(wanted, 1024 * 1024))
        if count == 0:
            raise ArtifactUnreadable(reason="the file became shorter while it was copied")
        read_at, write_at, length = read_at + count, write_at + count, length - count
        copy.checkpoint(read_at)


def _copy_through(copy: _Copy, read_at: int, write_at: int, length: int) -> int:
    data = os.pread(copy.source, length, read_at)
    write_all(copy.target, data, write_at)
    return len(data)


def unnamed_file(directory: Path) -> int:
    """Make a file without a name, gone with its last descriptor. OSError as the system gives it."""
    try:
        return os.open(directory, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno not in {errno.EOPNOTSUPP, errno.EISDIR}:  # NFS and some FUSE know none
            raise
    descriptor, name = tempfile.mkstemp(dir=directory)
    Path(name).unlink()
    return descriptor


def write_all(descriptor: int, data: bytes, offset: int) -> None:
    """Write all of ``data`` at ``offset``; OSError as the system gives it."""
    view = memoryview(data)
    while view:
        count = os.pwrite(descriptor, view, offset)
        view, offset = view[count:], offset + count


def keep_metadata(source: os.stat_result, attributes_of: int | None, target: int) -> None:
    """Give ``target`` the owner, permissions and extended attributes of a file.

    Somebody else's file cannot be given away without privilege: then it is ours, and set-id bits
    are dropped. Attributes that sign the old content are not taken over.
    """
    mode = stat.S_IMODE(source.st_mode)
    found = os.fstat(target)
    if (source.st_uid, source.st_gid) != (found.st_uid, found.st_gid):
        try:
            os.fchown(target, source.st_uid, source.st_gid)
        except PermissionError:
            mode &= 0o777
    if mode != stat.S_IMODE(found.st_mode):
        os.fchmod(target, mode)
    if attributes_of is not None:
        _keep_attributes(attributes_of, target)


def _keep_attributes(source: int, target: int) -> None:
    try:
        names = os.listxattr(source)
    except OSError:  # a file system without them
        return
    for name in names:
        if name not in _BOUND_TO_CONTENT:
            # not every attribute can be set by everybody or on every file system
            with suppress(OSError):
                os.setxattr(target, name, os.getxattr(source, name))
