"""The station in a process of its own, so that a window never waits for what the engine computes.

Python runs one thread of a process at a time: with the engine in the window's process, each step
of a job would take its share of every picture.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from contextlib import suppress
from enum import Enum
from pathlib import Path

from signstation.app.home import prepare, state_directory
from signstation.errors import LimitReached, SignstationError, WorkerDied, from_wire
from signstation.system.process import forbid_cores
from signstation.system.programs import Child, spawn

MODULE = "signstation.app.apart_process"
"""What ``python -m`` runs there."""
WINDOW = "window"
"""The surface that a window's station is told (``app.prompts``)."""
MAX_WORD = 64 * 1024
"""Most bytes of what it says: null when there is a station, else an error; its fields are short."""
_STDERR = 2


class StationNews(Enum):
    """What a window is told of its station besides the station's own events."""

    LOST = "lost"  # its process ended; another one is being started
    BACK = "back"  # there is a station again


class StationProcess:
    """One process for the station of a state directory; ends in order with this one at the latest.

    Any thread, one at a time; ``close`` may come from another.
    """

    def __init__(self, home: Path, surface: str) -> None:
        """Start it; takes some milliseconds. What went wrong is raised by ``settled``."""
        self.home = home
        self._child: Child | None = None
        self._failure: SignstationError | None = None
        self._settled = False
        self._lifeline, theirs = socket.socketpair()
        with theirs:
            try:
                prepare(home)
                self._child = _start(home, surface, theirs.fileno())
            except SignstationError as error:
                self._failure = error

    def settled(self) -> None:
        """Wait until the state directory has an owner: it, or the process that had it before.

        Raises what opening the station raised, and WorkerDied when the process was killed.
        """
        if not self._settled and self._failure is None:
            self._failure = self._hear()
            self._settled = True
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Let the station end in order, and wait until it has. Twice is once."""
        with suppress(OSError):  # wakes a thread that waits in settled
            self._lifeline.shutdown(socket.SHUT_RDWR)
        self._lifeline.close()
        child, self._child = self._child, None
        if child is not None:
            child.close()

    def _hear(self) -> SignstationError | None:
        said = bytearray()
        while not said.endswith(b"\n"):
            try:
                piece = self._lifeline.recv(MAX_WORD)
            except OSError:
                piece = b""
            if not piece or len(said) > MAX_WORD:
                return WorkerDied(kind="station")
            said += piece
        failure = json.loads(said)
        return None if failure is None else from_wire(failure)


def for_window() -> StationProcess:
    """Start the process for the window of this user's state directory."""
    forbid_cores()
    return StationProcess(state_directory(os.environ), WINDOW)


def _start(home: Path, surface: str, descriptor: int) -> Child:
    """Start the process: Python's -I keeps the caller's directory and packages out, as in workers.

    In a session of its own: an interrupt at the window's terminal ends the window, which then ends
    the station in order.
    """
    command = (sys.executable, "-I", "-m", MODULE, str(descriptor), str(home), surface)
    try:
        return spawn(
            command,
            environment=os.environ,
            descriptors=(descriptor,),
            stderr=_STDERR,
            leader=True,
        )
    except OSError as error:
        raise LimitReached(what=f"starting the station ({error.strerror})") from error
