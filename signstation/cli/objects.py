"""The JSON objects that only the command line prints: plans, jobs, steps, formats, health.

As those of ``reports/verification.py``: ``schema`` and ``type`` first; JSON Schemas are in
``resources/schemas``.
"""

from __future__ import annotations

import json

from signstation.interfaces.format import Format
from signstation.model.anchors import Anchor
from signstation.model.evidence import Evidence
from signstation.model.jobdetail import JobDetail
from signstation.model.jobs import JobRow, StepRow
from signstation.model.orders import PlannedItem, PlanSummary
from signstation.model.profiles import Profile
from signstation.model.station import DoctorRow
from signstation.reports.verification import SCHEMA, Json


def head(kind: str) -> Json:
    """Return what every object begins with."""
    return {"schema": SCHEMA, "type": kind}


def planned_json(item: PlannedItem) -> Json:
    """Return one artifact of a plan."""
    return {
        **head("planned"),
        "path": str(item.path),
        "format": item.format,
        "title": item.title,
        "size": item.size,
        "signatures": list(item.slots),
        "outputs": [str(each) for each in item.outputs],
        "findings": item.findings,
        "stage": item.stage.value,
    }


def plan_json(plan: PlanSummary) -> Json:
    """Return the plan as a whole; its artifacts are objects of their own."""
    return {
        **head("plan"),
        "id": plan.id,
        "artifacts": len(plan.items),
        "refused": len(plan.refused),
        "skipped": [str(each) for each in plan.skipped],
        "key_operations": plan.key_operations,
        "prompts": [{"name": each.name, "count": each.count} for each in plan.prompts],
        "warnings": list(plan.warnings),
        "findings": [
            {
                "code": each.finding.code,
                "severity": each.finding.severity.value,
                "text": each.finding.text.english(),
                "path": str(each.path),
                "remedy": list(each.remedy),
            }
            for each in plan.findings
        ],
        "covered": [{"path": str(each.path), "by": str(each.by)} for each in plan.covered],
        "signed": [str(each) for each in plan.signed],
    }


def step_json(step: StepRow) -> Json:
    """Return one artifact of a job; ``sha256`` is that of the first output."""
    return {
        **head("artifact"),
        "job": step.job,
        "step": step.id,
        "path": step.path,
        "format": step.format,
        "title": step.title,
        "state": step.state.value,
        "attempts": step.attempts,
        "outputs": list(step.outputs),
        "sha256": step.output_sha256.hex() if step.output_sha256 else None,
        "counters": {each.phase.value: each.nanoseconds for each in step.counters},
        "error": json.loads(step.error) if step.error else None,
    }


def job_json(job: JobRow) -> Json:
    """Return a job without its artifacts."""
    return {
        **head("job"),
        "job": job.id,
        "title": job.title,
        "state": job.state.value,
        "created": job.created,
        "finished": job.finished,
        "artifacts": job.steps,
        "done": job.done,
        "failed": job.failed,
        "request": job.request_sha256.hex(),
        "keys": list(job.keys),
        "paused": job.paused,
    }


def profile_json(profile: Profile) -> Json:
    """Return a saved profile; empty where it leaves something open."""
    return {
        **head("profile"),
        "name": profile.name,
        "source": profile.source,
        "keys": list(profile.keys),
        "as": profile.artifact_type,
        "hash": profile.hash,
        "certificates": list(profile.certificates),
        "existing": profile.existing,
        "options": dict(profile.options),
        "output": profile.output,
        "kinds": [
            {
                "format": each.format,
                "key": each.key,
                "signature": each.signature,
                "hash": each.hash,
            }
            for each in profile.kinds
        ],
    }


def job_detail_json(detail: JobDetail) -> Json:
    """Return the sealed order of a job; in ``commands`` FILE stands for each artifact."""
    return {
        **head("order"),
        "job": detail.job,
        "request": detail.request_sha256,
        "signing_time": detail.signing_time,
        "caller": {"surface": detail.surface, "uid": detail.uid, "pid": detail.pid},
        "signers": [
            {
                "key": each.key,
                "label": each.label,
                "algorithm": each.algorithm,
                "protection": each.protection.value,
                "spki_sha256": each.spki_sha256,
            }
            for each in detail.signers
        ],
        "groups": [
            {
                "format": each.format,
                "artifacts": each.artifacts,
                "first": each.first,
                "signatures": list(each.signatures),
                "commands": [list(command) for command in each.commands],
            }
            for each in detail.commands
        ],
    }


def format_json(kind: Format) -> Json:
    """Return what ``--as`` may name and ``--option`` may set."""
    return {
        **head("format"),
        "format": kind.id,
        "title": kind.title.english(),
        "rules": kind.rules,
        "signature_types": [each.value for each in kind.signature_types],
        "hash": kind.default_hash.value,
        "options": [
            {
                "name": each.name,
                "title": each.title.english(),
                "default": each.default,
                "values": [choice.value for choice in each.choices],
            }
            for each in kind.options
        ],
    }


def health_json(row: DoctorRow) -> Json:
    """Return one row of ``doctor``."""
    return {
        **head("health"),
        "id": row.id,
        "health": row.health.value,
        "title": row.title.english(),
        "detail": row.detail.english(),
        "remedy": row.remedy.english() if row.remedy else None,
    }


def file_json(path: str) -> Json:
    """Return a file that was written."""
    return {**head("file"), "path": path}


def evidence_json(made: Evidence) -> Json:
    """Return the evidence that was gathered; ``findings`` say what it lacks."""
    return {
        **head("evidence"),
        "path": str(made.directory),
        "artifacts": made.artifacts,
        "verified": made.verified,
        "files": list(made.files),
        "findings": list(made.findings),
    }


def anchor_json(anchor: Anchor, *, pinned: bool) -> Json:
    """Return a trust anchor; ``origin`` is null while it is not pinned."""
    origin = {"source": anchor.origin.source, "since": anchor.origin.since}
    return {
        **head("anchor"),
        "fingerprint": anchor.identity,
        "kind": anchor.kind.value,
        "label": anchor.label,
        "names": list(anchor.names),
        "state": anchor.state.value,
        "expires": anchor.expires,
        "pinned": pinned,
        "purposes": [each.value for each in anchor.purposes] if pinned else [],
        "origin": origin if pinned else None,
        "keys": [
            {
                "fingerprint": each.fingerprint,
                "algorithm": each.type.title,
                "state": each.state.value,
                "created": each.created,
                "expires": each.expires,
                "usages": list(each.usages),
                "notes": [note.english() for note in each.notes],
            }
            for each in anchor.keys
        ],
    }
