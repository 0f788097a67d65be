"""The journal: what is durable when, what is committed together, and what a failure leaves."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from signstation.errors import (
    Cancelled,
    NotWritable,
    PathMissing,
    SignstationError,
    StoreDamaged,
    StoreTooNew,
    UsageError,
)
from signstation.jobs.checkpoints import Point
from signstation.jobs.commits import Writer
from signstation.jobs.journal import Ended, Intent, Journal, Published, ReadyOutput
from signstation.jobs.original import Original
from signstation.jobs.rows import Recorded
from signstation.model.asks import Literal, Part, ToSign
from signstation.model.jobs import Counter, JobState, Phase
from signstation.model.keys import Scheme
from signstation.model.outputs import Patch
from tests.support.journal import ECDSA, audit, query, sealed_plan

T = TypeVar("T")
ASK = ToSign(0, Scheme.RSA_PKCS1_SHA256, Part.MODULE, (Literal(b"x"),), digest=bytes(32))

DISCARDED = {"event": "discarded"}
UNUSED = {"event": "key-unused"}


class Recorder:
    """Checkpoints that note the order in which points are reached."""

    def __init__(self) -> None:
        self.points: list[Point] = []

    def reached(self, point: Point) -> None:
        self.points.append(point)


def run(
    path: Path,
    work: Callable[[Journal], Coroutine[object, object, T]],
    recorder: Recorder | None = None,
) -> T:
    """Run ``work`` on a journal of its own loop and close it."""

    async def whole() -> T:
        journal = Journal(path, recorder)
        try:
            return await work(journal)
        finally:
            journal.close()

    return asyncio.run(whole())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give the path of a journal that is not there yet."""
    return tmp_path / "journal.db"


async def submitted(journal: Journal, count: int = 2) -> list[int]:
    """Submit a plan and return the ids of its steps."""
    return [step.id for step in (await journal.submit(sealed_plan(count), 100)).steps]


def done(step: int) -> Published:
    """Tell of a step that is done."""
    return Published(1, step, 200, b"a" * 32, (("/in/signed/sub/0.ko", b"h" * 32),))


def test_a_job_comes_back_as_it_was_sealed(path: Path) -> None:
    async def work(journal: Journal) -> None:
        plan = sealed_plan(3)
        submitted = await journal.submit(plan, 100)
        job = submitted.id
        stored = journal.rows.stored_job(job)
        assert stored == submitted
        assert stored.signing == plan.signing
        assert tuple(step.plan for step in stored.steps) == plan.steps
        assert [step.ordinal for step in stored.steps] == [0, 1, 2]
        row = journal.rows.job(job)
        assert (row.state, row.steps, row.created, row.title) == (
            JobState.QUEUED,
            3,
            100,
            "a title",
        )
        assert row.keys == ("file:/keys/a.pem",)
        assert row.request_sha256.hex() == plan.id
        assert journal.rows.jobs() == (row,)
        assert journal.rows.unfinished() == (job,)
        steps = journal.rows.steps(job, 1, 1)
        assert [step.path for step in steps] == ["/in/sub/1.ko"]
        assert steps[0].outputs == ("/in/signed/sub/1.ko",)
        assert {path for path, _ in journal.rows.staging()} == {plan.steps[0].staging}

    run(path, work)


@pytest.mark.expects_log("cannot be written")
def test_a_plan_is_submitted_once(path: Path) -> None:
    async def work(journal: Journal) -> None:
        await journal.submit(sealed_plan(), 100)
        with pytest.raises(StoreDamaged):
            await journal.submit(sealed_plan(), 100)

    run(path, work)


def test_what_is_awaited_is_on_the_disk(path: Path) -> None:
    recorder = Recorder()

    async def work(journal: Journal) -> None:
        step, _ = await submitted(journal)
        await journal.intended(step, 1, [Intent(0, ASK)], urgent=False, records=())
        assert query(path, "SELECT step, ordinal, attempt, state FROM ask") == [
            (step, 0, 1, "intended")
        ]
        assert journal.rows.unknown(1) == {step: (Scheme.RSA_PKCS1_SHA256,)}
        journal.answered(step, 1, [(0, b"sig")])
        await journal.ready(step, bytes(32), [ReadyOutput(0, "1.1.0", b"h" * 32)])
        assert journal.rows.recorded(step) == {0: Recorded(ASK.hash().value, b"sig")}
        assert journal.rows.unknown(1) == {}
        (output,) = journal.rows.outputs(step)
        assert (output.staged, output.sha256) == ("1.1.0", b"h" * 32)
        journal.published(replace(done(step), counters=(Counter(Phase.KEY, 5),)))
        await journal.finished(1, 200, staging_removed=False)

    run(path, work, recorder)
    points = [point for point in recorder.points if point.value.startswith("after")]
    assert points.index(Point.AFTER_INTENT_COMMIT) < points.index(Point.AFTER_READY_COMMIT)
    assert Point.AFTER_DONE_COMMIT in points
    (published,) = [row for row in audit(path) if row.event == "published"]
    assert published.body["path"] == "/in/signed/sub/0.ko"
    assert published.body["sha256"] == (b"h" * 32).hex()


