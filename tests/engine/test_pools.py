"""Worker processes that die, hang, are cancelled or misbehave: who is told, and who goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from signstation.errors import (
    WorkerDied,
    WorkerHung,
)
from signstation.model.trust import Trust
from tests.support.kmod import module
from tests.support.workers import (
    beginning,
    ignore,
    lanes,
    opened,
    run,
    sparse,
    until,
    workers,
)

TREE = Path(__file__).resolve().parents[2]


@pytest.fixture
def kernel_module(tmp_path: Path) -> Path:
    """A small unsigned module."""
    path = tmp_path / "hello.ko"
    path.write_bytes(module())
    return path


@pytest.fixture
def huge(tmp_path: Path) -> Path:
    """A sparse file that takes about twenty seconds to hash."""
    return sparse(tmp_path / "huge", 20 * 1024**3)


@pytest.mark.parametrize(
    ("number", "expected"), [(signal.SIGSEGV, 11), (signal.SIGKILL, 9), (signal.SIGTERM, 15)]
)
def test_a_worker_that_dies_fails_its_call_and_is_replaced(
    tmp_path: Path, huge: Path, kernel_module: Path, number: int, expected: int
) -> None:
    async def work() -> None:
        async with workers(tmp_path) as pools:
            with opened(huge) as artifact, opened(kernel_module) as small:
                task = await beginning(pools, artifact)
                (pid,) = lanes(pools, "hashes")
                os.kill(pid, number)
                with pytest.raises(WorkerDied) as caught:
                    await task
                assert (caught.value.kind, caught.value.signal) == ("hash", expected)
                assert len(await pools.hashes.digest(small, ignore)) == 32
                assert pid not in lanes(pools, "hashes")

    run(work())


def test_a_worker_that_hangs_is_killed(tmp_path: Path, huge: Path) -> None:
    async def work() -> None:
        async with workers(tmp_path, hung_after=0.5) as pools:
            with opened(huge) as artifact:
                task = await beginning(pools, artifact)
                (pid,) = lanes(pools, "hashes")
                os.kill(pid, signal.SIGSTOP)
                with pytest.raises(WorkerHung) as caught:
                    await task
                assert caught.value.kind == "hash"
                assert not Path(f"/proc/{pid}").exists()

    run(work())


def test_a_slow_worker_that_reports_progress_is_not_killed(tmp_path: Path, huge: Path) -> None:
    async def work() -> None:
        async with workers(tmp_path, hung_after=0.8) as pools:
            with opened(huge) as artifact:
                task = await beginning(pools, artifact)
                await asyncio.sleep(2.5)
                assert not task.done()
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task

    run(work())


def test_a_cancelled_call_ends_at_its_checkpoint_and_the_worker_lives(
    tmp_path: Path, huge: Path, kernel_module: Path
) -> None:
    async def work() -> None:
        async with workers(tmp_path) as pools:
            with opened(huge) as artifact, opened(kernel_module) as small:
                task = await beginning(pools, artifact)
                pids = lanes(pools, "hashes")
                began = time.monotonic()
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                seat = pools.hashes._pool._seats[0]
                await until(lambda: seat.lane is not None and not seat.lane._calls)
                assert time.monotonic() - began < 2
                await pools.hashes.digest(small, ignore)
                assert lanes(pools, "hashes") == pids

    run(work())


def test_a_call_that_does_not_obey_costs_the_worker(
    tmp_path: Path, huge: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signstation.worker.lane.CANCEL_SECONDS", 0.3)

    async def work() -> None:
        async with workers(tmp_path) as pools:
            with opened(huge) as artifact:
                task = await beginning(pools, artifact)
                (pid,) = lanes(pools, "hashes")
                os.kill(pid, signal.SIGSTOP)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                await until(lambda: not Path(f"/proc/{pid}").exists())

    run(work())


def test_small_items_do_not_wait_for_a_large_one(
    tmp_path: Path, huge: Path, kernel_module: Path
) -> None:
    """Two workers: the large file has one of them for itself, a second large one waits."""

    async def work() -> None:
        async with workers(tmp_path, cores=2) as pools:
            with opened(huge) as artifact, opened(kernel_module) as small:
                first = await beginning(pools, artifact)
                second = asyncio.create_task(pools.hashes.digest(artifact, ignore))
                began = time.monotonic()
                await asyncio.gather(*(pools.hashes.digest(small, ignore) for _ in range(200)))
                assert time.monotonic() - began < 5
                assert [seat.heavy for seat in pools.hashes._pool._seats] == [1, 0]
                for task in (first, second):
                    task.cancel()
                    with pytest.raises(asyncio.CancelledError):
                        await task

    run(work())


def test_workers_end_in_order_and_at_once(tmp_path: Path, kernel_module: Path) -> None:
    pids: list[int] = []

    async def work() -> float:
        async with workers(tmp_path) as pools:
            await pools.protections()
            with opened(kernel_module) as artifact:
                await pools.check.recognise(artifact)
            pids.extend(lanes(pools) + lanes(pools, "hashes") + lanes(pools, "tools"))
            began = time.monotonic()
        return time.monotonic() - began

    assert run(work()) < 2
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []


def test_closing_ends_a_worker_that_hangs(
    tmp_path: Path, huge: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signstation.worker.lane.CLOSE_SECONDS", 0.3)

    async def work() -> None:
        async with workers(tmp_path) as pools:
            with opened(huge) as artifact:
                task = await beginning(pools, artifact)
                (pid,) = lanes(pools, "hashes")
                os.kill(pid, signal.SIGSTOP)
                await pools.close()
                with pytest.raises(WorkerHung):
                    await task
                assert not Path(f"/proc/{pid}").exists()

    run(work())


def test_an_idle_worker_that_gives_no_sign_of_life_is_replaced(
    tmp_path: Path, kernel_module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        async with workers(tmp_path) as pools:
            with opened(kernel_module) as artifact:
                await pools.hashes.digest(artifact, ignore)
                (pid,) = lanes(pools, "hashes")
                monkeypatch.setattr("signstation.worker.lane.PING_SECONDS", 0.1)
                monkeypatch.setattr("signstation.worker.lane.READY_SECONDS", 0.3)
                os.kill(pid, signal.SIGSTOP)
                await until(lambda: not Path(f"/proc/{pid}").exists(), 15)
                await pools.hashes.digest(artifact, ignore)
                assert lanes(pools, "hashes") != [pid]

    run(work())


def running(command: bytes) -> list[int]:
    """Processes with this command line."""
    found: list[int] = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if line.read_bytes() == command:
                found.append(int(line.parent.name))
    return found


def test_a_cancelled_tool_is_ended_and_its_worker_lives(
    tmp_path: Path, kernel_module: Path
) -> None:
    """A tool that never ends is found before the system's; whoever asked changes his mind."""
    seconds = f"6{os.getpid()}"  # nobody else's
    tools = tmp_path / "tools"
    tools.mkdir(mode=0o755)
    (tools / "modinfo").write_text(f"#!/bin/sh\nsleep {seconds}\n")
    (tools / "modinfo").chmod(0o755)
    command = f"sleep\0{seconds}\0".encode()

    async def work() -> None:
        async with workers(tmp_path, cores=1, tool_directories=(tools,)) as pools:
            with opened(kernel_module) as artifact:
                task = asyncio.create_task(pools.tools.referee(artifact, (), "kmod", Trust(), 0))
                await until(lambda: running(command))
                pids = lanes(pools, "tools")
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                await until(lambda: not running(command), 5)
            assert lanes(pools, "tools") == pids

    run(work())


