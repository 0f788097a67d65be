"""The journal's rows as values, over a connection that cannot write."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signstation.codec.plain import from_plain
from signstation.codec.request import parse_request
from signstation.errors import SignstationError, StoreDamaged, UsageError
from signstation.jobs.commits import store_error
from signstation.jobs.original import Original
from signstation.jobs.sealed import Signing, StepPlan, Target
from signstation.jobs.states import job_state
from signstation.model.hashes import sha256
from signstation.model.jobs import Counter, JobRow, JobState, Phase, StepRow
from signstation.model.keys import Scheme, SignerProfile
from signstation.model.outputs import Patch
from signstation.model.station import Caller

_STEP_COLUMNS = (
    "id, job, ordinal, root, name, title, format, size, target_root, staging, state, attempts,"
    " artifact_sha256, error, counters"
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A signature of the journal: hash of the ask that it answers, and the answer."""

    hash: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class StoredOutput:
    """An output as far as it came; ``sha256`` is None while it is only planned."""

    ordinal: int
    target: Target
    staged: str | None
    sha256: bytes | None


@dataclass(frozen=True, slots=True)
class StoredStep:
    """A step as it is to be run or recovered."""

    id: int
    ordinal: int
    plan: StepPlan
    state: JobState
    attempts: int
    artifact_sha256: bytes | None


@dataclass(frozen=True, slots=True)
class StoredJob:
    """A job as it is to be run or recovered."""

    id: int
    signing: Signing
    steps: tuple[StoredStep, ...]


