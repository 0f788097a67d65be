"""Cancelling in three grades, and what becomes of a key that is still working."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from signstation.errors import CancelRefused, SignstationError, UsageError
from signstation.interfaces.guardterms import GuardTerms
from signstation.interfaces.workers import KeySession, KeyWorkers
from signstation.jobs import keying
from signstation.jobs.checkpoints import Point
from signstation.jobs.workers import Workers
from signstation.model.asks import ToSign
from signstation.model.jobs import JobState, Phase
from signstation.model.keys import KeyRef, SignerProfile
from signstation.model.prompts import Prompt
from signstation.model.secret import Secret
from signstation.model.station import Caller
from tests.support.engine import CALLER, TestStation, local_station
from tests.support.journal import audit, query
from tests.support.pools import PoolStation, ScriptedPrompter, pool_station
from tests.support.release import codes, planned, release


@dataclass
class SlowKey:
    """Key workers whose key answers when it is let go: a card that waits for a touch."""

    workers: KeyWorkers
    let_go: asyncio.Event
    asked: asyncio.Event

    async def open(self, profile: SignerProfile, terms: GuardTerms, count: int) -> KeySession:
        return SlowSession(self, await self.workers.open(profile, terms, count))

    async def resolve(self, typed: str) -> KeyRef:
        return await self.workers.resolve(typed)

    async def profile(self, key: KeyRef, certificates: Sequence[bytes]) -> SignerProfile:
        return await self.workers.profile(key, certificates)


@dataclass
class SlowSession:
    """A session of a slow key."""

    key: SlowKey
    session: KeySession

    @property
    def in_memory(self) -> bool:
        """As the key itself says."""
        return self.session.in_memory

    async def sign(
        self, item: int, round_number: int, asks: Sequence[ToSign]
    ) -> tuple[bytes | SignstationError, ...]:
        answers = await self.session.sign(item, round_number, asks)
        self.key.asked.set()
        await self.key.let_go.wait()
        return answers

    async def close(self) -> None:
        self.key.let_go.set()
        await self.session.close()


def slow(let_go: asyncio.Event, asked: asyncio.Event) -> object:
    """Put slow keys in the place of a station's own."""

    def change(workers: Workers) -> Workers:
        def keys(caller: Caller, job: int | None) -> KeyWorkers:
            return SlowKey(workers.keys(caller, job), let_go, asked)  # type: ignore[return-value]

        return replace(workers, keys=keys)

    return change


async def states(station: TestStation | PoolStation, job: int) -> list[JobState]:
    """Return the steps' states."""
    return [step.state for step in await station.runner.steps(job)]


def test_a_late_signature_is_recorded_as_discarded(tmp_path: Path) -> None:
    goods = release(tmp_path, 1)

    async def work() -> None:
        let_go, asked = asyncio.Event(), asyncio.Event()
        async with local_station(tmp_path / "home", change=slow(let_go, asked)) as station:  # type: ignore[arg-type]
            job = await station.runner.submit(
                (await planned(station.runner, goods.order)).id, CALLER
            )
            await asked.wait()
            await station.runner.cancel(job)
            await asyncio.sleep(0.05)
            assert set(await states(station, job)) == {JobState.CANCELLING}
            assert (await station.runner.job(job)).state is JobState.CANCELLING
            let_go.set()
            row = await station.runner.wait(job)
            assert row.state is JobState.CANCELLED
            assert await codes(station.runner, job) == ["cancelled"]
            # a discarded signature is not used when the step is retried
            await station.runner.retry(job)
            assert (await station.runner.wait(job)).state is JobState.DONE

    asyncio.run(work())
    journal = tmp_path / "home/journal.db"
    assert query(journal, "SELECT state, count(*) FROM ask GROUP BY 1 ORDER BY 1") == [
        ("discarded", 1),
        ("signed", 1),
    ]
    assert [row.event for row in audit(journal)].count("discarded") == 1
    assert goods.leftovers() == []


def test_a_key_that_never_answers_loses_its_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keying, "SETTLE_SECONDS", 0.2)
    goods = release(tmp_path, 1)

    async def work() -> None:
        let_go, asked = asyncio.Event(), asyncio.Event()
        async with local_station(tmp_path / "home", change=slow(let_go, asked)) as station:  # type: ignore[arg-type]
            job = await station.runner.submit(
                (await planned(station.runner, goods.order)).id, CALLER
            )
            await asked.wait()
            await station.runner.cancel(job)
            assert (await station.runner.wait(job)).state is JobState.CANCELLED
            assert let_go.is_set()

    asyncio.run(work())


def test_queued_steps_are_cancelled_at_once_and_running_ones_settle(tmp_path: Path) -> None:
    goods = release(tmp_path, 5)

    async def work() -> None:
        let_go, asked = asyncio.Event(), asyncio.Event()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("signstation.jobs.runner.WINDOW", 1)
            async with local_station(tmp_path / "home", change=slow(let_go, asked)) as station:  # type: ignore[arg-type]
                job = await station.runner.submit(
                    (await planned(station.runner, goods.order)).id, CALLER
                )
                await asked.wait()
                assert (await states(station, job)).count(JobState.QUEUED) == 4
                assert (await station.runner.steps(job))[0].phase is Phase.KEY
                await station.runner.cancel(job)
                let_go.set()
                assert (await station.runner.wait(job)).state is JobState.CANCELLED
                assert await codes(station.runner, job) == ["cancelled"] * 5
                with pytest.raises(UsageError):
                    await station.runner.cancel(job)

    asyncio.run(work())
    assert not goods.output.exists() or goods.names() == []


