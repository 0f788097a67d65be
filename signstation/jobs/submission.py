"""A sealed plan becomes rows: a job, its steps, their planned outputs, its staging directories."""

from __future__ import annotations

import json

from signstation.codec.plain import to_plain
from signstation.errors import StoreDamaged
from signstation.jobs.accounts import joined
from signstation.jobs.commits import Writer
from signstation.jobs.rows import StoredJob, StoredStep
from signstation.jobs.sealed import SealedPlan, StepPlan
from signstation.model.audit import AuditKind
from signstation.model.jobs import JobState


def insert_job(writer: Writer, plan: SealedPlan, at: int, caller: str) -> StoredJob:
    """Store a job in the transaction of ``writer`` and return it as it would be read back.

    ``caller`` is what the audit log calls the orderer.
    """
    connection, signing = writer.connection, plan.signing
    job = _number(
        connection.execute(
            "INSERT INTO job (title, created, request, request_sha256, keys, profiles, caller,"
            " replace_targets, checkpoint, owing) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                plan.title,
                at,
                signing.data,
                bytes.fromhex(plan.id),
                json.dumps([signer.key for signer in signing.request.signers]),
                json.dumps(to_plain(signing.profiles)),
                json.dumps(to_plain(signing.caller)),
                int(signing.replace),
                "" if plan.checkpoint is None else str(plan.checkpoint),
                int(plan.checkpoint is not None),
            ),
        ).lastrowid
    )
    steps = tuple(
        _insert_step(writer, job, ordinal, step) for ordinal, step in enumerate(plan.steps)
    )
    connection.executemany(
        "INSERT INTO staging (path, job) VALUES (?, ?)",
        [(path, job) for path in {str(step.staging) for step in plan.steps}],
    )
    writer.audit(
        job,
        None,
        {
            "event": AuditKind.SUBMITTED.value,
            "at": at,
            "job": job,
            "caller": caller,
            "key": joined(tuple(signer.key for signer in signing.request.signers)),
            "request": plan.id,
            "items": len(steps),
        },
    )
    return StoredJob(job, signing, steps)


def _insert_step(writer: Writer, job: int, ordinal: int, plan: StepPlan) -> StoredStep:
    step = _number(
        writer.connection.execute(
            "INSERT INTO step (job, ordinal, root, name, title, format, size, target_root, staging,"
            " state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued')",
            (
                job,
                ordinal,
                str(plan.root),
                plan.name,
                plan.title,
                plan.format,
                plan.size,
                str(plan.target_root),
                str(plan.staging),
            ),
        ).lastrowid
    )
    writer.connection.executemany(
        "INSERT INTO output (step, ordinal, suffix, target, state) VALUES (?, ?, ?, ?, 'planned')",
        [(step, number, each.suffix, each.name) for number, each in enumerate(plan.targets)],
    )
    return StoredStep(step, ordinal, plan, JobState.QUEUED, attempts=0, artifact_sha256=None)


def _number(row: int | None) -> int:
    if row is None:
        raise StoreDamaged(reason="an inserted row has no number")
    return row
