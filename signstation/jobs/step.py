"""One step: open, sign, stage, recheck, publish; whatever happens, journalled and cleaned up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from signstation.effects import Effect
from signstation.errors import (
    Cancelled,
    InputError,
    RecheckFailed,
    SignstationError,
    WorkerDied,
)
from signstation.interfaces.signed import Signed
from signstation.interfaces.workers import SigningItem
from signstation.jobs.accounts import account_of
from signstation.jobs.bugs import bug
from signstation.jobs.engine import Engine
from signstation.jobs.hands import in_a_thread
from signstation.jobs.inplace import original_of, patch_file, patches_in_place
from signstation.jobs.journal import Ended, Published, ReadyOutput
from signstation.jobs.keying import Attempt, Keying
from signstation.jobs.opened import Opened, Opener, close_opened, private_copy
from signstation.jobs.phases import Phases
from signstation.jobs.publish import Publication
from signstation.jobs.rows import Recorded, StoredStep
from signstation.jobs.sealed import Items, Signing
from signstation.jobs.signers import Signer
from signstation.jobs.stage import (
    SMALL,
    Source,
    StagedFile,
    StagingDirectories,
    close_all,
    discard,
    matched,
)
from signstation.jobs.still import refuse_changed
from signstation.model.hashes import Digest, HashAlgorithm
from signstation.model.jobs import JobState, Phase, StepRow
from signstation.model.outputs import Output, Patch
from signstation.system.files import shown


class Job(Protocol):
    """What a step needs of its job."""

    @property
    def id(self) -> int:
        """The job's id."""
        ...

    @property
    def caller(self) -> str:
        """Who ordered it, as the audit log calls him."""
        ...

    @property
    def signing(self) -> Signing:
        """What is signed by whom."""
        ...

    @property
    def items(self) -> Items:
        """The request's items for check workers."""
        ...

    @property
    def signers(self) -> Sequence[Signer]:
        """The job's keys, in the order of the request's signers."""
        ...

    @property
    def opener(self) -> Opener:
        """Opens artifacts."""
        ...

    @property
    def staging(self) -> StagingDirectories:
        """Staging directories."""
        ...

    @property
    def quarantine(self) -> asyncio.Lock:
        """Held by a step that a dead worker has made suspect: it is run with no other such."""
        ...