def test_what_signs_the_first_artifact_is_started_at_once_and_only_once(tmp_path: Path) -> None:
    """The session and the calls take over what was started ahead."""

    async def work() -> None:
        async with workers(tmp_path, cores=4) as pools:
            pools.warm(None)
            began = [*lanes(pools), *lanes(pools, "hashes")]
            pools.warm(None)
            assert len(began) == 3
            assert [*lanes(pools), *lanes(pools, "hashes")] == began
            assert lanes(pools, "tools") == []
            await pools.protections()
            assert [*lanes(pools), *lanes(pools, "hashes")] == began

    run(work())


def test_nothing_is_started_ahead_once_the_station_closes(tmp_path: Path) -> None:
    async def work() -> None:
        async with workers(tmp_path) as pools:
            await pools.close()
            pools.warm(None)
            assert lanes(pools) == []

    run(work())


ORPHANS = """
import asyncio, os, sys
from pathlib import Path
from signstation.worker.pool import Workers
from signstation.worker.settings import WorkerSettings

async def main():
    pools = Workers(WorkerSettings(state=Path(sys.argv[1]), cores=1))
    await pools.protections()
    print(open(f"/proc/self/task/{os.getpid()}/children").read(), flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_workers_do_not_outlive_a_station_that_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        (sys.executable, "-c", ORPHANS, str(tmp_path)), stdout=subprocess.PIPE, cwd=TREE
    ) as station:
        assert station.stdout is not None
        pids = [int(each) for each in station.stdout.readline().split()]
        assert len(pids) == 4
        station.kill()
    deadline = time.monotonic() + 5
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []
