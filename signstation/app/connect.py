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
from signstation.system.process import forbid_cores

GNUPG_VARIABLE = "GNUPGHOME"
SSH_AGENT_VARIABLE = "SSH_AUTH_SOCK"
WAIT_SECONDS = 10.0
"""How long another process may take to start or to end before it counts as not answering."""
_PAUSE = 0.05


def connect(home: Path, surface: str, *, gnupg_home: Path | None = None) -> StationApi:
    """Return the station of a state directory. Blocks while it starts.

    ``surface`` names the caller ("window", "command line"); ``gnupg_home`` is else GNUPGHOME. The
    directory is made where it is missing. Raises StoreLocked where its owner does not answer,
    ProtocolViolation where it is of another version, and what opening the journal raises.
    """
    greeting = hello(surface, gnupg_home)
    forbid_cores()
    prepare(home)
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        ownership = Ownership.take(home)
        if ownership is not None:
            keys, agent = greeting.gnupg_home, greeting.ssh_agent
            return _own(home, ownership, Caller(os.geteuid(), os.getpid(), surface, keys, agent))
        transport = reach(home, greeting)
        if transport is not None:
            return BoundStation(transport)
        if time.monotonic() > deadline:
            raise StoreLocked(path=str(home))
        time.sleep(_PAUSE)


def hello(surface: str, gnupg_home: Path | None = None) -> Hello:
    """Return the greeting of a caller: its keys are those that its environment names."""
    keys = gnupg_home.absolute() if gnupg_home else _named(GNUPG_VARIABLE)
    return Hello(PROTOCOL, surface, keys, _named(SSH_AGENT_VARIABLE))


def _named(variable: str) -> Path | None:
    """Return the absolute path in a variable of the environment, None where it is empty."""
    value = os.environ.get(variable)
    return Path(value).absolute() if value else None


def _own(home: Path, ownership: Ownership, caller: Caller) -> StationApi:
    # Imported here: a client needs nothing of the engine, and is twice as fast without it.
    station: StationApi = importlib.import_module("signstation.app.owner").own(
        home, ownership, caller, os.environ
    )
    return station
