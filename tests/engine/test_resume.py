"""Going on after an end: by itself where that is harmless, else when a person says so."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from signstation.errors import UsageError
from signstation.jobs.checkpoints import Point
from signstation.model.jobs import JobState
from tests.support.engine import CALLER, local_station
from tests.support.journal import audit, query
from tests.support.pools import pool_station
from tests.support.release import codes, names_of, planned, release, signed


def test_an_orderly_end_leaves_the_rest_to_the_next_station(tmp_path: Path) -> None:
    goods = release(tmp_path, 30, "rsa4096")

    async def begin() -> int:
        async with pool_station(tmp_path / "home") as station:
            summary = await planned(station.runner, goods.order)
            job = await station.runner.submit(summary.id, CALLER)
            while not station.events or not (await station.runner.job(job)).done:
                await asyncio.sleep(0.01)
        return job

    job = asyncio.run(begin())
    assert len(goods.names()) == len(
        [row for row in audit(tmp_path / "home/journal.db") if row.event == "published"]
    )
    assert goods.leftovers() == []

    async def go_on() -> None:
        async with pool_station(tmp_path / "home") as station:
            before = await station.runner.job(job)
            assert before.state is JobState.INTERRUPTED or before.state.final
            await station.runner.recover()
            assert (await station.runner.wait(job)).state is JobState.DONE

    asyncio.run(go_on())
    assert goods.names() == names_of(30)


def test_a_key_that_prompts_waits_for_a_person(tmp_path: Path) -> None:
    """At the next start nobody is there to be asked: the job waits, and says why."""
    goods = release(tmp_path, 3, passphrase=b"right")

    async def begin() -> int:
        async with local_station(tmp_path / "home", answers=[b"right"]) as station:
            summary = await planned(station.runner, goods.order)
            return await station.runner.submit(summary.id, CALLER)  # and closed at once

    job = asyncio.run(begin())

    async def go_on() -> None:
        async with local_station(tmp_path / "home", answers=[b"right"]) as station:
            runner = station.runner
            assert await runner.recover() == ()
            row = await runner.wait(job)
            assert (row.state, row.finished) == (JobState.INTERRUPTED, None)
            assert set(await codes(runner, job)) <= {"host.interrupted", "done"}
            with pytest.raises(UsageError):
                await runner.retry(job)
            assert await runner.resume() == (job,)
            assert (await runner.wait(job)).state is JobState.DONE
            assert await runner.resume() == ()
            with pytest.raises(UsageError):
                await runner.resume(job)

    asyncio.run(go_on())
    assert goods.names() == names_of(3)


def test_an_interrupted_job_can_be_cancelled(tmp_path: Path) -> None:
    goods = release(tmp_path, 3, passphrase=b"right")

    async def begin() -> int:
        async with local_station(tmp_path / "home") as station:
            summary = await planned(station.runner, goods.order)
            return await station.runner.submit(summary.id, CALLER)

    job = asyncio.run(begin())

    async def cancel() -> None:
        async with local_station(tmp_path / "home") as station:
            await station.runner.recover()
            await station.runner.cancel(job)
            row = await station.runner.wait(job)
            assert row.state is JobState.CANCELLED
            assert row.finished is not None

    asyncio.run(cancel())
    assert goods.leftovers() == []


def test_a_changed_artifact_is_not_replayed(tmp_path: Path) -> None:
    """A signature that was recorded for other bytes is not put into these."""
    goods = release(tmp_path, 1, "p256")

    async def begin() -> int:
        async with local_station(tmp_path / "home") as station:
            row = await signed(station.runner, goods.order)
            (goods.output / "m0.ko").unlink()
            return row.id

    job = asyncio.run(begin())
    connection = sqlite3.connect(tmp_path / "home/journal.db")
    with connection:
        connection.execute("UPDATE step SET state = 'running'")
        connection.execute("UPDATE output SET state = 'planned', sha256 = NULL, staged = NULL")
        connection.execute("UPDATE ask SET hash = zeroblob(32)")
    connection.close()

    async def go_on() -> None:
        async with local_station(tmp_path / "home") as station:
            await station.runner.recover()
            await station.runner.wait(job)
            assert await codes(station.runner, job) == ["host.replay-diverged"]

    asyncio.run(go_on())
    assert goods.names() == []


@pytest.fixture
def small_state(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system for the state that is soon full."""
    place = tmp_path / "home"
    place.mkdir(mode=0o700)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "none", str(place)], check=True
    )
    yield place
    subprocess.run(["umount", str(place)], check=True)


class FillAt:
    """Checkpoints that fill the disk of the journal at a point."""

    def __init__(self, point: Point, place: Path) -> None:
        self._point: Point | None = point
        self._ballast = place / "ballast"

    def reached(self, point: Point) -> None:
        if point is self._point:
            self._point = None
            with suppress(OSError), self._ballast.open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))

    def make_room(self) -> None:
        self._ballast.unlink()


@pytest.mark.expects_log("cannot be written")
def test_a_journal_without_room_stops_the_job_until_it_is_resumed(
    tmp_path: Path, small_state: Path
) -> None:
    goods = release(tmp_path, 40)
    fill = FillAt(Point.AFTER_INTENT_COMMIT, small_state)

    async def work() -> None:
        async with local_station(small_state, checkpoints=fill) as station:
            row = await signed(station.runner, goods.order)
            assert (row.state, row.finished) == (JobState.INTERRUPTED, None)
            assert set(await codes(station.runner, row.id)) <= {"host.disk-full", "done"}
            assert "host.disk-full" in await codes(station.runner, row.id)
            fill.make_room()
            assert await station.runner.resume(row.id) == (row.id,)
            assert (await station.runner.wait(row.id)).state is JobState.DONE

    asyncio.run(work())
    assert goods.names() == names_of(40)
    assert goods.leftovers() == []
    journal = small_state / "journal.db"
    assert [row.event for row in audit(journal)].count("published") == 40
    assert query(journal, "SELECT * FROM staging") == []
