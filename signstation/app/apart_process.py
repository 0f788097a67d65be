"""``python -m signstation.app.apart_process``: the station as a process that a window keeps."""

from __future__ import annotations

import importlib
import json
import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from signstation.app.home import Ownership
from signstation.errors import SignstationError
from signstation.jobs.bugs import bug
from signstation.model.station import Caller
from signstation.system.process import stand_behind

if TYPE_CHECKING:
    from signstation.app.api import StationApi


def main(arguments: Sequence[str]) -> int:
    """Open the station of a directory and keep it until the window is gone. Blocks until then.

    ``arguments``: the number of an inherited socket, the directory, the surface it is kept for. One
    line of JSON goes out on the socket: null when the directory has an owner, else the error.
    The end of the socket, by a word or by the window's death, ends the station in order; so does
    SIGTERM.
    """
    number, home, surface = arguments
    with socket.socket(fileno=int(number)) as lifeline:

        def stop(_number: int, _frame: FrameType | None) -> None:
            lifeline.shutdown(socket.SHUT_RD)

        signal.signal(signal.SIGTERM, stop)
        stand_behind()
        try:
            station = _open(Path(home), surface)
        except Exception as error:  # noqa: BLE001 - told to the window, which shows it
            known = error if isinstance(error, SignstationError) else bug(error)
            _say(lifeline, known.to_wire())
            return int(known.status)
        _say(lifeline, None)
        if station is not None:
            try:
                while lifeline.recv(1):
                    pass
            finally:
                station.close()
    return 0


def _open(home: Path, surface: str) -> StationApi | None:
    """Return the station; None where another process owns the directory."""
    ownership = Ownership.take(home)
    if ownership is None:
        return None
    # The engine takes a while to import: not for one that must leave it to another process.
    station: StationApi = importlib.import_module("signstation.app.owner").own(
        home, ownership, Caller(os.geteuid(), os.getpid(), surface, None), os.environ
    )
    return station


def _say(lifeline: socket.socket, words: object) -> None:
    with suppress(BrokenPipeError):  # the window is gone already: what follows ends the station
        lifeline.sendall(json.dumps(words).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
