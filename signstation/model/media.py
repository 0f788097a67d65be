"""A removable medium, as a person should see it before copying."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
"""The kernel's table of this process's mounts (proc_pid_mountinfo(5)); poll(2) tells changes."""


@dataclass(frozen=True, slots=True)
class Medium:
    """A mounted removable medium; texts come from the medium and are untrusted.

    Sizes are in bytes. ``newest`` is the youngest change at its top in Unix seconds, None where it
    is empty. ``guards`` are the mount options that hinder programs on it (nosuid, nodev, noexec).
    """

    mount: Path
    device: str
    label: str
    model: str
    serial: str
    file_system: str
    read_only: bool
    guards: tuple[str, ...]
    size: int
    free: int
    newest: int | None
