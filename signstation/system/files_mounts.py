"""Whether a file can be changed by others while we work: then a private copy is signed."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

FOREIGN_FILE_SYSTEMS = frozenset(
    {
        "9p", "afs", "ceph", "cifs", "exfat", "fuse", "fuseblk", "iso9660", "msdos", "nfs", "nfs4",
        "ntfs", "ntfs3", "smb3", "udf", "vfat", "virtiofs",
    }
)  # fmt: skip
"""Served by another machine or process, or used on media that are carried about."""
_MOUNTS = Path("/proc/self/mountinfo")
_BLOCK_DEVICES = Path("/sys/dev/block")


def changeable_by_others(file: os.stat_result, directory: os.stat_result) -> bool:
    """Return whether the owner or the permissions let another user change the file's bytes.

    Root and we are not others; a directory with the sticky bit protects the names in it.
    """
    ours = {0, os.geteuid()}
    return (
        file.st_uid not in ours
        or bool(file.st_mode & stat.S_IWOTH)
        or directory.st_uid not in ours
        or (bool(directory.st_mode & stat.S_IWOTH) and not directory.st_mode & stat.S_ISVTX)
    )


def file_system_of(device: int) -> str:
    """Return the type of the mounted file system with this ``st_dev``; empty where unknown."""
    number = f"{os.major(device)}:{os.minor(device)}"
    with suppress(OSError):
        # proc_pid_mountinfo(5): ID parent MAJ:MIN root mount options [fields] - TYPE source super
        for line in _MOUNTS.read_text("utf-8", "surrogateescape").splitlines():
            fields, _, rest = line.partition(" - ")
            if fields.split(" ")[2] == number:
                return rest.split(" ")[0]
    return ""


def removable(device: int) -> bool:
    """Return whether the block device, or the disk that it is a partition of, can be taken away."""
    number = f"{os.major(device)}:{os.minor(device)}"
    with suppress(OSError):
        place = (_BLOCK_DEVICES / number).resolve(strict=True)
        for each in (place, place.parent):
            if (each / "removable").is_file():
                return (each / "removable").read_text("ascii").strip() == "1"
    return False


def foreign_place(device: int) -> bool:
    """Return whether the file system with this ``st_dev`` is removable or somebody else's."""
    kind = file_system_of(device)
    return kind in FOREIGN_FILE_SYSTEMS or kind.startswith("fuse.") or removable(device)
