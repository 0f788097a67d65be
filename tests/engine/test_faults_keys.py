"""Faults of keys and workers: told once, tried again only where nothing can differ."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from signstation.jobs.checkpoints import Point
from signstation.model.jobs import JobRow, JobState
from signstation.worker.settings import WorkerSettings
from tests.support.contract_keystores import CANCEL
from tests.support.engine import CALLER, local_station
from tests.support.journal import query
from tests.support.pools import PoolStation, pool_station
from tests.support.release import (
    Release,
    code_of,
    codes,
    effect_of,
    names_of,
    planned,
    release,
    signed,
)


def asks(home: Path) -> list[tuple[object, ...]]:
    """Return how many asks there are in each state."""
    return query(home / "journal.db", "SELECT state, count(*) FROM ask GROUP BY state ORDER BY 1")


@pytest.mark.parametrize(
    ("answers", "code", "asked", "state"),
    [
        ([b"wrong"] * 3, "key.passphrase-wrong", 3, JobState.FAILED),
        ([b"wrong", CANCEL], "cancelled", 2, JobState.CANCELLED),
        ([], "key.secret-missing", 1, JobState.FAILED),
    ],
)
def test_a_key_that_is_not_unlocked_is_asked_for_once(
    tmp_path: Path, answers: list[bytes], code: str, asked: int, state: JobState
) -> None:
    goods = release(tmp_path, passphrase=b"right")

    async def work() -> None:
        async with pool_station(tmp_path / "home", answers=answers) as station:
            summary = await planned(station.runner, goods.order)
            assert [(p.name, p.count) for p in summary.prompts] == [
                (f"passphrase file:{goods.key.locator}", 1)
            ]
            row = await station.runner.wait(await station.runner.submit(summary.id, CALLER))
            assert row.state is state
            assert await codes(station.runner, row.id) == [code] * 3
            assert {effect_of(s) for s in await station.runner.steps(row.id)} == {"unchanged"}
            assert len(station.prompter.prompts) == asked

    asyncio.run(work())
    assert asks(tmp_path / "home") == []  # no intent: the key was never asked
    assert not goods.output.exists()
    assert goods.leftovers() == []


def test_a_failed_job_is_retried_with_the_right_passphrase(tmp_path: Path) -> None:
    goods = release(tmp_path, passphrase=b"right")

    async def work() -> None:
        async with pool_station(tmp_path / "home", answers=[CANCEL]) as station:
            row = await signed(station.runner, goods.order)
            assert row.state is JobState.CANCELLED
            assert row.finished is not None
            station.prompter.answers.append(b"right")
            await station.runner.retry(row.id)
            row = await station.runner.wait(row.id)
            assert (row.state, row.done) == (JobState.DONE, 3)
            assert [step.attempts for step in await station.runner.steps(row.id)] == [2] * 3

    asyncio.run(work())
    assert goods.names() == names_of(3)


def test_a_missing_key_fails_the_plan(tmp_path: Path) -> None:
    goods = release(tmp_path)

    async def work() -> None:
        async with local_station(tmp_path / "home") as station:
            summary = await planned(station.runner, goods.order)
            Path(goods.key.locator).unlink()
            job = await station.runner.submit(summary.id, CALLER)
            await station.runner.wait(job)
            assert await codes(station.runner, job) == ["key.not-found"] * 3
            assert station.keys.opened == 1

    asyncio.run(work())


def test_a_key_that_was_replaced_is_noticed(tmp_path: Path) -> None:
    goods = release(tmp_path)
    other = release(tmp_path / "other", kind="rsa3072")
    path = Path(goods.key.locator)

    async def work() -> list[str]:
        async with local_station(tmp_path / "home") as station:
            summary = await planned(station.runner, goods.order)
            path.write_bytes(Path(other.key.locator).read_bytes())
            job = await station.runner.submit(summary.id, CALLER)
            await station.runner.wait(job)
            return await codes(station.runner, job)

    assert asyncio.run(work()) == ["key.changed"] * 3


# --- workers that die or hang ------------------------------------------------------------------


class At:
    """Checkpoints that do something once, the ``turn``-th time that a point is reached."""

    def __init__(self, point: Point, act: Callable[[], object], turn: int = 1) -> None:
        self._point = point
        self._act = act
        self._turn = turn

    def reached(self, point: Point) -> None:
        if point is self._point:
            self._turn -= 1
            if self._turn == 0:
                self._act()


def workers_of(station: PoolStation, kind: str) -> list[int]:
    """Return the process ids of the running workers of a kind."""
    if kind == "key":
        return [lane.pid for lane in station.pools._keys._sessions if not lane.ended]
    pools = {each.value: pool for each, pool in station.pools._pools.items()}
    return [seat.lane.pid for seat in pools[kind]._seats if seat.lane is not None]


async def with_signal(
    goods: Release, home: Path, kind: str, number: int, point: Point
) -> tuple[JobRow, list[str], list[str]]:
    """Sign, and send a signal to workers of ``kind`` when ``point`` is reached first."""
    found: list[PoolStation] = []

    def act() -> None:
        for pid in workers_of(found[0], kind):
            os.kill(pid, number)

    settings = WorkerSettings(state=home, cores=2, hung_after=1.5, key_hung_after=1.5)
    async with pool_station(home, checkpoints=At(point, act), settings=settings) as station:
        found.append(station)
        row = await signed(station.runner, goods.order)
        steps = await station.runner.steps(row.id)
        return row, [code_of(s) for s in steps], [effect_of(s) for s in steps if s.error]


@pytest.mark.parametrize("kind", ["check", "hash"])
@pytest.mark.parametrize("point", [Point.AFTER_INTENT_COMMIT, Point.STAGED_HALF])
def test_a_dead_worker_is_replaced(tmp_path: Path, kind: str, point: Point) -> None:
    goods = release(tmp_path, 12)
    row, found, _ = asyncio.run(with_signal(goods, tmp_path / "home", kind, signal.SIGKILL, point))
    assert found == ["done"] * 12
    assert row.state is JobState.DONE
    assert goods.names() == names_of(12)


def test_a_dead_key_worker_is_replaced_for_repeatable_schemes(tmp_path: Path) -> None:
    goods = release(tmp_path, 12, "rsa4096")
    row, found, _ = asyncio.run(
        with_signal(goods, tmp_path / "home", "key", signal.SIGKILL, Point.AFTER_ANSWER_COMMIT)
    )
    assert found == ["done"] * 12
    assert row.state is JobState.DONE


def test_a_dead_key_worker_leaves_other_schemes_to_a_person(tmp_path: Path) -> None:
    goods = release(tmp_path, 12, "p256")
    row, found, effects = asyncio.run(
        with_signal(goods, tmp_path / "home", "key", signal.SIGSTOP, Point.AFTER_INTENT_COMMIT)
    )
    assert set(found) <= {"host.worker-hung", "host.worker-died", "done"}
    assert set(effects) == {"unknown"}
    assert row.state is JobState.FAILED
    assert goods.leftovers() == []


def test_a_hanging_check_worker_is_killed(tmp_path: Path) -> None:
    goods = release(tmp_path, 4)
    _, found, effects = asyncio.run(
        with_signal(goods, tmp_path / "home", "check", signal.SIGSTOP, Point.AFTER_INTENT_COMMIT)
    )
    assert "host.worker-hung" in found
    assert set(found) <= {"host.worker-hung", "done"}
    assert set(effects) == {"unchanged"}
    assert goods.leftovers() == []
