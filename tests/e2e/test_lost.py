"""The window's station is killed: another one goes on with its journal, and the window hears it."""

from __future__ import annotations

import os
import queue
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from signstation.app.apart import WINDOW, StationNews, StationProcess
from signstation.app.awaited import MOST_LOST, AwaitedTransport
from signstation.app.bound import BoundStation
from signstation.errors import SignstationError, WorkerDied
from signstation.model.jobs import JobEvent, JobState
from signstation.model.orders import SignOrder
from signstation.model.secret import Secret
from signstation.model.station import PromptClosed, PromptOpened, StationEvent
from tests.support.kmod import module
from tests.support.release import key_file
from tests.support.station import Shell

SECONDS = 120.0
COUNT = 60
PASSPHRASE = b"correct horse"
News = StationNews | SignstationError


@pytest.fixture(autouse=True)
def gnupg(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let stations that this process starts use the shell's GnuPG home."""
    monkeypatch.setenv("GNUPGHOME", str(shell.gnupg.path))


class Watched:
    """A station as a window has it, and what the window hears."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.news: queue.Queue[News] = queue.Queue()
        self.events: queue.Queue[StationEvent] = queue.Queue()
        transport = AwaitedTransport(StationProcess(home, WINDOW), WINDOW, self.news.put)
        self.station = BoundStation(transport)
        self.station.subscribe(self.events.put)

    def kill(self) -> None:
        """Kill the process that owns the state directory: it is our only child of that kind."""
        for each in Path("/proc").glob("[0-9]*"):
            try:
                command = (each / "cmdline").read_bytes().split(b"\0")
                parent = int((each / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == os.getpid() and os.fsencode(self.home) in command:
                os.kill(int(each.name), signal.SIGKILL)
                return
        raise AssertionError("there is no station")

    def heard(self, kind: type[StationEvent]) -> StationEvent:
        """Return the next event of a kind."""
        while True:
            event = self.events.get(timeout=SECONDS)
            if isinstance(event, kind):
                return event


@contextmanager
def watched(home: Path) -> Iterator[Watched]:
    """Give a station, and close it."""
    found = Watched(home)
    try:
        yield found
    finally:
        found.station.close()


def order(shell: Shell, count: int, passphrase: bytes = b"") -> SignOrder:
    """Return an order of some modules with a new key."""
    directory = shell.work / "modules"
    directory.mkdir()
    for number in range(count):
        (directory / f"m{number}.ko").write_bytes(module())
    key = key_file(shell.work / "key.pem", "rsa4096", passphrase)
    return SignOrder(paths=(directory,), keys=(key,), output=shell.work / "signed")


def test_a_job_whose_station_is_killed_ends_and_calls_work_again(shell: Shell) -> None:
    with watched(shell.home) as window:
        plan = window.station.plan(order(shell, COUNT)).result(SECONDS)
        job = window.station.submit(plan.id).result(SECONDS)
        done = window.station.wait(job)
        window.heard(JobEvent)
        window.kill()
        assert window.news.get(timeout=SECONDS) is StationNews.LOST
        later = window.station.jobs()
        assert window.news.get(timeout=SECONDS) is StationNews.BACK
        assert done.result(SECONDS).state is JobState.DONE
        assert [each.id for each in later.result(SECONDS)] == [job]
        assert len(list((shell.work / "signed").rglob("*.ko"))) == COUNT


def test_what_a_lost_station_asked_is_withdrawn_and_asked_when_the_job_goes_on(
    shell: Shell,
) -> None:
    with watched(shell.home) as window:
        plan = window.station.plan(order(shell, 1, PASSPHRASE)).result(SECONDS)
        job = window.station.submit(plan.id).result(SECONDS)
        first = window.heard(PromptOpened)
        window.kill()
        closed = window.heard(PromptClosed)
        assert isinstance(first, PromptOpened)
        assert isinstance(closed, PromptClosed)
        assert closed.id == first.prompt.id
        assert window.station.wait(job).result(SECONDS).state is JobState.INTERRUPTED
        assert window.station.resume(job).result(SECONDS) == (job,)
        again = window.heard(PromptOpened)
        assert isinstance(again, PromptOpened)
        assert again.prompt.id != first.prompt.id
        window.station.answer(again.prompt.id, Secret(PASSPHRASE)).result(SECONDS)
        assert window.station.wait(job).result(SECONDS).state is JobState.DONE


def test_a_station_that_is_lost_again_and_again_is_given_up(shell: Shell) -> None:
    with watched(shell.home) as window:
        for _ in range(MOST_LOST - 1):
            window.station.jobs().result(SECONDS)
            window.kill()
            assert window.news.get(timeout=SECONDS) is StationNews.LOST
            assert window.news.get(timeout=SECONDS) is StationNews.BACK
        window.kill()
        assert isinstance(window.news.get(timeout=SECONDS), WorkerDied)
        with pytest.raises(WorkerDied):
            window.station.jobs().result(SECONDS)
