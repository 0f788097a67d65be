"""Worker processes that die, hang, are cancelled or misbehave: who is told, and who goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from signstation.errors import (
    Cancelled,
    GuardRefused,
    SignstationError,
    WorkerDied,
    WorkerHung,
)
from signstation.interfaces.workers import SigningItem
from signstation.model.asks import ToSign
from signstation.model.trust import Trust
from signstation.worker.pool import Workers
from tests.support.kmod import module
from tests.support.workers import (
    Person,
    apply,
    asker,
    ignore,
    key_file,
    opened,
    profile_of,
    run,
    signing_item,
    terms_for,
    workers,
)

TREE = Path(__file__).resolve().parents[2]


def lanes(pools: Workers, pool: str = "check") -> list[int]:
    """The process ids of a pool."""
    seats = getattr(pools, pool)._pool._seats
    return [seat.lane.pid for seat in seats if seat.lane is not None]


def sparse(path: Path, size: int) -> Path:
    """A file of ``size`` zero bytes that takes no room."""
    with path.open("wb") as file:
        file.truncate(size)
    return path


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


async def until(condition: object, seconds: float = 10.0) -> None:
    """Wait until a condition (a callable) holds."""
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.01)


async def beginning(pools: Workers, artifact: int) -> tuple[asyncio.Task[bytes], asyncio.Event]:
    """Start hashing a huge file in a hash worker; the event is set when it is under way."""
    under_way = asyncio.Event()
    task = asyncio.create_task(pools.hashes.digest(artifact, lambda _: under_way.set()))
    await under_way.wait()
    return task, under_way


@pytest.mark.parametrize(
    ("number", "expected"), [(signal.SIGSEGV, 11), (signal.SIGKILL, 9), (signal.SIGTERM, 15)]
)
def test_a_worker_that_dies_fails_its_call_and_is_replaced(
    tmp_path: Path, huge: Path, kernel_module: Path, number: int, expected: int
) -> None:
    async def work() -> None:
        async with workers(tmp_path) as pools:
            with opened(huge) as artifact, opened(kernel_module) as small:
                task, _ = await beginning(pools, artifact)
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
                task, _ = await beginning(pools, artifact)
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
                task, _ = await beginning(pools, artifact)
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
                task, _ = await beginning(pools, artifact)
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
                task, _ = await beginning(pools, artifact)
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
                first, _ = await beginning(pools, artifact)
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


class Stalled:
    """A key that answers when it is told to, and counts what it is asked."""

    def __init__(self, answers: Sequence[bytes]) -> None:
        self.go = asyncio.Event()
        self.asked: list[tuple[ToSign, ...]] = []
        self._answers = tuple(answers)

    async def ask(self, _number: int, asks: tuple[ToSign, ...]) -> tuple[bytes, ...]:
        """Record and wait."""
        self.asked.append(asks)
        await self.go.wait()
        return self._answers


async def any_item(pools: Workers, tmp_path: Path, size: int) -> SigningItem:
    """An item of a key file."""
    return signing_item(await profile_of(pools.keys(None, Person()), key_file(tmp_path)), size)


def test_a_suspended_item_survives_the_death_of_its_worker_without_a_second_signature(
    tmp_path: Path, kernel_module: Path
) -> None:
    """It was not at work then: it is run again in another worker, with the known answers."""

    async def work() -> None:
        async with workers(tmp_path) as pools:
            item = await any_item(pools, tmp_path, kernel_module.stat().st_size)
            stalled = Stalled([bytes(256)])
            with opened(kernel_module) as artifact:
                task = asyncio.create_task(pools.check.sign(item, artifact, stalled.ask, ignore))
                await until(lambda: stalled.asked)
                (pid,) = lanes(pools)
                os.kill(pid, signal.SIGKILL)
                await until(lambda: not Path(f"/proc/{pid}").exists())
                stalled.go.set()
                signed = await task
            assert len(stalled.asked) == 1
            assert apply(kernel_module.read_bytes(), signed).endswith(
                b"~Module signature appended~\n"
            )

    run(work())


def test_many_suspended_items_do_not_idle_a_worker(tmp_path: Path, kernel_module: Path) -> None:
    async def work() -> None:
        async with workers(tmp_path, cores=2) as pools:
            item = await any_item(pools, tmp_path, kernel_module.stat().st_size)
            stalled = Stalled([bytes(256)])
            with opened(kernel_module) as artifact:
                tasks = [
                    asyncio.create_task(pools.check.sign(item, artifact, stalled.ask, ignore))
                    for _ in range(100)
                ]
                await until(lambda: len(stalled.asked) == 100)
                assert (await pools.check.inspect(artifact, "kmod", ignore)).format == "kmod"
                stalled.go.set()
                results = await asyncio.gather(*tasks)
            assert len({result.worker for result in results}) == 2

    run(work())


def test_answers_and_small_items_reach_a_worker_that_hashes_a_large_file(
    tmp_path: Path, huge: Path, kernel_module: Path
) -> None:
    """A suspended item and a recheck that must avoid the other worker are run at checkpoints."""

    async def work() -> None:
        async with workers(tmp_path, cores=2) as pools:
            item = await any_item(pools, tmp_path, kernel_module.stat().st_size)
            under_way, stalled = asyncio.Event(), Stalled([bytes(256)])
            with opened(huge) as large, opened(kernel_module) as small:
                suspended = asyncio.create_task(pools.check.sign(item, small, stalled.ask, ignore))
                await until(lambda: stalled.asked)
                heavy = asyncio.create_task(
                    pools.check.inspect(large, "blob", lambda _: under_way.set())
                )
                await under_way.wait()
                seats = pools.check._pool._seats
                (busy,) = [seat.number for seat in seats if seat.heavy]
                stalled.go.set()
                signed = await asyncio.wait_for(suspended, 5)
                with pytest.raises(SignstationError):  # not a good signature, but it was looked at
                    await asyncio.wait_for(
                        pools.check.recheck(item, small, (small,), 1 - busy, ignore), 5
                    )
                assert signed.worker in {0, 1}
                assert not heavy.done()
                heavy.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await heavy

    run(work())


@pytest.mark.skipif(os.geteuid() != 0, reason="workers are closed to everybody but root")
def test_cancelling_a_suspended_item_closes_its_generator(
    tmp_path: Path, kernel_module: Path
) -> None:
    async def work() -> None:
        async with workers(tmp_path) as pools:
            item = await any_item(pools, tmp_path, kernel_module.stat().st_size)
            stalled = Stalled([bytes(256)])
            with opened(kernel_module) as artifact:
                task = asyncio.create_task(pools.check.sign(item, artifact, stalled.ask, ignore))
                await until(lambda: stalled.asked)
                (pid,) = lanes(pools)
                files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                await until(lambda: len(list(Path(f"/proc/{pid}/fd").iterdir())) == files - 1)

    run(work())


def test_an_error_of_the_runner_ends_the_item_in_its_worker_too(
    tmp_path: Path, kernel_module: Path
) -> None:
    async def refuse(_number: int, _asks: tuple[ToSign, ...]) -> tuple[bytes, ...]:
        raise GuardRefused(reason="no")

    async def work() -> None:
        async with workers(tmp_path) as pools:
            item = await any_item(pools, tmp_path, kernel_module.stat().st_size)
            with opened(kernel_module) as artifact:
                for _ in range(3):
                    with pytest.raises(GuardRefused, match="no"):
                        await pools.check.sign(item, artifact, refuse, ignore)
            seats = pools.check._pool._seats
            await until(lambda: not any(seat.lane and seat.lane._calls for seat in seats))
            assert [(seat.tasks, seat.load, seat.heavy) for seat in seats] == [(0, 0, 0)] * 2

    run(work())


def test_a_recheck_runs_in_another_worker_than_the_signing(
    tmp_path: Path, kernel_module: Path
) -> None:
    async def work() -> None:
        async with workers(tmp_path, cores=1) as pools:
            keys = pools.keys(None, Person())
            profile = await profile_of(keys, key_file(tmp_path))
            session = await keys.open(profile, terms_for(profile, 1), 1)
            item = signing_item(profile, kernel_module.stat().st_size)
            with opened(kernel_module) as artifact:
                signed = await pools.check.sign(item, artifact, asker(session, 0), ignore)
                before = lanes(pools)
                output = tmp_path / "out"
                output.write_bytes(apply(kernel_module.read_bytes(), signed))
                with opened(output) as staged:
                    await pools.check.recheck(item, artifact, (staged,), signed.worker, ignore)
                assert len(before) == 1
                assert len(lanes(pools)) == 2

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


def test_after_closing_nothing_is_started_again(tmp_path: Path, kernel_module: Path) -> None:
    """Calls under way, calls that wait for a seat, and calls that come later fail alike."""

    async def work() -> None:
        async with workers(tmp_path, cores=1) as pools:
            item = await any_item(pools, tmp_path, kernel_module.stat().st_size)
            stalled = Stalled([bytes(256)])
            with opened(kernel_module) as artifact:
                suspended = [
                    asyncio.create_task(pools.check.sign(item, artifact, stalled.ask, ignore))
                    for _ in range(2 * 128 + 1)
                ]
                await until(lambda: len(stalled.asked) == 2 * 128, 20)
                await pools.close()
                stalled.go.set()
                for result in await asyncio.gather(*suspended, return_exceptions=True):
                    assert isinstance(result, WorkerDied)
                with pytest.raises(WorkerDied):
                    await pools.check.recognise(artifact)
                with pytest.raises(WorkerDied):
                    await pools.keys(None, Person()).list_keys()
                assert lanes(pools) == lanes(pools, "hashes") == []

    run(work())


def test_closing_ends_a_worker_that_hangs(
    tmp_path: Path, huge: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signstation.worker.lane.CLOSE_SECONDS", 0.3)

    async def work() -> None:
        async with workers(tmp_path) as pools:
            with opened(huge) as artifact:
                task, _ = await beginning(pools, artifact)
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


def test_a_cancelled_prompt_fails_the_opening(tmp_path: Path) -> None:
    class Cancelling(Person):
        async def ask(self, prompt):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            raise Cancelled

    async def work() -> None:
        async with workers(tmp_path) as pools:
            keys = pools.keys(None, Cancelling())
            profile = await profile_of(keys, key_file(tmp_path, passphrase="right"))
            with pytest.raises(Cancelled):
                await keys.open(profile, terms_for(profile, 1), 1)

    run(work())


def test_cancelling_an_opening_closes_its_prompt(tmp_path: Path) -> None:
    opened_prompt, closed_prompt = asyncio.Event(), asyncio.Event()

    class Waiting(Person):
        async def ask(self, prompt):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            opened_prompt.set()
            try:
                await asyncio.sleep(60)
            finally:
                closed_prompt.set()

    async def work() -> None:
        async with workers(tmp_path) as pools:
            keys = pools.keys(None, Waiting())
            profile = await profile_of(keys, key_file(tmp_path, passphrase="right"))
            task = asyncio.create_task(keys.open(profile, terms_for(profile, 1), 1))
            await opened_prompt.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.wait_for(closed_prompt.wait(), 2)

    run(work())
