"""The way to the station: this process owns it where nobody does, else it becomes a client."""

from __future__ import annotations

import importlib
import os
import time
from pathlib import Path

from signstation.app.api import StationApi
from signstation.app.bound import BoundStation
from signstation.app.client import reach
from signstation.app.home import Ownership, prepare
from signstation.app.methods import Hello
from signstation.codec.stationwire import PROTOCOL
from signstation.errors import StoreLocked
from signstation.model.station import Caller

GNUPG_VARIABLE = "GNUPGHOME"
WAIT_SECONDS = 10.0
"""How long another process may take to start or to end before it counts as not answering."""
_PAUSE = 0.05


def connect(home: Path, surface: str, *, gnupg_home: Path | None = None) -> StationApi:
    """Return the station of a state directory. Blocks while it starts.

    ``surface`` names the caller ("window", "command line"); ``gnupg_home`` is else GNUPGHOME. The
    directory is made where it is missing. Raises StoreLocked where its owner does not answer,
    ProtocolViolation where it is of another version, and what opening the journal raises.
    """
    named = os.environ.get(GNUPG_VARIABLE)
    keys = gnupg_home or (Path(named) if named else None)
    keys = keys.absolute() if keys else None
    prepare(home)
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        ownership = Ownership.take(home)
        if ownership is not None:
            return _own(home, ownership, Caller(os.geteuid(), os.getpid(), surface, keys))
        transport = reach(home, Hello(PROTOCOL, surface, keys))
        if transport is not None:
            return BoundStation(transport)
        if time.monotonic() > deadline:
            raise StoreLocked(path=str(home))
        time.sleep(_PAUSE)


def _own(home: Path, ownership: Ownership, caller: Caller) -> StationApi:
    # Imported here: a client needs nothing of the engine, and is twice as fast without it.
    station: StationApi = importlib.import_module("signstation.app.owner").own(
        home, ownership, caller, os.environ
    )
    return station