def test_a_step_is_audited_once_however_often_it_is_published(path: Path) -> None:
    async def work(journal: Journal) -> None:
        step, other = await submitted(journal)
        await journal.ready(step, bytes(32), [ReadyOutput(0, "x", b"h" * 32)])
        for _ in range(3):
            journal.published(done(step))
        await journal.finished(1, 200, staging_removed=True)
        assert journal.rows.job(1).finished is None  # the other step is not done
        journal.ended(other, Ended(JobState.FAILED, PathMissing(path="/in/sub/1.ko")))
        await journal.finished(1, 300, staging_removed=True)
        row = journal.rows.job(1)
        assert (row.state, row.done, row.failed, row.finished) == (JobState.FAILED, 1, 1, 300)
        assert "input.missing" in str(journal.rows.steps(1, 1, 1)[0].error)
        assert journal.rows.staging() == ()
        await journal.requeued([other])
        assert journal.rows.job(1).finished is None
        assert len(journal.rows.staging()) == 1

    run(path, work)
    assert [row.event for row in audit(path)] == ["submitted", "published"]


def test_signatures_are_found_by_ordinal_and_discarded_ones_are_not(path: Path) -> None:
    async def work(journal: Journal) -> None:
        step, _ = await submitted(journal)
        intents = [Intent(number, ASK) for number in range(4)]
        await journal.intended(step, 1, intents, urgent=True, records=())
        journal.answered(step, 1, [(2, b"two")])
        journal.answered(step, 1, [(1, b"one")], discarded=DISCARDED)
        journal.unused(step, 1, [0, 2], UNUSED)
        await journal.intended(step, 2, [Intent(0, ASK)], urgent=True, records=())
        journal.answered(step, 2, [(0, b"zero")])
        await journal.requeued([])
        assert {n: each.signature for n, each in journal.rows.recorded(step).items()} == {
            0: b"zero",
            2: b"two",
        }
        assert journal.rows.unknown(1) == {step: (Scheme.RSA_PKCS1_SHA256,)}  # ordinal 3

    run(path, work)
    assert [row.event for row in audit(path)] == ["submitted", "discarded", "key-unused"]


def test_old_bytes_are_kept_until_the_step_is_done(path: Path) -> None:
    original = Original(8, 100, (Patch(10, 3, b"new"), Patch(100, 0, b"end")), (b"old", b""))

    async def work(journal: Journal) -> None:
        step, other = await submitted(journal)
        for each in (step, other):
            await journal.ready(each, bytes(32), [ReadyOutput(0, None, b"h" * 32)], original)
        assert journal.rows.original(step) == original
        journal.published(replace(done(step), in_place=True))
        await journal.unready([other])
        assert journal.rows.original(step) is None
        assert journal.rows.original(other) is None

    run(path, work)


def test_few_in_flight_are_committed_at_once_and_many_together(path: Path) -> None:
    async def work(journal: Journal) -> None:
        step, _ = await submitted(journal)
        before = journal.commits
        for number in range(5):
            await journal.intended(step, 1, [Intent(number, ASK)], urgent=False, records=())
        assert journal.commits == before + 5
        journal.set_in_flight(100)
        before = journal.commits
        await asyncio.gather(
            *(
                journal.intended(step, 2, [Intent(n, ASK)], urgent=False, records=())
                for n in range(200)
            )
        )
        assert journal.commits - before <= 3

    run(path, work)