class Gate:
    """Checkpoints that hold the work at a point until they are let go."""

    def __init__(self, point: Point) -> None:
        self._point = point
        self.reached_it = threading.Event()
        self.let_go = threading.Event()

    def reached(self, point: Point) -> None:
        if point is self._point:
            self.reached_it.set()
            assert self.let_go.wait(30)


def test_what_is_being_published_is_not_cancelled(tmp_path: Path) -> None:
    goods = release(tmp_path, 2)
    gate = Gate(Point.BETWEEN_RENAMES)

    async def work() -> None:
        async with local_station(tmp_path / "home", checkpoints=gate) as station:
            job = await station.runner.submit(
                (await planned(station.runner, goods.order)).id, CALLER
            )
            await asyncio.to_thread(gate.reached_it.wait)
            assert (await station.runner.job(job)).state is JobState.PUBLISHING
            with pytest.raises(CancelRefused):
                await station.runner.cancel(job)
            gate.let_go.set()
            assert (await station.runner.wait(job)).state is JobState.DONE

    asyncio.run(work())
    assert len(goods.names()) == 2


def test_reading_a_large_file_is_cancelled_soon(tmp_path: Path) -> None:
    goods = release(tmp_path, 1)
    large = tmp_path / "large.iso"
    large.write_bytes(b"")
    with large.open("r+b") as file:
        file.truncate(64 * 1024**3)

    async def work() -> None:
        async with pool_station(tmp_path / "home") as station:
            order = replace(goods.order, paths=(large,))
            summary = await planned(station.runner, order)
            assert summary.items[0].format == "blob"  # and nothing was read for the plan
            job = await station.runner.submit(summary.id, CALLER)
            while not (await station.runner.steps(job))[0].done_bytes:
                await asyncio.sleep(0.05)
            began = asyncio.get_running_loop().time()
            await station.runner.cancel(job)
            assert (await station.runner.wait(job)).state is JobState.CANCELLED
            assert asyncio.get_running_loop().time() - began < 2
            assert any(event.step is not None for event in station.events)

    asyncio.run(work())
    assert not goods.output.exists() or goods.names() == []


@dataclass
class PatientPrompter(ScriptedPrompter):
    """A person who does not answer."""

    opened: asyncio.Event | None = None

    async def ask(self, prompt: Prompt) -> Secret:
        """Wait until the prompt is taken back."""
        assert self.opened is not None
        self.opened.set()
        await asyncio.Event().wait()
        raise AssertionError


def test_a_job_that_waits_for_a_passphrase_is_cancelled(tmp_path: Path) -> None:
    goods = release(tmp_path, 3, passphrase=b"right")

    async def work() -> None:
        prompter = PatientPrompter(opened=asyncio.Event())
        async with pool_station(tmp_path / "home", prompter=prompter) as station:
            job = await station.runner.submit(
                (await planned(station.runner, goods.order)).id, CALLER
            )
            assert prompter.opened is not None
            await prompter.opened.wait()
            station.runner.prompting(job, 1)
            assert (await station.runner.job(job)).state is JobState.WAITING
            station.runner.prompting(job, -1)
            await station.runner.cancel(job)
            assert (await station.runner.wait(job)).state is JobState.CANCELLED

    asyncio.run(work())
    assert query(tmp_path / "home/journal.db", "SELECT * FROM ask") == []


def test_a_job_that_is_not_there_is_not_cancelled(tmp_path: Path) -> None:
    async def work() -> None:
        async with local_station(tmp_path / "home") as station:
            for call in (station.runner.cancel, station.runner.retry, station.runner.resume):
                with pytest.raises(UsageError):
                    await call(7)
            with pytest.raises(UsageError):
                await station.runner.submit("00", CALLER)

    asyncio.run(work())


def test_copying_a_large_file_is_cancelled_soon(tmp_path: Path) -> None:
    """And nothing of it is left, nor any descriptor."""
    goods = release(tmp_path, 1)
    with (goods.directory / "m0.ko").open("r+b") as file:
        file.seek(0, 2)
        for _ in range(24):
            file.write(bytes(8 * 1024 * 1024))
    gate = Gate(Point.STAGED_HALF)

    async def work() -> None:
        async with local_station(tmp_path / "home", checkpoints=gate) as station:
            job = await station.runner.submit(
                (await planned(station.runner, goods.order)).id, CALLER
            )
            await asyncio.to_thread(gate.reached_it.wait)
            await station.runner.cancel(job)
            gate.let_go.set()
            assert (await station.runner.wait(job)).state is JobState.CANCELLED

    before = len(list(Path("/proc/self/fd").iterdir()))
    asyncio.run(work())
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert goods.leftovers() == []
    assert not goods.output.exists() or goods.names() == []
