"""After a crash: what was ready is rolled forward, the rest is replayed or waits for a person."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from signstation.effects import Effect
from signstation.errors import (
    ArtifactChanged,
    DiskFull,
    Interrupted,
    LeavesTree,
    NotARegularFile,
    NotWritable,
    PathMissing,
    SignstationError,
)
from signstation.jobs.accounts import Account, account_of, who
from signstation.jobs.engine import Engine
from signstation.jobs.inplace import restore
from signstation.jobs.journal import Ended, Published
from signstation.jobs.publish import Publication, TargetDirectories, give_names
from signstation.jobs.rows import StoredJob, StoredOutput, StoredStep
from signstation.jobs.stage import StagedFile, remove_staging
from signstation.model.jobs import JobState
from signstation.model.keys import Scheme
from signstation.system.files import open_regular, open_root, shown
from signstation.system.files_publish import sync_data

_NOT_THERE = (PathMissing, NotARegularFile, LeavesTree)


class Recovery:
    """Settles jobs that were under way when a station ended. Lives on the event loop."""

    def __init__(self, engine: Engine) -> None:
        """Nothing of the jobs that are settled may be running."""
        self._engine = engine

    async def settle(self, job: StoredJob, *, consent: bool) -> tuple[StoredStep, ...]:
        """Bring every unfinished step to an end or to its queue; return those to be run.

        ``consent``: a person resumes the job, and so allows what might sign a second time.
        """
        rows = self._engine.journal.rows
        unknown = rows.unknown(job.id)
        waiting = [
            step
            for step in job.steps
            if not step.state.final and not await self._finished(job, step)
        ]
        running = [
            step for step in waiting if consent or not self._asks_a_person(job, step, unknown)
        ]
        chosen = {step.id for step in running}
        for step in waiting:
            if step.id not in chosen:
                count = len(unknown.get(step.id, ()))
                effect = Effect.UNKNOWN if count else Effect.UNCHANGED
                error = Interrupted(unknown=count, effect=effect)
                self._engine.journal.ended(step.id, Ended(JobState.INTERRUPTED, error))
        await self._engine.journal.requeued([step.id for step in running])
        return tuple(running)

    async def empty_staging(self, only: int | None = None) -> None:
        """Remove what is left of staging directories, when nothing in them is needed any more."""
        for path, job in self._engine.journal.rows.staging():
            if only in {None, job} and await self._engine.hands.do(partial(_remove, path)):
                self._engine.journal.staging_removed(job, path)

    def _asks_a_person(
        self, job: StoredJob, step: StoredStep, unknown: Mapping[int, tuple[Scheme, ...]]
    ) -> bool:
        """Return whether going on might sign a second time, or would prompt nobody at hand."""
        if not all(scheme.repeatable for scheme in unknown.get(step.id, ())):
            return True
        slots = job.signing.request.items[step.ordinal].slots
        if not any(job.signing.profiles[slot.signer].prompts for slot in slots):
            return False
        return len(self._engine.journal.rows.recorded(step.id)) < len(slots)

    async def _finished(self, job: StoredJob, step: StoredStep) -> bool:
        """Put back or roll forward a step; return False where it has to be run (again)."""
        journal = self._engine.journal
        try:
            original = journal.rows.original(step.id)
            if original is not None:
                await self._engine.hands.do(partial(restore, step.plan, original))
                forward = False
            else:
                outputs = journal.rows.outputs(step.id)
                if not outputs or any(output.sha256 is None for output in outputs):
                    return False
                forward = await self._roll_forward(job, step, outputs)
        except (NotWritable, DiskFull) as error:
            journal.interrupted(step.id, error)  # what is noted stays: it is tried again
            return True
        except SignstationError as error:
            record = self._account(job, step).failure(self._engine.clock(), error)
            journal.ended(step.id, Ended(JobState.FAILED, error, record=record))
            return True
        if forward:
            journal.published(self._published(job, step))
        else:
            await journal.unready([step.id])
        return forward

    def _account(self, job: StoredJob, step: StoredStep) -> Account:
        return account_of(job.id, who(job.signing.caller), job.signing, step)

    def _published(self, job: StoredJob, step: StoredStep) -> Published:
        account = self._account(job, step)
        root, outputs = step.plan.target_root, self._engine.journal.rows.outputs(step.id)
        return Published(
            job=job.id,
            step=step.id,
            at=self._engine.clock(),
            artifact_sha256=step.artifact_sha256 or b"",
            outputs=tuple((f"{root}/{each.target.name}", each.sha256 or b"") for each in outputs),
            in_place=step.plan.in_place,
            caller=account.caller,
            keys=account.keys,
        )

    async def _roll_forward(
        self, job: StoredJob, step: StoredStep, outputs: Sequence[StoredOutput]
    ) -> bool:
        """Give staged outputs their names; return False where one is in neither place."""
        plan = step.plan
        left: list[StoredOutput] = []
        for output in outputs:
            found = await self._digest(plan.target_root, output.target.name)
            if found == output.sha256:
                continue
            if plan.in_place and not output.target.suffix and found != step.artifact_sha256:
                raise ArtifactChanged(
                    path=shown(plan.path),
                    expected=(step.artifact_sha256 or b"").hex(),
                    found=(found or b"").hex(),
                )
            if output.staged is None or await self._digest(plan.staging, output.staged) != (
                output.sha256
            ):
                return False
            left.append(output)
        if left:
            await self._engine.hands.do(partial(self._rename, job, step, left))
        return True

    async def _digest(self, root: Path, name: str) -> bytes | None:
        """Return the SHA-256 of a file, None where there is none."""
        try:
            descriptor = await self._engine.hands.do(partial(_open, root, name))
        except _NOT_THERE:
            return None
        try:
            return await self._engine.hashes.digest(descriptor, _ignore)
        finally:
            os.close(descriptor)

    def _rename(self, job: StoredJob, step: StoredStep, outputs: Sequence[StoredOutput]) -> None:
        """Sync and rename the staged outputs of one step. Blocks."""
        plan = step.plan
        directories = TargetDirectories()
        staging = open_root(plan.staging)
        staged: list[StagedFile] = []
        try:
            for output in outputs:
                name = str(output.staged)
                descriptor = open_regular(staging, name, plan.staging / name)
                staged.append(StagedFile(output.ordinal, name, descriptor, output.target))
            sync_data([(file.descriptor, plan.staging / file.name) for file in staged])
            publication = Publication(
                step=step.id,
                plan=plan,
                artifact_sha256=step.artifact_sha256 or b"",
                staging=staging,
                staged=tuple(staged),
                digests=tuple(output.sha256 or b"" for output in outputs),
                replace=job.signing.replace or plan.in_place,
                source=None,
            )
            give_names(publication, directories, self._engine.checkpoints)
            for error in directories.sync().values():
                raise error
        finally:
            directories.close()
            for file in staged:
                os.close(file.descriptor)
            os.close(staging)


def _open(root: Path, name: str) -> int:
    directory = open_root(root)
    try:
        return open_regular(directory, name, root / name)
    finally:
        os.close(directory)


def _remove(path: Path) -> bool:
    """Remove a staging directory of an earlier process; return whether it is gone. Blocks."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    try:
        if os.fstat(descriptor).st_uid != os.geteuid():
            return True  # not ours: somebody took the name
        return remove_staging(path, descriptor)
    finally:
        with suppress(OSError):
            os.close(descriptor)


def _ignore(_done: int) -> None:
    """Take no notice of progress."""