class Rows:
    """Reads; thread-safe. Every call blocks for a query."""

    def __init__(self, path: Path) -> None:
        """Open the existing database read-only."""
        self._path = path
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False
        )

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def jobs(self) -> tuple[JobRow, ...]:
        """Return all jobs, newest first."""
        return tuple(self._jobs(None))

    def job(self, job: int) -> JobRow:
        """Return one job. Raises UsageError where there is none."""
        for row in self._jobs(job):
            return row
        raise UsageError(reason=f"there is no job {job}")

    def steps(self, job: int, offset: int, limit: int) -> tuple[StepRow, ...]:
        """Return up to ``limit`` steps of a job from ``offset``, in order."""
        with self._reading() as connection:
            rows = connection.execute(
                f"SELECT {_STEP_COLUMNS} FROM step WHERE job = ? ORDER BY ordinal"  # noqa: S608
                " LIMIT ? OFFSET ?",
                (job, limit, offset),
            ).fetchall()
            outputs = _outputs_of(connection, [row[0] for row in rows])
        return tuple(_step_row(row, outputs.get(row[0], [])) for row in rows)

    def stored_job(self, job: int) -> StoredJob:
        """Return a job with all its steps. Raises UsageError, StoreDamaged."""
        with self._reading() as connection:
            found = connection.execute(
                "SELECT request, profiles, caller, replace_targets, request_sha256 FROM job"
                " WHERE id = ?",
                (job,),
            ).fetchone()
            if found is None:
                raise UsageError(reason=f"there is no job {job}")
            rows = connection.execute(
                f"SELECT {_STEP_COLUMNS} FROM step WHERE job = ? ORDER BY ordinal",  # noqa: S608
                (job,),
            ).fetchall()
            outputs = _outputs_of(connection, [row[0] for row in rows])
        if sha256(found[0]).value != found[4]:
            raise StoreDamaged(reason=f"the request of job {job} is not what was submitted")
        try:
            signing = Signing(
                request=parse_request(found[0]),
                data=found[0],
                profiles=from_plain(json.loads(found[1]), tuple[SignerProfile, ...]),
                caller=from_plain(json.loads(found[2]), Caller),
                replace=bool(found[3]),
            )
        except (SignstationError, ValueError) as error:
            raise StoreDamaged(reason=f"job {job} cannot be read") from error
        return StoredJob(
            job, signing, tuple(_stored_step(row, outputs.get(row[0], [])) for row in rows)
        )

    def unfinished(self) -> tuple[int, ...]:
        """Return the jobs that have steps in no final state, oldest first."""
        with self._reading() as connection:
            return tuple(
                job
                for (job,) in connection.execute(
                    "SELECT DISTINCT job FROM step"
                    " WHERE state NOT IN ('done', 'failed', 'cancelled') ORDER BY job"
                )
            )

    def paused(self) -> frozenset[int]:
        """Return the jobs that a person has paused; some may have ended since."""
        with self._reading() as connection:
            found = connection.execute("SELECT id FROM job WHERE paused = 1")
            return frozenset(job for (job,) in found)

    def owing(self, only: int | None) -> tuple[tuple[int, Path], ...]:
        """Return ended jobs with results that lack their checkpoint, and where it belongs."""
        with self._reading() as connection:
            found = connection.execute(
                "SELECT id, checkpoint FROM job WHERE owing = 1 AND (?1 IS NULL OR id = ?1)"
                " AND EXISTS (SELECT 1 FROM step WHERE job = job.id AND state = 'done')"
                " AND NOT EXISTS (SELECT 1 FROM step WHERE job = job.id"
                " AND state NOT IN ('done', 'failed', 'cancelled')) ORDER BY id",
                (only,),
            )
            return tuple((job, Path(place)) for job, place in found)

    def outputs(self, step: int) -> tuple[StoredOutput, ...]:
        """Return the outputs of a step in order."""
        with self._reading() as connection:
            return tuple(
                StoredOutput(ordinal, Target(suffix, target), staged, digest)
                for _, ordinal, suffix, target, staged, digest in _outputs_of(
                    connection, [step]
                ).get(step, [])
            )

    def original(self, step: int) -> Original | None:
        """Return what has to be put back of an in-place signing that was not finished."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT at, old, new, inode, size FROM patch WHERE step = ? ORDER BY ordinal",
                (step,),
            ).fetchall()
        if not rows:
            return None
        return Original(
            inode=rows[0][3],
            size=rows[0][4],
            patches=tuple(Patch(at, len(old), new) for at, old, new, _, _ in rows),
            old=tuple(old for _, old, _, _, _ in rows),
        )

    def recorded(self, step: int) -> Mapping[int, Recorded]:
        """Return the signatures of a step by ordinal, the latest of each; discarded ones not."""
        with self._reading() as connection:
            return {
                ordinal: Recorded(digest, signature)
                for ordinal, digest, signature in connection.execute(
                    "SELECT ordinal, hash, signature FROM ask WHERE step = ? AND state = 'signed'"
                    " ORDER BY attempt",
                    (step,),
                )
            }

    def unknown(self, job: int) -> Mapping[int, tuple[Scheme, ...]]:
        """Return by step the schemes of intents of which nobody knows whether they were signed."""
        with self._reading() as connection:
            found: dict[int, tuple[Scheme, ...]] = {}
            for step, scheme in connection.execute(
                "SELECT a.step, a.scheme FROM ask a JOIN step s ON s.id = a.step"
                " WHERE s.job = ? AND a.state = 'intended' AND NOT EXISTS (SELECT 1 FROM ask b"
                "  WHERE b.step = a.step AND b.ordinal = a.ordinal AND b.state = 'signed')",
                (job,),
            ):
                found[step] = (*found.get(step, ()), Scheme(scheme))
            return found

    def staging(self) -> tuple[tuple[Path, int], ...]:
        """Return the staging directories that may exist, with their job."""
        with self._reading() as connection:
            rows = connection.execute("SELECT path, job FROM staging ORDER BY path")
            return tuple((Path(path), job) for path, job in rows)

    def _jobs(self, only: int | None) -> Iterator[JobRow]:
        with self._reading() as connection:
            jobs = connection.execute(
                "SELECT id, title, created, finished, request_sha256, keys, paused,"
                " (SELECT root FROM step WHERE step.job = job.id AND ordinal = 0) FROM job"
                " WHERE ?1 IS NULL OR id = ?1 ORDER BY id DESC",
                (only,),
            ).fetchall()
            counts: dict[int, Tally[JobState]] = {}
            for job, state, count in connection.execute(
                "SELECT job, state, count(*) FROM step WHERE ?1 IS NULL OR job = ?1"
                " GROUP BY job, state",
                (only,),
            ):
                counts.setdefault(job, Tally())[JobState(state)] = count
        for job, title, created, finished, digest, keys, paused, root in jobs:
            tally = counts.get(job, Tally())
            state = job_state(tally)
            yield JobRow(
                id=job,
                title=title,
                state=state,
                created=created,
                finished=finished,
                steps=tally.total(),
                done=tally[JobState.DONE],
                failed=tally[JobState.FAILED],
                request_sha256=digest,
                keys=tuple(json.loads(keys)),
                paused=bool(paused) and not state.final,
                release=root or "",
            )

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._connection
            except sqlite3.Error as error:
                raise store_error(error, self._path) from error


_Output = tuple[int, int, str, str, str | None, bytes | None]
_Row = tuple[Any, ...]
"""A row as SQLite gives it; STRICT tables hold the declared types."""


def _outputs_of(connection: sqlite3.Connection, steps: Iterable[int]) -> dict[int, list[_Output]]:
    return {
        step: connection.execute(
            "SELECT step, ordinal, suffix, target, staged, sha256 FROM output WHERE step = ?"
            " ORDER BY ordinal",
            (step,),
        ).fetchall()
        for step in steps
    }


def _step_row(row: _Row, outputs: list[_Output]) -> StepRow:
    step = _stored_step(row, outputs)
    *_, error, counters = row
    spent = json.loads(counters) if counters else {}
    digests = [digest for *_, digest in outputs if digest is not None]
    return StepRow(
        id=step.id,
        job=row[1],
        ordinal=step.ordinal,
        path=str(step.plan.path),
        title=step.plan.title,
        format=step.plan.format,
        state=step.state,
        phase=None,
        done_bytes=step.plan.size if step.state is JobState.DONE else 0,
        total_bytes=step.plan.size,
        attempts=step.attempts,
        outputs=tuple(str(step.plan.target_root / each.name) for each in step.plan.targets),
        output_sha256=digests[0] if digests else None,
        error=error,
        counters=tuple(Counter(Phase(phase), spent[phase]) for phase in spent),
    )


def _stored_step(row: _Row, outputs: list[_Output]) -> StoredStep:
    (
        ident, _, ordinal, root, name, title, format_id, size, target_root, staging, state, tries,
        artifact, *_,
    ) = row  # fmt: skip
    return StoredStep(
        id=ident,
        ordinal=ordinal,
        plan=StepPlan(
            root=Path(root),
            name=name,
            title=title,
            format=format_id,
            size=size,
            target_root=Path(target_root),
            targets=tuple(Target(suffix, target) for _, _, suffix, target, _, _ in outputs),
            staging=Path(staging),
        ),
        state=JobState(state),
        attempts=tries,
        artifact_sha256=artifact,
    )