class Step:
    """Runs one step of a job. Lives on the event loop, as one task; ends with ``run``."""

    def __init__(self, engine: Engine, job: Job, stored: StoredStep) -> None:
        """``stored`` is the step as the journal has it."""
        self.stored = stored
        self.state = JobState.RUNNING
        self._engine = engine
        self._job = job
        self._account = account_of(job.id, job.caller, job.signing, stored)
        self._attempts = stored.attempts
        self._phases = Phases()
        self._done_bytes = 0
        self._left = False
        self._to_be_put_back = False
        self._keying: Keying | None = None
        self._recorded: Mapping[int, Recorded] = {}

    @property
    def phase(self) -> Phase:
        """What it is doing."""
        return self._phases.now

    def shown_as(self, row: StepRow) -> StepRow:
        """Return the journal's row with what only we know yet."""
        return replace(
            row,
            state=self.state,
            phase=self.phase,
            done_bytes=max(row.done_bytes, self._done_bytes),
            attempts=self._attempts,
        )

    @property
    def publishing(self) -> bool:
        """True from where it can no longer be cancelled."""
        return self.state is JobState.PUBLISHING

    def cancelling(self) -> None:
        """Use no key from now on; the task is cancelled by who calls this."""
        self.state = JobState.CANCELLING
        if self._keying is not None:
            self._keying.stop(discard=True)

    def leaving(self) -> None:
        """As ``cancelling``, but the step is to go on with the next station."""
        self._left = True
        if self._keying is not None:
            self._keying.stop(discard=False)

    async def run(self) -> None:
        """Run to the end and journal it. Raises only what the journal itself raises."""
        try:
            await self._run()
        except asyncio.CancelledError:
            if self._left:
                return
            error: SignstationError = Cancelled()
        except SignstationError as raised:
            error = raised
        except Exception as raised:  # noqa: BLE001 - one step never stops the others
            error = bug(raised)
        else:
            self.state = JobState.DONE
            return
        if isinstance(error, InputError) and not error.path:
            error.path = shown(self.stored.plan.path)
        if self._keying is not None and self._keying.uncertain:
            error.with_effect(Effect.UNKNOWN)
        if self._to_be_put_back:
            self.state = JobState.INTERRUPTED
            self._engine.journal.interrupted(self.stored.id, error)
            return
        self.state = JobState.CANCELLED if isinstance(error, Cancelled) else JobState.FAILED
        failed = self.state is JobState.FAILED
        record = self._account.failure(self._engine.clock(), error) if failed else None
        ended = Ended(self.state, error, self._attempts, self._phases.counters(), record)
        self._engine.journal.ended(self.stored.id, ended)

    async def _run(self) -> None:
        if self.stored.attempts:
            reading = partial(self._engine.journal.rows.recorded, self.stored.id)
            self._recorded = await self._engine.hands.do(reading)
        try:
            await self._attempt()
        except WorkerDied:
            # The worker died of this artifact, or of another that it had at the same time.
            if not self._may_repeat():
                raise
            async with self._job.quarantine:
                await self._attempt()

    def _may_repeat(self) -> bool:
        """Return whether another try needs nobody's consent: no signature can be made twice."""
        if self._keying is None or not self._keying.uncertain:
            return True
        slots = self._job.items.slots(self.stored.ordinal)
        return all(slot.scheme.repeatable for slot in slots)

    async def _attempt(self) -> None:
        self._attempts += 1
        opened = await self._open()
        try:
            await self._with(opened)
        finally:
            # after what may still be copying from it
            self._engine.hands.later(partial(close_opened, opened))

    async def _open(self) -> Opened:
        opening = partial(self._job.opener.open, self.stored.plan)
        opened = await self._engine.hands.do(opening, close_opened)
        if opened.changeable:
            self._phases.enter(Phase.STAGE)
            copying = partial(private_copy, opened, self._engine.private)
            opened = await in_a_thread(copying, close_opened)
        return opened

    async def _with(self, opened: Opened) -> None:
        item = self._job.items.item(self.stored.ordinal, self.stored.id)
        signed = await self._sign(item, opened)
        self._phases.enter(Phase.STAGE)
        plan = self.stored.plan
        if plan.in_place:
            choosing = partial(patches_in_place, plan, opened, signed.outputs)
            if patches := await self._engine.hands.do(choosing):
                await self._patch(item, opened, signed, patches)
                return
        directory, staged = await self._stage(opened, signed.outputs)
        try:
            digests = await self._recheck(item, opened, staged, signed.worker)
            await self._publish(opened, signed, directory, staged, digests)
        except BaseException:
            self._engine.hands.later(partial(discard, directory, staged))
            raise
        close_all(staged)

    async def _sign(self, item: SigningItem, opened: Opened) -> Signed:
        engine, job = self._engine, self._job
        request_item = job.signing.request.items[self.stored.ordinal]
        attempt = Attempt(
            step=self.stored.id,
            number=self._attempts,
            place=self.stored.ordinal,
            item=item,
            artifact=opened.descriptor,
            signers=tuple(job.signers[slot.signer] for slot in request_item.slots),
            recorded=self._recorded,
            account=self._account,
            clock=engine.clock,
        )
        await refuse_changed(engine, self.stored.plan, opened.descriptor)
        keying = Keying(engine.journal, engine.hashes, attempt, self._phases.enter)
        self._keying = keying
        self._phases.enter(Phase.HASH)
        try:
            signed = await engine.check.sign(item, opened.descriptor, keying.answer, self._progress)
        finally:
            keying.stop(discard=False)
            if not keying.settled:
                await _settled(keying)
            self._recorded = keying.recorded
        self._phases.correct(Phase.HASH, signed.hash_ns)
        return signed

    def _progress(self, done: int) -> None:
        self._done_bytes = done
        self._engine.changed(self._job.id, self.stored.id)

    async def _stage(
        self, opened: Opened, outputs: Sequence[Output]
    ) -> tuple[int, tuple[StagedFile, ...]]:
        """Stage the outputs; returns them with the open directory that they are in."""
        plan = self.stored.plan
        pairs = matched(plan, outputs)
        name = f"{self.stored.id}.{self._attempts}"

        stager, staging = self._engine.stager, self._job.staging

        def stage() -> tuple[int, tuple[StagedFile, ...]]:
            directory = staging.descriptor(plan.staging)
            source = Source(opened.descriptor)
            return directory, stager.stage(directory, plan, name, source, pairs)

        if plan.size <= SMALL:
            return await self._engine.hands.do(stage, _discard)
        directory = await self._engine.hands.do(partial(staging.descriptor, plan.staging))

        def stage_large(checkpoint: Callable[[], None]) -> tuple[int, tuple[StagedFile, ...]]:
            source = Source(opened.descriptor, checkpoint)
            return directory, stager.stage(directory, plan, name, source, pairs)

        return await in_a_thread(stage_large, _discard)

    async def _recheck(
        self, item: SigningItem, opened: Opened, staged: Sequence[StagedFile], avoid: int
    ) -> tuple[bytes, ...]:
        self._phases.enter(Phase.RECHECK)
        # The artifact's SHA-256 was compared when it was signed; here the outputs are hashed.
        digests = await self._engine.check.recheck(
            replace(item, sha256=None),
            opened.descriptor,
            [each.descriptor for each in staged],
            avoid,
            _ignore,
        )
        return _sha256(digests, len(staged))

    async def _patch(
        self, item: SigningItem, opened: Opened, signed: Signed, patches: tuple[Patch, ...]
    ) -> None:
        """Recheck the file as it would be, and then write into it."""
        engine, step = self._engine, self.stored
        self._phases.enter(Phase.RECHECK)
        matched(step.plan, signed.outputs)
        found = await engine.check.recheck_in_place(
            replace(item, sha256=None), opened.descriptor, patches, signed.worker, _ignore
        )
        (digest,) = _sha256(found, 1)
        original = await engine.hands.do(partial(original_of, opened, patches))
        self._phases.enter(Phase.PUBLISH)
        self.state = JobState.PUBLISHING
        await engine.journal.ready(step.id, signed.sha256, [ReadyOutput(0, None, digest)], original)
        patching = partial(patch_file, step.plan, opened.status, original, engine.checkpoints)
        try:
            await asyncio.to_thread(patching)
        except SignstationError as error:
            self._to_be_put_back = error.effect is Effect.UNKNOWN
            raise
        engine.journal.published(self._published(signed, (digest,)))

    async def _publish(
        self,
        opened: Opened,
        signed: Signed,
        directory: int,
        staged: tuple[StagedFile, ...],
        digests: tuple[bytes, ...],
    ) -> None:
        engine, plan = self._engine, self.stored.plan
        self._phases.enter(Phase.SYNC)
        self.state = JobState.PUBLISHING
        publication = Publication(
            step=self.stored.id,
            plan=plan,
            artifact_sha256=signed.sha256,
            staging=directory,
            staged=staged,
            digests=digests,
            replace=self._job.signing.replace,
            source=opened.status if plan.in_place else None,
        )
        await engine.publisher.publish(publication)
        engine.journal.published(self._published(signed, digests))

    def _published(self, signed: Signed, digests: tuple[bytes, ...]) -> Published:
        """Return what the journal and the audit trail are told of a published step."""
        plan = self.stored.plan
        names = [plan.targets[ordinal].name for ordinal, _ in matched(plan, signed.outputs)]
        paths = (f"{plan.target_root}/{name}" for name in names)
        return Published(
            job=self._job.id,
            step=self.stored.id,
            at=self._engine.clock(),
            artifact_sha256=signed.sha256,
            outputs=tuple(zip(paths, digests, strict=True)),
            counters=self._phases.counters(),
            in_place=plan.in_place,
            caller=self._account.caller,
            keys=self._account.keys,
        )


def _sha256(digests: Sequence[Digest], count: int) -> tuple[bytes, ...]:
    if len(digests) != count or any(each.algorithm is not HashAlgorithm.SHA256 for each in digests):
        raise RecheckFailed(reason="not one SHA-256 for each output")
    return tuple(each.value for each in digests)


async def _settled(keying: Keying) -> None:
    """Settle to the end, also when the step is cancelled once more in the meantime."""
    settling = asyncio.ensure_future(keying.settle())
    cancelled = False
    while not settling.done():
        try:
            await asyncio.shield(settling)
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError


def _discard(staged: tuple[int, tuple[StagedFile, ...]]) -> None:
    """Remove what was staged for nobody."""
    discard(*staged)


def _ignore(_done: int) -> None:
    """Take no notice of progress."""
