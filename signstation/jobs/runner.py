"""The runner: plans, queues, runs, cancels, retries and resumes jobs. No Qt, one event loop."""

from __future__ import annotations

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from signstation.errors import Cancelled, CancelRefused, SignstationError, UsageError
from signstation.interfaces.format import Format
from signstation.jobs.accounts import who
from signstation.jobs.announce import Announcer
from signstation.jobs.bugs import bug
from signstation.jobs.checkpoints import Checkpoints, NoCheckpoints
from signstation.jobs.clock import Clock
from signstation.jobs.commits import Body
from signstation.jobs.engine import Engine
from signstation.jobs.hands import Hands
from signstation.jobs.journal import Ended, Journal
from signstation.jobs.pauses import Pauses
from signstation.jobs.plan import Planner
from signstation.jobs.publish import Publisher
from signstation.jobs.recovery import Recovery
from signstation.jobs.rows import StoredJob, StoredStep
from signstation.jobs.run import JobRun
from signstation.jobs.sealed import SealedPlan
from signstation.jobs.stage import Stager
from signstation.jobs.states import RESTARTABLE
from signstation.jobs.step import Step
from signstation.jobs.vouching import Leave, Vouching, leave_none
from signstation.jobs.workers import Workers
from signstation.model.audit import AuditKind
from signstation.model.jobs import JobEvent, JobRow, JobState, StepRow
from signstation.model.orders import PlanSummary, SignOrder
from signstation.model.station import Caller

WINDOW = 128
"""Steps under way at a time: rate times the time of a commit (DESIGN.md section 6)."""
MAX_PLANS = 64
"""Plans that are kept for submission; the oldest is forgotten."""
MAX_STEPS_PER_CALL = 1000
"""Most step rows of one answer (as app.api.MAX_STEPS_PER_CALL)."""


def system_clock() -> int:
    """Return Unix seconds."""
    return int(time.time())


@dataclass(frozen=True, slots=True)
class RunnerSettings:
    """``private``: a directory of the station for copies of what others could change.

    ``leave`` leaves a checkpoint of the audit log in a folder of results.
    """

    private: Path
    leave: Leave = leave_none
    clock: Clock = system_clock
    checkpoints: Checkpoints = field(default_factory=NoCheckpoints)


