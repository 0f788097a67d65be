"""Where a station keeps its state, and the lock that makes one process its owner."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import platformdirs

from signstation.errors import NotWritable

VARIABLE = "SIGNSTATION_HOME"
"""Environment variable that names the state directory."""
SOCKET_NAME = "socket"
_LOCK_NAME = "lock"
_PRIVATE = 0o700


def state_directory(environment: Mapping[str, str]) -> Path:
    """Return ``$SIGNSTATION_HOME``, else the XDG state directory; absolute, perhaps missing."""
    named = environment.get(VARIABLE)
    if named:
        return Path(named).absolute()
    return platformdirs.user_state_path("signstation")


def settings_files(home: Path) -> tuple[Path, ...]:
    """Return the settings files of a station in the order in which they are read; later ones win.

    A station outside the XDG directories keeps its settings with its state.
    """
    machine = platformdirs.site_config_path("signstation")
    ordinary = home == platformdirs.user_state_path("signstation")
    user = platformdirs.user_config_path("signstation") if ordinary else home
    return machine / "settings.toml", user / "settings.toml"


def prepare(home: Path) -> None:
    """Create the directory for this user alone, and close one that is open to others.

    Raises NotWritable where it cannot be made or belongs to somebody else.
    """
    try:
        home.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        status = home.stat()
        if not stat.S_ISDIR(status.st_mode):
            raise NotWritable(path=str(home), reason="it is not a directory")
        if status.st_uid != os.geteuid():
            raise NotWritable(path=str(home), reason="it belongs to another user")
        if stat.S_IMODE(status.st_mode) != _PRIVATE:
            home.chmod(_PRIVATE)
    except OSError as error:
        raise NotWritable(path=str(home), reason=error.strerror or "") from error


class Ownership:
    """The exclusive lock on a state directory; it ends with ``release`` or with the process."""

    __slots__ = ("_descriptor",)

    def __init__(self, descriptor: int) -> None:
        """Keep an open, locked descriptor."""
        self._descriptor = descriptor

    @classmethod
    def take(cls, home: Path) -> Self | None:
        """Return the ownership, or None where another process has it. Does not block."""
        try:
            descriptor = os.open(
                home / _LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
            )
        except OSError as error:
            raise NotWritable(path=str(home), reason=error.strerror or "") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return cls(descriptor)

    def release(self) -> None:
        """Give the state directory free."""
        os.close(self._descriptor)
