"""The journal: every change of a job as one row-level operation, durable before it matters.

Writes go through the commit thread; the rows are read back by ``jobs/rows.py`` over connections
that cannot write.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from signstation.codec.plain import canonical
from signstation.errors import SignstationError
from signstation.jobs.accounts import joined, who
from signstation.jobs.checkpoints import Checkpoints, NoCheckpoints, Point
from signstation.jobs.commits import Body, CommitThread, Writer
from signstation.jobs.original import Original
from signstation.jobs.rows import Rows, StoredJob
from signstation.jobs.sealed import SealedPlan
from signstation.jobs.submission import insert_job
from signstation.model.asks import ToSign
from signstation.model.audit import AuditKind
from signstation.model.jobs import Counter, JobState


@dataclass(frozen=True, slots=True)
class Intent:
    """One ask of a step: its place in the order in which the generator yields."""

    ordinal: int
    ask: ToSign


@dataclass(frozen=True, slots=True)
class ReadyOutput:
    """A staged, rechecked output: its ordinal in the step, its name in staging, its SHA-256."""

    ordinal: int
    staged: str | None  # None: in place
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Ended:
    """How a step ended. ``error`` is None where it is done; ``record`` goes into the audit log."""

    state: JobState
    error: SignstationError | None
    attempts: int = 0
    counters: tuple[Counter, ...] = ()
    record: Body | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """What the audit trail keeps of a step that is done: paths with their SHA-256."""

    job: int
    step: int
    at: int  # Unix seconds
    artifact_sha256: bytes
    outputs: tuple[tuple[str, bytes], ...]
    counters: tuple[Counter, ...] = ()
    in_place: bool = False
    caller: str = ""
    keys: tuple[str, ...] = ()


class Journal:
    """Owns the database. Lives on the event loop's thread; only ``close`` blocks."""

    def __init__(
        self, path: Path, checkpoints: Checkpoints | None = None, preface: Body | None = None
    ) -> None:
        """Open or make the database. Raises StoreTooNew, StoreDamaged, NotWritable, DiskFull.

        ``preface`` is the audit record that goes before the first one that is written here.
        """
        self._commits = CommitThread(path, checkpoints or NoCheckpoints(), preface)
        self.rows = Rows(path)

    @property
    def failure(self) -> SignstationError | None:
        """Why nothing can be written any more, until ``revive``."""
        return self._commits.failure

    @property
    def commits(self) -> int:
        """Transactions committed so far."""
        return self._commits.commits

    def set_in_flight(self, count: int) -> None:
        """Say how many steps are under way: from 8 on, commits wait for one another."""
        self._commits.in_flight = count

    def revive(self) -> None:
        """Write again after a failure."""
        self._commits.revive()

    def close(self) -> None:
        """Commit what is pending and close. Blocks."""
        self._commits.close()
        self.rows.close()

    async def submit(self, plan: SealedPlan, at: int) -> StoredJob:
        """Store a job with all its steps, and return it when that is durable."""
        stored: list[StoredJob] = []
        caller = who(plan.signing.caller)
        await self._commits.durable(
            lambda writer: stored.append(insert_job(writer, plan, at, caller))
        )
        return stored[0]

    def note(self, record: Body) -> asyncio.Future[None]:
        """Append to the audit log what did not happen in a job."""
        return self._commits.durable(lambda writer: writer.audit(None, None, record))

    def intended(
        self,
        step: int,
        attempt: int,
        intents: Sequence[Intent],
        *,
        urgent: bool,
        records: Sequence[Body],
    ) -> asyncio.Future[None]:
        """A key is about to be asked; awaited before it is. ``urgent``: the key is idle.

        ``records`` go into the audit log: one for each use of a key.
        """
        rows = [
            (step, each.ordinal, attempt, each.ask.slot, each.ask.scheme.value,
             each.ask.hash().value)
            for each in intents
        ]  # fmt: skip

        def write(writer: Writer) -> None:
            writer.connection.execute(
                "UPDATE step SET state = 'running', attempts = ?, error = NULL WHERE id = ?",
                (attempt, step),
            )
            writer.connection.executemany(
                "INSERT INTO ask (step, ordinal, attempt, slot, scheme, hash, state)"
                " VALUES (?, ?, ?, ?, ?, ?, 'intended')",
                rows,
            )
            for each in records:
                writer.audit(None, step, each)

        return self._commits.durable(write, Point.AFTER_INTENT_COMMIT, urgent=urgent)

    def answered(
        self,
        step: int,
        attempt: int,
        signatures: Iterable[tuple[int, bytes]],
        *,
        discarded: Body | None = None,
    ) -> None:
        """The key answered (ordinal, signature).

        ``discarded``: after the step was cancelled; this goes into the audit log.
        """
        state = "signed" if discarded is None else "discarded"
        rows = [(state, signature, step, ordinal, attempt) for ordinal, signature in signatures]

        def write(writer: Writer) -> None:
            writer.connection.executemany(
                "UPDATE ask SET state = ?, signature = ?"
                " WHERE step = ? AND ordinal = ? AND attempt = ?",
                rows,
            )
            if discarded is not None:
                writer.audit(None, step, discarded)

        self._commits.put(write, Point.AFTER_ANSWER_COMMIT)

    def unused(self, step: int, attempt: int, ordinals: Iterable[int], record: Body) -> None:
        """The key was not used for these intents after all, or refused them.

        ``record`` goes into the audit log where that was not known before.
        """
        rows = [(step, ordinal, attempt) for ordinal in ordinals]

        def write(writer: Writer) -> None:
            changed = writer.connection.executemany(
                "UPDATE ask SET state = 'unused'"
                " WHERE step = ? AND ordinal = ? AND attempt = ? AND state = 'intended'",
                rows,
            ).rowcount
            if changed > 0:
                writer.audit(None, step, record)

        self._commits.put(write)

    def ready(
        self,
        step: int,
        artifact_sha256: bytes,
        outputs: Sequence[ReadyOutput],
        original: Original | None = None,
    ) -> asyncio.Future[None]:
        """Everything is staged and rechecked; awaited before the first rename or patch."""
        rows = [(each.staged, each.sha256, step, each.ordinal) for each in outputs]

        def write(writer: Writer) -> None:
            writer.connection.execute(
                "UPDATE step SET state = 'publishing', artifact_sha256 = ? WHERE id = ?",
                (artifact_sha256, step),
            )
            writer.connection.executemany(
                "UPDATE output SET state = 'ready', staged = ?, sha256 = ?"
                " WHERE step = ? AND ordinal = ?",
                rows,
            )
            if original is not None:
                _insert_original(writer, step, original)

        return self._commits.durable(write, Point.AFTER_READY_COMMIT)

    def published(self, published: Published) -> None:
        """Every output has its name: the step is done, and audited in the same commit."""
        done, spent = published, _counters(published.counters)
        artifact = done.artifact_sha256.hex()

        def write(writer: Writer) -> None:
            changed = writer.connection.execute(
                "UPDATE step SET state = 'done', error = NULL, counters = ?"
                " WHERE id = ? AND state <> 'done'",
                (spent, done.step),
            ).rowcount
            for path, digest in done.outputs if changed else ():
                body: dict[str, str | int] = {
                    "event": AuditKind.PUBLISHED.value,
                    "at": done.at,
                    "job": done.job,
                    "step": done.step,
                    "caller": done.caller,
                    "key": joined(done.keys),
                    "path": path,
                    "sha256": digest.hex(),
                    "artifact_sha256": artifact,
                }
                writer.audit(done.job, done.step, body)
            if done.in_place:
                writer.connection.execute("DELETE FROM patch WHERE step = ?", (done.step,))

        self._commits.put(write, Point.AFTER_DONE_COMMIT)

    def ended(self, step: int, ended: Ended) -> None:
        """A step ended without a result: nothing of it is published or will be."""
        error = None if ended.error is None else json.dumps(ended.error.to_wire())

        def write(writer: Writer) -> None:
            writer.connection.execute(
                "UPDATE step SET state = ?, error = ?, counters = ?, attempts = max(attempts, ?)"
                " WHERE id = ?",
                (ended.state.value, error, _counters(ended.counters), ended.attempts, step),
            )
            forget_outputs(writer, step)
            if ended.record is not None:
                writer.audit(None, step, ended.record)

        self._commits.put(write)

    def interrupted(self, step: int, error: SignstationError) -> None:
        """A step waits for a person; what is ready or to be put back stays noted."""
        wire = json.dumps(error.to_wire())
        self._put("UPDATE step SET state = 'interrupted', error = ? WHERE id = ?", (wire, step))

    def requeued(self, steps: Sequence[int]) -> asyncio.Future[None]:
        """Steps wait for their turn again: retried or resumed."""
        rows = [(step,) for step in steps]

        def write(writer: Writer) -> None:
            writer.connection.executemany(
                "UPDATE step SET state = 'queued', error = NULL WHERE id = ?", rows
            )
            writer.connection.executemany(
                "INSERT OR IGNORE INTO staging (path, job) SELECT staging, job FROM step"
                " WHERE id = ?",
                rows,
            )
            writer.connection.executemany(
                "UPDATE job SET finished = NULL, owing = checkpoint <> ''"
                " WHERE id = (SELECT job FROM step WHERE id = ?)",
                rows,
            )

        return self._commits.durable(write)

    def paused(self, jobs: Sequence[int], *, paused: bool) -> asyncio.Future[None]:
        """Jobs begin no more steps, after a restart either; or they may again."""
        rows = [(int(paused), job) for job in jobs]

        def write(writer: Writer) -> None:
            writer.connection.executemany("UPDATE job SET paused = ? WHERE id = ?", rows)

        return self._commits.durable(write)

    def unready(self, steps: Sequence[int]) -> asyncio.Future[None]:
        """What was ready is lost (or put back): the steps are to be replayed."""

        def write(writer: Writer) -> None:
            for step in steps:
                forget_outputs(writer, step)

        return self._commits.durable(write)

    def staging_removed(self, job: int, path: Path) -> None:
        """A staging directory of a job is gone."""
        self._put("DELETE FROM staging WHERE job = ? AND path = ?", (job, str(path)))

    def finished(
        self, job: int, at: int, *, staging_removed: bool, cancelled_by: str = ""
    ) -> asyncio.Future[None]:
        """Nothing of a job runs any more: it has ended unless steps of it are interrupted.

        Steps that were cancelled are told to the audit log, once, with who ordered that.
        """

        def write(writer: Writer) -> None:
            ended = writer.connection.execute(
                "UPDATE job SET finished = ?1 WHERE id = ?2 AND finished IS NULL"
                " AND NOT EXISTS (SELECT 1 FROM step"
                " WHERE job = ?2 AND state NOT IN ('done', 'failed', 'cancelled'))",
                (at, job),
            ).rowcount
            if ended:
                _audit_cancelled(writer, job, at, cancelled_by)
            if staging_removed:
                writer.connection.execute("DELETE FROM staging WHERE job = ?", (job,))

        return self._commits.durable(write)

    def vouched(self, job: int) -> asyncio.Future[None]:
        """The checkpoint of a job is where it belongs, or cannot be left there."""

        def write(writer: Writer) -> None:
            writer.connection.execute("UPDATE job SET owing = 0 WHERE id = ?", (job,))

        return self._commits.durable(write)

    def _put(self, statement: str, values: tuple[object, ...]) -> None:
        def write(writer: Writer) -> None:
            writer.connection.execute(statement, values)

        self._commits.put(write)


def _audit_cancelled(writer: Writer, job: int, at: int, by: str) -> None:
    (count,) = writer.connection.execute(
        "SELECT count(*) FROM step WHERE job = ? AND state = 'cancelled'", (job,)
    ).fetchone()
    if count:
        body: Body = {
            "event": AuditKind.CANCELLED.value,
            "at": at,
            "job": job,
            "caller": by,
            "count": count,
        }
        writer.audit(job, None, body)


def forget_outputs(writer: Writer, step: int) -> None:
    """Set a step's outputs back to planned."""
    writer.connection.execute(
        "UPDATE output SET state = 'planned', staged = NULL, sha256 = NULL WHERE step = ?", (step,)
    )
    writer.connection.execute("DELETE FROM patch WHERE step = ?", (step,))


def _insert_original(writer: Writer, step: int, original: Original) -> None:
    writer.connection.executemany(
        "INSERT INTO patch (step, ordinal, at, old, new, inode, size) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (step, number, patch.offset, old, patch.new, original.inode, original.size)
            for number, (patch, old) in enumerate(zip(original.patches, original.old, strict=True))
        ],
    )


def _counters(counters: tuple[Counter, ...]) -> str:
    return canonical({each.phase.value: each.nanoseconds for each in counters}).decode()
