"""Starting workers of a station: environment, configuration and private directory of each kind."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from signstation.errors import LimitReached
from signstation.system.sandbox import WorkerKind
from signstation.worker.config import WorkerConfig, put_config
from signstation.worker.lane import Lane
from signstation.worker.settings import WorkerSettings

NOWHERE = Path("/nonexistent")
"""HOME of workers that have no business in one."""
TOOLS = "tools"
"""Where in the state directory tool workers have their private directories."""


class Starter:
    """Starts worker processes under one station's settings."""

    def __init__(self, settings: WorkerSettings, gnupg_home: Path | None = None) -> None:
        """``gnupg_home`` is what key workers use, None for GnuPG's default."""
        self._settings = settings
        self._gnupg_home = gnupg_home

    def at(self, gnupg_home: Path | None) -> Starter:
        """Return a starter of the same station for another GnuPG home."""
        return Starter(self._settings, gnupg_home)

    def lane(
        self, kind: WorkerKind, on_end: Callable[[Lane], None], files: Sequence[int] = ()
    ) -> Lane:
        """Start a worker; its directory, if it has one, goes when it has ended.

        ``files`` are open files that it may open again by path. Raises LimitReached when the system
        gives no process, descriptor or directory.
        """
        try:
            if kind is not WorkerKind.TOOL:
                return self._start(kind, NOWHERE, on_end, files)
            directory = _private_directory(self._settings.state / TOOLS)
            return self._start(kind, directory, _removing(directory, on_end), files)
        except OSError as error:
            raise LimitReached(what=f"starting a worker ({error.strerror})") from error

    def _start(
        self,
        kind: WorkerKind,
        directory: Path,
        on_end: Callable[[Lane], None],
        files: Sequence[int],
    ) -> Lane:
        settings = self._settings
        config = WorkerConfig(
            directory=directory,
            state=settings.state,
            gnupg_home=self._gnupg_home,
            network=not settings.air_gap,
            batch_unlock=settings.batch_unlock,
            tokens=settings.tokens,
            tools=settings.tool_directories,
        )
        home = os.environ.get("HOME", "/") if kind is WorkerKind.KEY else str(directory)
        environment = {
            "HOME": home,
            "LC_ALL": "C.UTF-8",
            "PATH": "/usr/bin:/usr/sbin:/bin:/sbin",
            "TMPDIR": str(directory) if kind is WorkerKind.TOOL else "/tmp",  # noqa: S108 - no file is made there
            "TZ": "UTC",
        }
        hung_after = self._hung_after(kind)
        return Lane(kind, environment, put_config(config), hung_after, on_end, files)

    def _hung_after(self, kind: WorkerKind) -> float:
        match kind:
            case WorkerKind.KEY:
                return self._settings.key_hung_after
            case WorkerKind.TOOL:
                return self._settings.tool_hung_after
            case _:
                return self._settings.hung_after


def _private_directory(place: Path) -> Path:
    """Make a directory for one worker, and remove those of stations that were killed."""
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in place.iterdir():
        owner = left.name.partition("-")[0]
        if not owner.isdecimal() or not Path("/proc", owner).exists():
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=place))


def _removing(directory: Path, on_end: Callable[[Lane], None]) -> Callable[[Lane], None]:
    def ended(lane: Lane) -> None:
        shutil.rmtree(directory, ignore_errors=True)
        on_end(lane)

    return ended
