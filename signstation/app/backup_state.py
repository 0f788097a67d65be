"""What of a state directory belongs into a backup, by name, and what is never taken along."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from signstation.errors import LimitReached, StoreDamaged
from signstation.jobs.aside import PREFIX
from signstation.system.files import reading_error

JOURNAL = "journal.db"
SETTINGS = "settings.toml"
KEYS = "keys"
"""Directory of the station's own key files (``keystores/keyfile_write.py``)."""
PUBLIC_SUFFIXES = frozenset({".crt", ".der"})
"""What in it are certificates; anything else may hold a private key."""
MAX_FILES = 20_000
"""Most files of one state: 10,000 pins with their certificates, and room."""
MAX_DEPTH = 4
"""Deepest directory below the state; ours are one deep."""
MAX_NAME = 512
"""Longest path below the state in bytes; ours are under 100."""
_LEFT = frozenset({"lock", "socket", "log", "private", "work", "tools", JOURNAL, SETTINGS})
"""Of the running process, or only of this machine; journal and settings are taken separately."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a state: its path below it, with slashes, and the rights it needs."""

    name: str
    path: Path
    mode: int


def members(home: Path, *, with_keys: bool) -> tuple[Member, ...]:
    """Return the files but for journal and settings, sorted by name; links are never followed.

    Raises LimitReached, ArtifactUnreadable.
    """
    found = sorted(_walk(home, "", with_keys=with_keys), key=lambda each: each.name)
    if len(found) > MAX_FILES:
        raise LimitReached(what="files of one state directory", limit=MAX_FILES)
    return tuple(found)


def is_empty(home: Path) -> bool:
    """Say whether a directory holds nothing that a station would lose."""
    if not home.exists():
        return True
    kept = {each.name for each in home.iterdir()} - {"lock", "socket", "log"}
    return not kept


def _walk(directory: Path, above: str, *, with_keys: bool) -> Iterator[Member]:
    try:
        entries = list(os.scandir(directory))
    except OSError as error:
        raise reading_error(error, directory) from error
    for entry in entries:
        name = f"{above}{entry.name}"
        if _left_out(name, with_keys=with_keys):
            continue
        status = entry.stat(follow_symlinks=False)
        if stat.S_ISREG(status.st_mode):
            yield Member(name, Path(entry.path), stat.S_IMODE(status.st_mode) & 0o700 | 0o600)
        elif stat.S_ISDIR(status.st_mode) and name.count("/") < MAX_DEPTH:
            yield from _walk(Path(entry.path), f"{name}/", with_keys=with_keys)


def _left_out(name: str, *, with_keys: bool) -> bool:
    first, _, rest = name.partition("/")
    if first in _LEFT or first.startswith((".", f"{JOURNAL}-", f"{JOURNAL}{PREFIX}")):
        return True
    secret = first == KEYS and bool(rest) and Path(rest).suffix not in PUBLIC_SUFFIXES
    return secret and not with_keys


def check_member(name: str) -> tuple[str, ...]:
    """Return the components of a name that a backup holds. Raises StoreDamaged for any other."""
    parts = tuple(name.split("/"))
    if (
        len(name.encode()) > MAX_NAME
        or len(parts) > MAX_DEPTH + 1
        or "\x00" in name
        or any(each in {"", ".", ".."} for each in parts)
    ):
        raise StoreDamaged(reason="the backup names a file outside of the state directory")
    return parts
