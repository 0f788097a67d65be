"""Pausing: what is under way ends, nothing begins, the keys are closed; it outlives the station."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from signstation.errors import UsageError
from signstation.jobs import runner as running
from signstation.jobs.runner import Runner
from signstation.model.jobs import JobState
from tests.engine.test_cancel import slow, states
from tests.support.engine import CALLER, TestStation, local_station
from tests.support.pools import pool_station
from tests.support.release import Release, names_of, planned, release, signed


@pytest.fixture(autouse=True)
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let steps wait for one another, so that there is something to pause."""
    monkeypatch.setattr(running, "WINDOW", 1)


async def _submitted(runner: Runner, goods: Release) -> int:
    return await runner.submit((await planned(runner, goods.order)).id, CALLER)


async def _until_idle(station: TestStation, job: int) -> None:
    while JobState.RUNNING in await states(station, job):
        await asyncio.sleep(0.01)


def _other(base: Path, goods: Release) -> Release:
    """Return a release of its own: to run it to its end shows that nothing else begins."""
    base.mkdir()
    return replace(release(base, 1), key=goods.key)


def test_what_is_under_way_ends_and_the_rest_waits(tmp_path: Path) -> None:
    goods = release(tmp_path, 3)

    async def work() -> None:
        let_go, asked = asyncio.Event(), asyncio.Event()
        async with local_station(tmp_path / "home", change=slow(let_go, asked)) as station:  # type: ignore[arg-type]
            runner = station.runner
            job = await _submitted(runner, goods)
            await asked.wait()
            assert await runner.pause(job) == (job,)
            assert await runner.pause(job) == ()
            row = await runner.job(job)
            assert (row.paused, row.state) == (True, JobState.RUNNING)
            let_go.set()
            await _until_idle(station, job)
            assert (await signed(runner, _other(tmp_path / "b", goods).order)).done == 1
            assert await states(station, job) == [JobState.DONE, *[JobState.QUEUED] * 2]
            row = await runner.job(job)
            assert (row.paused, row.state, row.done) == (True, JobState.QUEUED, 1)
            opened = station.keys.opened
            assert await runner.unpause(job) == (job,)
            row = await runner.wait(job)
            assert (row.paused, row.state) == (False, JobState.DONE)
            assert station.keys.opened == opened + 1  # the pause had closed the key

    asyncio.run(work())
    assert goods.names() == names_of(3)
    assert goods.leftovers() == []


def test_a_pause_outlives_the_station(tmp_path: Path) -> None:
    goods = release(tmp_path, 2)

    async def begin() -> int:
        async with pool_station(tmp_path / "home") as station:
            job = await _submitted(station.runner, goods)
            assert await station.runner.pause(job) == (job,)
        return job

    async def go_on() -> None:
        async with local_station(tmp_path / "home") as station:
            runner = station.runner
            assert await runner.recover() == (job,)
            row = await runner.job(job)
            assert (row.paused, row.state) == (True, JobState.QUEUED)
            done = row.done
            assert (await signed(runner, _other(tmp_path / "b", goods).order)).done == 1
            assert (await runner.job(job)).done == done < row.steps
            await runner.unpause(job)
            assert (await runner.wait(job)).state is JobState.DONE

    job = asyncio.run(begin())
    asyncio.run(go_on())
    assert goods.names() == names_of(2)


def test_all_jobs_are_paused_at_once_and_later_ones_are_not(tmp_path: Path) -> None:
    goods = release(tmp_path, 2)

    async def work() -> None:
        let_go = asyncio.Event()
        change = slow(let_go, asyncio.Event())
        async with local_station(tmp_path / "home", change=change) as station:  # type: ignore[arg-type]
            runner = station.runner
            first = await _submitted(runner, goods)
            other = replace(_other(tmp_path / "b", goods), output=tmp_path / "b/out")
            second = await _submitted(runner, other)
            paused = await runner.pause()
            assert paused == (first, second)
            let_go.set()
            third = await signed(runner, replace(goods.order, output=tmp_path / "c"))
            assert third.state is JobState.DONE
            assert await runner.unpause() == (first, second)
            for job in paused:
                assert (await runner.wait(job)).state is JobState.DONE
            assert await runner.pause() == ()
            assert await runner.unpause() == ()

    asyncio.run(work())


def test_a_paused_job_is_cancelled_and_retrying_lifts_the_pause(tmp_path: Path) -> None:
    goods = release(tmp_path, 3)

    async def work() -> None:
        async with local_station(tmp_path / "home") as station:
            runner = station.runner
            job = await _submitted(runner, goods)
            await runner.pause(job)
            await _until_idle(station, job)
            await runner.cancel(job)
            row = await runner.wait(job)
            assert (row.paused, row.state) == (False, JobState.CANCELLED)
            await runner.retry(job)
            assert (await runner.wait(job)).state is JobState.DONE

    asyncio.run(work())
    assert goods.names() == names_of(3)


def test_resuming_lifts_the_pause(tmp_path: Path) -> None:
    """At the next start a key that prompts has nobody to ask: the job is interrupted, no more."""
    goods = release(tmp_path, 2, passphrase=b"right")

    async def begin() -> int:
        async with local_station(tmp_path / "home", answers=[b"right"]) as station:
            job = await _submitted(station.runner, goods)
            await station.runner.pause(job)
        return job

    async def go_on() -> None:
        async with local_station(tmp_path / "home", answers=[b"right"]) as station:
            runner = station.runner
            assert await runner.recover() == ()
            row = await runner.job(job)
            assert (row.paused, row.state) == (False, JobState.INTERRUPTED)
            assert await runner.resume() == (job,)
            assert (await runner.wait(job)).state is JobState.DONE

    job = asyncio.run(begin())
    asyncio.run(go_on())


@pytest.mark.parametrize("call", [Runner.pause, Runner.unpause], ids=["pause", "unpause"])
@pytest.mark.parametrize("job", [1, 7])
def test_what_does_not_wait_is_refused(tmp_path: Path, call: object, job: int) -> None:
    goods = release(tmp_path, 1)

    async def work() -> None:
        async with local_station(tmp_path / "home") as station:
            await signed(station.runner, goods.order)
            with pytest.raises(UsageError, match=f"job {job}"):
                await call(station.runner, job)  # type: ignore[operator]

    asyncio.run(work())


def test_a_job_names_the_directory_of_its_release(tmp_path: Path) -> None:
    goods = release(tmp_path, 1)

    async def work() -> None:
        async with local_station(tmp_path / "home") as station:
            row = await signed(station.runner, goods.order)
            assert row.release == str(goods.directory)

    asyncio.run(work())
