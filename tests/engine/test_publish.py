"""Publishing: all outputs of a file or none, several jobs side by side, and what is told of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from signstation.jobs.announce import MAX_STEPS, Announcer
from signstation.model.jobs import JobEvent, JobState, Phase
from signstation.model.orders import SignOrder
from tests.support.engine import CALLER, local_station
from tests.support.journal import audit
from tests.support.release import Release, codes, names_of, planned, release, signed


@pytest.fixture
def goods(tmp_path: Path) -> Release:
    """Make three modules."""
    return release(tmp_path)


def blobs(goods: Release) -> SignOrder:
    """Sign the files as plain files: each gets a copy and a signature beside it."""
    return replace(goods.order, format="blob")


def test_a_file_and_its_signature_are_published_together(tmp_path: Path, goods: Release) -> None:
    async def work() -> None:
        async with local_station(tmp_path / "home") as station:
            row = await signed(station.runner, blobs(goods))
            assert row.state is JobState.DONE
            (first, *_) = await station.runner.steps(row.id)
            assert len(first.outputs) == 2

    asyncio.run(work())
    assert goods.names() == sorted([*names_of(3), *(f"{name}.p7s" for name in names_of(3))])
    for name in names_of(3):
        assert (goods.output / name).read_bytes() == (goods.directory / name).read_bytes()
    rows = [row for row in audit(tmp_path / "home/journal.db") if row.event == "published"]
    assert len(rows) == 6


def test_when_the_second_name_is_taken_the_first_is_taken_back(
    tmp_path: Path, goods: Release
) -> None:
    async def work() -> None:
        async with local_station(tmp_path / "home") as station:
            summary = await planned(station.runner, blobs(goods))
            goods.output.mkdir()
            (goods.output / "m0.ko.p7s").write_bytes(b"precious")
            job = await station.runner.submit(summary.id, CALLER)
            await station.runner.wait(job)
            assert await codes(station.runner, job) == ["output.exists", "done", "done"]
            (goods.output / "m0.ko.p7s").unlink()
            await station.runner.retry(job)
            assert (await station.runner.wait(job)).state is JobState.DONE

    asyncio.run(work())
    assert len(goods.names()) == 6
    assert goods.leftovers() == []
    rows = audit(tmp_path / "home/journal.db")
    paths = Counter(row.body["path"] for row in rows if row.event == "published")
    assert (len(paths), set(paths.values())) == (6, {1})
    assert [row.body["code"] for row in rows if row.event == "refusal"] == ["output.exists"]


def test_targets_are_replaced_when_that_was_ordered(tmp_path: Path, goods: Release) -> None:
    async def work() -> None:
        async with local_station(tmp_path / "home") as station:
            assert (await signed(station.runner, goods.order)).state is JobState.DONE
            before = (goods.output / "m0.ko").stat().st_ino
            refused = await station.runner.plan(goods.order, CALLER)
            assert len(refused.refused) == 3
            row = await signed(station.runner, replace(goods.order, replace=True))
            assert row.state is JobState.DONE
            assert (goods.output / "m0.ko").stat().st_ino != before

    asyncio.run(work())


def test_two_jobs_of_one_target_do_not_overwrite_one_another(
    tmp_path: Path, goods: Release
) -> None:
    async def work() -> None:
        async with local_station(tmp_path / "home") as station:
            runner = station.runner
            plans = [await planned(runner, goods.order) for _ in range(2)]
            jobs = [await runner.submit(plan.id, CALLER) for plan in plans]
            rows = [await runner.wait(job) for job in jobs]
            assert sorted(row.done for row in rows) in ([0, 3], [1, 2])
            failed = [code for job in jobs for code in await codes(runner, job)]
            assert Counter(failed) == {"done": 3, "output.exists": 3}

    asyncio.run(work())
    assert goods.names() == names_of(3)
    assert goods.leftovers() == []


def test_a_long_job_does_not_hold_up_a_short_one(tmp_path: Path) -> None:
    """Jobs take turns: the window is not filled by the first."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    long, short = release(tmp_path / "a", 60), release(tmp_path / "b", 2)

    async def work() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("signstation.jobs.runner.WINDOW", 4)
            async with local_station(tmp_path / "home") as station:
                plans = [await planned(station.runner, each.order) for each in (long, short)]
                first, second = [await station.runner.submit(plan.id, CALLER) for plan in plans]
                assert (await station.runner.wait(second)).done == 2
                assert not (await station.runner.job(first)).state.final
                assert (await station.runner.wait(first)).done == 60

    asyncio.run(work())


def test_rows_tell_phases_outputs_and_digests(tmp_path: Path, goods: Release) -> None:
    async def work() -> None:
        async with local_station(tmp_path / "home") as station:
            row = await signed(station.runner, goods.order)
            (step,) = await station.runner.steps(row.id, 2)
            assert (step.ordinal, step.attempts, step.phase) == (2, 1, None)
            assert step.outputs == (str(goods.output / "sub/m2.ko"),)
            assert step.output_sha256 is not None
            assert step.done_bytes == step.total_bytes
            assert {counter.phase for counter in step.counters} >= {Phase.KEY, Phase.STAGE}
            assert await station.runner.steps(row.id, 3) == ()
            assert station.events[-1] == JobEvent(row.id)

    asyncio.run(work())


def test_events_are_gathered() -> None:
    async def work() -> None:
        told: list[JobEvent] = []
        announcer = Announcer(told.append)
        for _ in range(100):
            announcer.changed(1, 5)
        for step in range(MAX_STEPS + 1):
            announcer.changed(2, step)
        assert told == []
        await asyncio.sleep(0.1)
        assert told == [JobEvent(1, 5), JobEvent(1), JobEvent(2)]
        announcer.flush()
        assert len(told) == 3

    asyncio.run(work())