class Runner:
    """Made, used and closed on one event loop; the journal and the workers are the caller's."""

    def __init__(
        self,
        journal: Journal,
        workers: Workers,
        formats: Mapping[str, Format],
        settings: RunnerSettings,
        events: Callable[[JobEvent], None],
    ) -> None:
        """``events`` is called on the event loop, at most 20 rounds a second."""
        points, clock = settings.checkpoints, settings.clock
        self._workers = workers
        self._announcer = Announcer(events)
        hands = Hands("runner")
        self._reader = Hands("reader")  # the queue is shown also while large files are copied
        self._engine = Engine(
            journal=journal,
            formats=formats,
            check=workers.check,
            hashes=workers.hashes,
            hands=hands,
            stager=Stager(points),
            publisher=Publisher(journal, points),
            checkpoints=points,
            clock=clock,
            private=settings.private,
            changed=self._announcer.changed,
        )
        self.planner = Planner(workers, formats, hands, clock)
        self._recovery = Recovery(self._engine)
        self._vouching = Vouching(journal, settings.leave)
        self._plans: OrderedDict[str, SealedPlan] = OrderedDict()
        self._runs: OrderedDict[int, JobRun] = OrderedDict()
        self._pauses = Pauses(self._engine, self._runs, self._fill)
        self._stalled: dict[int, SignstationError] = {}
        self._finishing: set[asyncio.Task[None]] = set()
        self._in_flight = 0
        self._closing = False

    # --- orders ------------------------------------------------------------------------------

    async def plan(
        self, order: SignOrder, caller: Caller, signed: frozenset[Path] = frozenset()
    ) -> PlanSummary:
        """Plan and seal; the plan is kept under its id. Signs nothing; may prompt.

        ``signed``: what all keys of the order have signed already, left out where it is wished.
        Raises UsageError and the keys' errors; those of single artifacts are in the summary. An
        empty id says that nothing can be signed.
        """
        plan = await self.planner.plan(order, caller, signed)
        if isinstance(plan, PlanSummary):
            return plan
        self._plans[plan.id] = plan
        while len(self._plans) > MAX_PLANS:
            self._plans.popitem(last=False)
        return plan.summary

    async def submit(self, plan_id: str, caller: Caller) -> int:
        """Queue a plan of this caller, once; returns the job's id when it is durable."""
        plan = self._plans.get(plan_id)
        if plan is None or plan.signing.caller.uid != caller.uid:
            raise UsageError(reason=f"there is no plan {plan_id}")
        del self._plans[plan_id]
        self._revive()
        stored = await self._engine.journal.submit(plan, self._engine.clock())
        await self._start(stored, stored.steps)
        return stored.id

    async def wait(self, job: int) -> JobRow:
        """Return the job when it is in a final state or interrupted."""
        run = self._runs.get(job)
        if run is not None:
            await run.ended.wait()
        return await self.job(job)

    async def cancel(self, job: int, by: str = "") -> None:
        """Cancel in three grades: queued, running, publishing (CancelRefused).

        Returns when the cancellation is under way; ``wait`` tells when it is done. Raises
        UsageError for a job that has ended. ``by`` is who ordered it, for the audit log.
        """
        run = self._runs.get(job)
        if run is not None and run.ending:
            await run.ended.wait()
            run = None
        if run is None:
            await self._cancel_interrupted(job, by)
            return
        queued = [step.id for step in run.queue]
        run.queue.clear()
        running = run.cancel()
        for step in queued:
            self._engine.journal.ended(step, Ended(JobState.CANCELLED, Cancelled()))
        if not queued and not running:
            raise CancelRefused(job=job)
        run.cancelled_by = by
        self._engine.changed(job, None)
        self._end_if_idle(run)  # nothing of it was under way: it is paused, or others have the room

    async def _cancel_interrupted(self, job: int, by: str) -> None:
        stored = await self.stored(job)
        waiting = [step for step in stored.steps if not step.state.final]
        if not waiting:
            raise UsageError(reason=f"job {job} has ended")
        self._revive()
        self._stalled.pop(job, None)
        # what was ready when the station ended is published: it cannot be cancelled any more
        for step in await self._recovery.settle(stored, consent=True):
            self._engine.journal.ended(step.id, Ended(JobState.CANCELLED, Cancelled()))
        await self._recovery.empty_staging(job)
        await self._engine.journal.finished(
            job, self._engine.clock(), staging_removed=False, cancelled_by=by
        )
        await self._vouching.settle(job)
        self._engine.changed(job, None)

    async def retry(self, job: int) -> None:
        """Queue the failed and cancelled steps of a job again. Raises UsageError."""
        stored = await self._idle(job)
        if any(not step.state.final for step in stored.steps):
            raise UsageError(reason=f"job {job} is interrupted: resume it")
        steps = [step for step in stored.steps if step.state in RESTARTABLE]
        if not steps:
            raise UsageError(reason=f"job {job} has no failed or cancelled steps")
        await self._engine.journal.paused([job], paused=False)
        await self._engine.journal.requeued([step.id for step in steps])
        await self._start(stored, steps)

    async def resume(self, job: int | None = None) -> tuple[int, ...]:
        """Go on with an interrupted job, or with all: a person consents to signing again.

        Returns the ids of the jobs that go on. Raises UsageError for a job that is not interrupted.
        """
        if job is not None:
            stored = await self._idle(job)
            if all(step.state.final for step in stored.steps):
                raise UsageError(reason=f"job {job} is not interrupted")
            await self._settle(stored, consent=True)
            return (job,)
        resumed: list[int] = []
        for each in self._engine.journal.rows.unfinished():
            if each not in self._runs:
                await self._settle(await self._idle(each), consent=True)
                resumed.append(each)
        return tuple(resumed)

    async def pause(self, job: int | None = None) -> tuple[int, ...]:
        """Begin no more steps of a job, or of all for None (``Pauses.pause``)."""
        return await self._pauses.pause(job)

    async def unpause(self, job: int | None = None) -> tuple[int, ...]:
        """Let a paused job go on, or all for None (``Pauses.unpause``)."""
        return await self._pauses.unpause(job)

    async def recover(self) -> tuple[int, ...]:
        """Settle what an earlier process left, once, at the start; returns the jobs that go on.

        What is repeatable and prompts nobody goes on by itself, the rest waits for ``resume``; what
        was paused is there again and waits for ``unpause``.
        """
        unfinished = self._engine.journal.rows.unfinished()
        paused = self._engine.journal.rows.paused()
        going_on: list[tuple[StoredJob, tuple[StoredStep, ...]]] = []
        for job in unfinished:
            stored = await self.stored(job)
            going_on.append((stored, await self._recovery.settle(stored, consent=False)))
        await self._recovery.empty_staging()
        await self._vouching.settle()
        for stored, steps in going_on:
            await self._start(stored, steps, paused=stored.id in paused)
        return tuple(stored.id for stored, steps in going_on if steps)

    async def note(self, kind: AuditKind, caller: Caller, facts: Body) -> None:
        """Append to the audit log what did not happen in a job; returns when that is durable.

        Raises DiskFull, NotWritable and StoreDamaged.
        """
        self._revive()
        record = {"event": kind.value, "at": self._engine.clock(), "caller": who(caller), **facts}
        await self._engine.journal.note(record)

    # --- rows --------------------------------------------------------------------------------

    async def jobs(self) -> tuple[JobRow, ...]:
        """Return all jobs, newest first."""
        rows = await self._reader.do(self._engine.journal.rows.jobs)
        return tuple(self._as_it_is(row) for row in rows)

    async def job(self, job: int) -> JobRow:
        """Return one job. Raises UsageError where there is none."""
        return self._as_it_is(await self._reader.do(partial(self._engine.journal.rows.job, job)))

    async def steps(self, job: int, offset: int = 0) -> tuple[StepRow, ...]:
        """Return at most MAX_STEPS_PER_CALL steps of a job from ``offset``, in order."""
        reading = partial(self._engine.journal.rows.steps, job, offset, MAX_STEPS_PER_CALL)
        rows = await self._reader.do(reading)
        return tuple(self._step_as_it_is(row) for row in rows)

    async def stored(self, job: int) -> StoredJob:
        """Return a job with its sealed request. Raises UsageError where there is none."""
        return await self._reader.do(partial(self._engine.journal.rows.stored_job, job))

    def prompting(self, job: int, change: int) -> None:
        """Take note that prompts of a job were opened (+1) or closed (-1)."""
        run = self._runs.get(job)
        if run is not None:
            run.prompts += change
            self._engine.changed(job, None)

    def _as_it_is(self, row: JobRow) -> JobRow:
        """Return a job's row with what is not in the journal."""
        run = self._runs.get(row.id)
        if run is not None:
            return replace(row, state=run.state, paused=run.paused)
        if row.state.final:
            return row
        # it begins nothing before ``resume``, which lifts a pause
        return replace(row, state=JobState.INTERRUPTED, paused=False)

    def _step_as_it_is(self, row: StepRow) -> StepRow:
        """Return a step's row with what is not in the journal."""
        run = self._runs.get(row.job)
        step = None if run is None else run.live.get(row.id)
        if step is not None:
            return step.shown_as(row)
        if run is not None or row.state.final:
            return row
        stalled = self._stalled.get(row.job)
        error = row.error if stalled is None else json.dumps(stalled.to_wire())
        return replace(row, state=JobState.INTERRUPTED, error=error)

    # --- scheduling --------------------------------------------------------------------------

    async def close(self) -> None:
        """End in order: what is being published is, the rest is found by the next ``recover``."""
        self._closing = True
        runs = tuple(self._runs.values())
        for run in runs:
            run.leave()
            self._end_if_idle(run)
        await asyncio.gather(*(run.ended.wait() for run in runs))
        await asyncio.gather(*self._finishing)
        await self._pauses.close()
        await self._engine.publisher.close()
        self._announcer.flush()
        await asyncio.to_thread(self._engine.hands.close)
        await asyncio.to_thread(self._reader.close)

    async def _idle(self, job: int) -> StoredJob:
        """Return a job of which nothing runs. Raises UsageError."""
        if job in self._runs:
            raise UsageError(reason=f"job {job} is still running")
        self._revive()
        return await self.stored(job)

    def _revive(self) -> None:
        """Let the journal write again after a failure, when nothing is under way that saw it."""
        if self._in_flight == 0:
            self._engine.journal.revive()

    async def _settle(self, stored: StoredJob, *, consent: bool) -> None:
        steps = await self._recovery.settle(stored, consent=consent)
        await self._recovery.empty_staging(stored.id)
        await self._engine.journal.paused([stored.id], paused=False)
        await self._start(stored, steps)

    async def _start(
        self, stored: StoredJob, steps: Sequence[StoredStep], *, paused: bool = False
    ) -> None:
        if self._closing:
            return  # it is in the journal: the next station goes on with it
        self._stalled.pop(stored.id, None)
        if not steps:
            at = self._engine.clock()
            await self._engine.journal.finished(stored.id, at, staging_removed=False)
            await self._vouching.settle(stored.id)
            self._engine.changed(stored.id, None)
            return
        keys = self._workers.keys(stored.signing.caller, stored.id)
        run = JobRun(self._engine, keys, stored, steps)
        run.paused = paused
        self._runs[stored.id] = run
        self._engine.changed(stored.id, None)
        self._fill()

    def _fill(self) -> None:
        """Start steps while there is room, of one job after another."""
        while self._in_flight < WINDOW:
            run = next((each for each in self._runs.values() if each.able), None)
            if run is None:
                break
            self._in_flight += 1
            run.start_next(self._step_ended)
            self._runs.move_to_end(run.id)
        self._engine.journal.set_in_flight(self._in_flight)

    def _step_ended(self, run: JobRun, _step: Step) -> None:
        self._in_flight -= 1
        self._fill()
        self._pauses.rest_if_idle(run)
        self._end_if_idle(run)

    def _end_if_idle(self, run: JobRun) -> None:
        if not run.queue and not run.live and not run.ending:
            run.ending = True
            finishing = asyncio.create_task(self._finish(run))
            self._finishing.add(finishing)
            finishing.add_done_callback(self._finishing.discard)

    async def _finish(self, run: JobRun) -> None:
        stalled: BaseException | None = run.failure
        try:
            gone = await run.close()
            await self._engine.journal.finished(
                run.id,
                self._engine.clock(),
                staging_removed=gone,
                cancelled_by=run.cancelled_by,
            )
            await self._vouching.settle(run.id)
        except Exception as error:  # noqa: BLE001 - nobody may wait for ever
            stalled = stalled or error
        if stalled is not None:
            told = stalled if isinstance(stalled, SignstationError) else bug(stalled)
            self._stalled[run.id] = told
        del self._runs[run.id]
        self._engine.changed(run.id, None)
        self._announcer.flush()
        run.ended.set()
