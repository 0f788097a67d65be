"""A job under way: which of its steps wait, run and ended, its keys and its staging directories."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable

from signstation.interfaces.guardterms import GuardTerms
from signstation.interfaces.workers import KeyWorkers
from signstation.jobs.accounts import who
from signstation.jobs.engine import Engine
from signstation.jobs.opened import Opener
from signstation.jobs.rows import StoredJob, StoredStep
from signstation.jobs.sealed import Items
from signstation.jobs.signers import Signer
from signstation.jobs.stage import StagingDirectories
from signstation.jobs.stages import place_of
from signstation.jobs.step import Step
from signstation.model.jobs import JobState


class JobRun:
    """Owned by the runner; lives on the event loop from the first step to the last."""

    def __init__(
        self, engine: Engine, keys: KeyWorkers, stored: StoredJob, steps: Iterable[StoredStep]
    ) -> None:
        """``steps`` of ``stored`` are to be run, in their order."""
        self.id = stored.id
        self.caller = who(stored.signing.caller)
        self.cancelled_by = ""
        self.signing = stored.signing
        self.items = Items(stored.signing)
        self.queue = deque(steps)
        self.live: dict[int, Step] = {}
        self.tasks: dict[int, asyncio.Task[None]] = {}
        self.opener = Opener()
        self.staging = StagingDirectories()
        self.quarantine = asyncio.Lock()
        self.prompts = 0
        self.paused = False
        self.failure: BaseException | None = None
        self.ending = False
        self.ended = asyncio.Event()
        self._keys = keys
        self.signers = self._signers()
        self._engine = engine

    def _signers(self) -> tuple[Signer, ...]:
        items = self.signing.request.items
        wanted = Counter(slot.signer for step in self.queue for slot in items[step.ordinal].slots)
        return tuple(
            Signer(self._keys, profile, GuardTerms(self.signing.data, number), wanted[number])
            for number, profile in enumerate(self.signing.profiles)
        )

    @property
    def able(self) -> bool:
        """Whether its next step may begin: one of a later stage waits for the end of the others."""
        if not self.queue or self.paused:
            return False
        place = place_of(self.queue[0].plan.format)
        live = self.live.values() if place else ()
        return all(place_of(each.stored.plan.format) >= place for each in live)

    def start_next(self, on_end: Callable[[JobRun, Step], None]) -> None:
        """Start the next step in the queue; ``on_end`` is called when it ended."""
        stored = self.queue.popleft()
        step = Step(self._engine, self, stored)
        self.live[stored.id] = step
        task = asyncio.create_task(step.run())
        self.tasks[stored.id] = task
        self._engine.changed(self.id, stored.id)
        task.add_done_callback(lambda _: self._step_ended(step, on_end))

    def _step_ended(self, step: Step, on_end: Callable[[JobRun, Step], None]) -> None:
        del self.live[step.stored.id]
        task = self.tasks.pop(step.stored.id)
        if not task.cancelled():
            # the journal's own failure, which it could not be told
            failure = task.exception()
            self.failure = self.failure or failure
        self._engine.changed(self.id, step.stored.id)
        on_end(self, step)

    @property
    def state(self) -> JobState:
        """What it is doing."""
        states = {step.state for step in self.live.values()}
        if JobState.CANCELLING in states:
            return JobState.CANCELLING
        if self.prompts > 0:
            return JobState.WAITING
        if not states:
            return JobState.QUEUED
        publishing = states == {JobState.PUBLISHING} and not self.queue
        return JobState.PUBLISHING if publishing else JobState.RUNNING

    def cancel(self) -> bool:
        """Cancel what runs and can be cancelled; return whether there was any such step.

        The queue is the caller's to empty.
        """
        running = [step for step in self.live.values() if not step.publishing]
        for step in running:
            step.cancelling()
            self.tasks[step.stored.id].cancel()
            self._engine.changed(self.id, step.stored.id)
        return bool(running)

    def leave(self) -> None:
        """Stop, but for what is being published; the next station goes on."""
        self.queue.clear()
        for step in self.live.values():
            if not step.publishing:
                step.leaving()
                self.tasks[step.stored.id].cancel()

    async def rest(self) -> None:
        """Close the keys while nothing is under way; going on opens them anew, which may prompt."""
        resting, self.signers = self.signers, self._signers()
        for signer in resting:
            await signer.close()

    async def close(self) -> bool:
        """End the keys' sessions; return whether the staging directories are gone."""
        for signer in self.signers:
            await signer.close()
        return await self._engine.hands.do(self.staging.remove)
