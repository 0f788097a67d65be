"""Items in worker pools: suspended, resumed, moved to another worker, cancelled, rechecked."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from signstation.errors import (
    Cancelled,
    GuardRefused,
    SignstationError,
    WorkerDied,
)
from signstation.model.asks import ToSign
from tests.support.kmod import module
from tests.support.workers import (
    Person,
    Stalled,
    any_item,
    apply,
    asker,
    ignore,
    key_file,
    lanes,
    opened,
    profile_of,
    run,
    signing_item,
    sparse,
    terms_for,
    until,
    workers,
)


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
