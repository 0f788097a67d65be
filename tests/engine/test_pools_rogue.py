"""Workers that a hostile file has taken over: whatever they say, the station stays whole."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

import pytest

from signstation.errors import HostError, ProtocolViolation, WorkerDied, WorkerHung
from signstation.system import process
from tests.support.workers import Person, ignore, opened, run, workers


@pytest.fixture(autouse=True)
def rogue_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start the rogue in the place of every worker."""
    monkeypatch.setattr(process, "MODULE", "tests.support.rogue")


@pytest.fixture
def artifact_path(tmp_path: Path) -> Path:
    """Any file."""
    path = tmp_path / "artifact"
    path.write_bytes(b"content")
    return path


def inspect(manner: str, path: Path) -> tuple[HostError, float]:
    """Call a rogue of a manner and return how it failed and after how long."""

    async def work() -> HostError:
        async with workers(path.parent / manner) as pools:
            with opened(path) as artifact, pytest.raises(HostError) as caught:
                await pools.check.inspect(artifact, "blob", ignore)
            seats = pools.check._pool._seats
            async with asyncio.timeout(5):
                while any(seat.started for seat in seats):
                    await asyncio.sleep(0.01)
            assert [(seat.tasks, seat.load) for seat in seats] == [(0, 0)] * len(seats)
            return caught.value

    began = time.monotonic()
    return run(work()), time.monotonic() - began


@pytest.mark.parametrize(
    "manner",
    [
        "oversized",
        "garbage",
        "unknown type",
        "descriptors",
        "secret",
        "unknown call",
        "prompt",
        "not json",
        "bad result",
        "second hello",
        "another build",
    ],
)
def test_a_worker_that_breaks_the_protocol_is_ended_and_its_call_fails(
    manner: str, artifact_path: Path
) -> None:
    error, _ = inspect(manner, artifact_path)
    assert isinstance(error, ProtocolViolation)


def test_asks_that_are_none_are_a_violation(artifact_path: Path) -> None:
    error, _ = inspect("bad asks", artifact_path)
    assert isinstance(error, ProtocolViolation)


def test_a_worker_that_hangs_up_is_ended(artifact_path: Path) -> None:
    error, seconds = inspect("hangs up", artifact_path)
    assert isinstance(error, WorkerDied)
    assert seconds < 5


def test_a_worker_that_never_says_hello_is_ended(
    artifact_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signstation.worker.lane.READY_SECONDS", 0.5)
    monkeypatch.setattr("signstation.worker.lane.PING_SECONDS", 0.2)
    error, _ = inspect("silent", artifact_path)
    assert isinstance(error, WorkerHung)


def test_a_worker_that_exits_tells_its_status_and_its_last_words_are_logged(
    artifact_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "signstation.worker")
    error, _ = inspect("exits", artifact_path)
    assert isinstance(error, WorkerDied)
    assert (error.signal, error.exit_status) == (0, 3)
    assert "last words \\x1b[31m" in caplog.text  # escaped: it may be read in a terminal
    assert "\x1b" not in caplog.text


def test_a_hash_worker_that_lies_about_its_size_of_digest_is_not_believed(
    artifact_path: Path,
) -> None:
    async def work() -> None:
        async with workers(artifact_path.parent / "bad result") as pools:
            with opened(artifact_path) as artifact, pytest.raises(ProtocolViolation):
                await pools.hashes.digest(artifact, ignore)

    run(work())


def test_a_key_worker_that_breaks_the_protocol_fails_its_call(artifact_path: Path) -> None:
    async def work() -> None:
        async with workers(artifact_path.parent / "garbage") as pools:
            with pytest.raises(ProtocolViolation):
                await pools.keys(None, Person()).list_keys()

    run(work())
