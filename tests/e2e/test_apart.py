"""The station in a process of its own, as a window keeps it: opened, shared, refused, ended."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from pathlib import Path

import pytest

from signstation.app.apart import WINDOW, StationProcess
from signstation.app.awaited import AwaitedTransport
from signstation.app.bound import BoundStation
from signstation.app.connect import connect
from signstation.app.home import SOCKET_NAME, Ownership
from signstation.errors import NotWritable, SignstationError, WorkerDied
from signstation.model.secret import Secret
from signstation.model.station import StationEvent
from tests.support.station import Shell

SECONDS = 60.0
KEEPER = """
import sys
from pathlib import Path
from signstation.app.apart import StationProcess
process = StationProcess(Path(sys.argv[1]), "window")
process.settled()
print("open", flush=True)
sys.stdin.readline()
"""
"""A window that only keeps its station's process."""


@pytest.fixture
def gnupg(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let stations that this process starts use the shell's GnuPG home."""
    monkeypatch.setenv("GNUPGHOME", str(shell.gnupg.path))


@contextmanager
def awaited(home: Path) -> Iterator[tuple[AwaitedTransport, BoundStation]]:
    """Start a station's process and give the station that awaits it."""
    transport = AwaitedTransport(StationProcess(home, WINDOW), WINDOW)
    station = BoundStation(transport)
    try:
        yield transport, station
    finally:
        station.close()


def free(home: Path) -> bool:
    """Whether nobody owns the state directory."""
    ownership = Ownership.take(home)
    if ownership is not None:
        ownership.release()
    return ownership is not None


@pytest.mark.usefixtures("gnupg")
def test_calls_wait_in_line_and_the_command_line_is_a_client(shell: Shell) -> None:
    heard: list[StationEvent] = []
    with awaited(shell.home) as (transport, station):
        unsubscribe = station.subscribe(heard.append)
        given_up = station.keys()
        given_up.cancel()
        jobs = station.jobs()
        assert jobs.result(SECONDS) == ()
        with pytest.raises(CancelledError):
            given_up.result(SECONDS)
        assert transport.reached.result(SECONDS) is None
        assert not free(shell.home)
        assert (shell.home / SOCKET_NAME).stat().st_mode & 0o777 == 0o600
        shell.good("job", "list")
        assert station.doctor().result(SECONDS)
        unsubscribe()
    assert free(shell.home)
    assert not (shell.home / SOCKET_NAME).exists()
    with pytest.raises(SignstationError):
        station.jobs().result(SECONDS)


@pytest.mark.usefixtures("gnupg")
def test_two_windows_share_the_station_of_the_first(shell: Shell) -> None:
    with awaited(shell.home) as (_, first):
        assert first.jobs().result(SECONDS) == ()
        with awaited(shell.home) as (_, second):
            assert second.jobs().result(SECONDS) == ()
        assert not free(shell.home)
        assert first.jobs().result(SECONDS) == ()


@pytest.mark.usefixtures("gnupg")
def test_a_station_of_this_process_is_used_where_there_is_one(shell: Shell) -> None:
    owner = connect(shell.home, WINDOW)
    try:
        with awaited(shell.home) as (_, station):
            assert station.jobs().result(SECONDS) == ()
    finally:
        owner.close()


def test_why_there_is_no_station_reaches_every_call(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("not a directory")
    with awaited(file) as (transport, station):
        with pytest.raises(NotWritable):
            station.jobs().result(SECONDS)
        with pytest.raises(NotWritable):
            transport.reached.result(SECONDS)
        with pytest.raises(NotWritable):
            station.keys().result(SECONDS)
        unsubscribe = station.subscribe(lambda _: None)
        unsubscribe()
        secret = Secret(b"never asked for")
        with pytest.raises(WorkerDied):
            station.answer("0", secret).result(SECONDS)


def test_an_error_of_the_process_itself_is_told(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "journal.db").mkdir()
    process = StationProcess(home, WINDOW)
    try:
        for _ in range(2):
            with pytest.raises(SignstationError) as caught:
                process.settled()
            assert not isinstance(caught.value, WorkerDied)
    finally:
        process.close()


@pytest.mark.usefixtures("gnupg")
def test_a_window_that_closes_at_once_leaves_nothing_behind(shell: Shell) -> None:
    with awaited(shell.home) as (transport, station):
        call = station.jobs()
    assert free(shell.home)
    assert call.done()
    assert transport.reached.done()


def test_a_window_that_is_killed_ends_its_station_in_order(shell: Shell) -> None:
    with subprocess.Popen(
        (sys.executable, "-c", KEEPER, str(shell.home)),
        env={**os.environ, **shell.environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as keeper:
        assert keeper.stdout is not None
        assert keeper.stdout.readline() == "open\n"
        assert (shell.home / SOCKET_NAME).exists()
        keeper.kill()
    deadline = time.monotonic() + SECONDS
    while not free(shell.home):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert not (shell.home / SOCKET_NAME).exists()