@pytest.mark.expects_log("cannot be written")
def test_a_failed_commit_takes_everything_with_it_until_revived(path: Path) -> None:
    async def work(journal: Journal) -> None:
        step, _ = await submitted(journal)
        journal.set_in_flight(100)  # the two ride in one commit
        good = journal.intended(step, 1, [Intent(0, ASK)], urgent=False, records=())
        bad = journal.intended(999, 1, [Intent(0, ASK)], urgent=False, records=())
        for future in (good, bad):
            with pytest.raises(StoreDamaged):
                await future
        assert journal.failure is not None
        with pytest.raises(StoreDamaged):
            journal.unused(step, 1, [0], UNUSED)
        assert query(path, "SELECT * FROM ask") == []
        journal.revive()
        await journal.intended(step, 1, [Intent(0, ASK)], urgent=False, records=())
        assert len(query(path, "SELECT * FROM ask")) == 1

    run(path, work)
    assert [row.event for row in audit(path)] == ["submitted"]


def test_nobody_waits_for_ever_when_a_waiter_is_cancelled(path: Path) -> None:
    async def work(journal: Journal) -> None:
        step, _ = await submitted(journal)
        waiting = asyncio.ensure_future(
            _await(journal.intended(step, 1, [Intent(0, ASK)], urgent=False, records=()))
        )
        await asyncio.sleep(0)
        waiting.cancel()
        await journal.requeued([step])

    run(path, work)


async def _await(future: Awaitable[None]) -> None:
    await future


@pytest.mark.expects_log("cannot be written")
@pytest.mark.parametrize("statement", ["DELETE FROM audit", "UPDATE audit SET body = ''"])
def test_audit_rows_are_neither_changed_nor_deleted(path: Path, statement: str) -> None:
    async def work(journal: Journal) -> None:
        await submitted(journal)

        def write(writer: Writer) -> None:
            writer.connection.execute(statement)

        with pytest.raises(StoreDamaged):
            await journal._commits.durable(write)

    run(path, work)
    assert len(audit(path)) == 1


def test_the_chain_goes_on_after_a_restart(path: Path) -> None:
    async def work(journal: Journal) -> None:
        step = (await submitted(journal, 1))[0]
        journal.answered(step, 1, [(0, b"x")], discarded=DISCARDED)

    run(path, work)

    async def again(journal: Journal) -> None:
        journal.answered(1, 1, [(0, b"x")], discarded=DISCARDED)

    run(path, again)
    assert [row.event for row in audit(path)] == ["submitted", "discarded", "discarded"]


async def nothing(_: Journal) -> None:
    """Do nothing."""


def _other_program(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE job (id INTEGER)")
    connection.close()


def _newer(path: Path) -> None:
    run(path, nothing)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (_other_program, StoreDamaged),
        (_newer, StoreTooNew),
        (lambda path: path.write_bytes(b"x" * 5000), StoreDamaged),
        (lambda path: path.mkdir(), NotWritable),
    ],
)
def test_strange_files_are_refused(
    path: Path, make: Callable[[Path], object], error: type[SignstationError]
) -> None:
    make(path)
    with pytest.raises(error):
        run(path, nothing)


def test_a_missing_directory_is_not_writable(tmp_path: Path) -> None:
    with pytest.raises(NotWritable):
        run(tmp_path / "no/journal.db", nothing)


def test_the_file_is_private(path: Path) -> None:
    run(path, nothing)
    assert path.stat().st_mode & 0o777 == 0o600


def test_there_is_no_job_that_is_not_there(path: Path) -> None:
    async def work(journal: Journal) -> None:
        with pytest.raises(UsageError):
            journal.rows.job(5)
        with pytest.raises(UsageError):
            journal.rows.stored_job(5)
        assert journal.rows.jobs() == ()
        assert journal.rows.unfinished() == ()

    run(path, work)


def test_a_request_that_was_tampered_with_is_noticed(path: Path) -> None:
    async def work(journal: Journal) -> None:
        await journal.submit(sealed_plan(1, ECDSA), 100)

    run(path, work)
    with sqlite3.connect(path) as connection:
        connection.execute(
            "UPDATE job SET request = CAST(replace(CAST(request AS TEXT), 'kmod', 'blob') AS BLOB)"
        )
    connection.close()

    async def read(journal: Journal) -> None:
        with pytest.raises(StoreDamaged):
            journal.rows.stored_job(1)

    run(path, read)


def test_a_cancelled_step_keeps_no_outputs(path: Path) -> None:
    async def work(journal: Journal) -> None:
        step, _ = await submitted(journal)
        await journal.ready(step, bytes(32), [ReadyOutput(0, "x", b"h" * 32)])
        journal.ended(step, Ended(JobState.CANCELLED, Cancelled()))
        await journal.requeued([])
        (output,) = journal.rows.outputs(step)
        assert (output.staged, output.sha256) == (None, None)

    run(path, work)
