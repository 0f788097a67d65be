"""Pausing: no step of a paused job begins; those under way end, and its keys are closed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from signstation.errors import UsageError
from signstation.jobs.engine import Engine
from signstation.jobs.run import JobRun


class Pauses:
    """Pauses jobs that run, and lets them go on. Lives on the runner's event loop."""

    def __init__(
        self, engine: Engine, runs: Mapping[int, JobRun], fill: Callable[[], None]
    ) -> None:
        """``runs`` are the runner's own, as they come and go; ``fill`` starts what may start."""
        self._engine, self._runs, self._fill = engine, runs, fill
        self._resting: set[asyncio.Task[None]] = set()

    async def pause(self, job: int | None) -> tuple[int, ...]:
        """Pause a job, or for None all that have steps left; returns those paused by this.

        Returns when the wish is durable: a restart does not undo it. Raises UsageError where
        nothing of the job waits.
        """
        if job is not None and (job not in self._runs or not self._runs[job].queue):
            raise UsageError(reason=f"nothing of job {job} waits that could be paused")
        chosen = tuple(
            run
            for run in self._runs.values()
            if job in {None, run.id} and run.queue and not run.paused
        )
        for run in chosen:
            run.paused = True  # at once: nothing begins while the wish is being written
            self.rest_if_idle(run)
        await self._write(chosen, paused=True)
        return tuple(run.id for run in chosen)

    async def unpause(self, job: int | None) -> tuple[int, ...]:
        """Let a job go on, or for None all that are paused; returns them. Raises UsageError."""
        if job is not None and (job not in self._runs or not self._runs[job].paused):
            raise UsageError(reason=f"job {job} is not paused")
        chosen = tuple(run for run in self._runs.values() if job in {None, run.id} and run.paused)
        await self._write(chosen, paused=False)
        for run in chosen:
            run.paused = False
        self._fill()
        return tuple(run.id for run in chosen)

    def rest_if_idle(self, run: JobRun) -> None:
        """Close the keys of a paused job of which nothing is under way any more."""
        if run.paused and run.queue and not run.live:
            resting = asyncio.create_task(run.rest())
            self._resting.add(resting)
            resting.add_done_callback(self._resting.discard)

    async def close(self) -> None:
        """Wait until every key that is being closed is closed."""
        await asyncio.gather(*self._resting)

    async def _write(self, runs: tuple[JobRun, ...], *, paused: bool) -> None:
        await self._engine.journal.paused([run.id for run in runs], paused=paused)
        for run in runs:
            self._engine.changed(run.id, None)
