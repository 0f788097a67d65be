"""Finds the version of a thing that this station signed last, in the journal."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from signstation.jobs.runner import Runner
from signstation.model.jobs import JobRow, JobState, StepRow
from signstation.model.versions import Earlier, Subject, subject

MAX_JOBS = 200
"""Newest jobs that are searched: years of releases of one team."""
MAX_STEPS = 50_000
"""Most steps that are searched: a few hundred milliseconds."""


async def earlier_versions(runner: Runner, wanted: tuple[Subject, ...]) -> tuple[Earlier, ...]:
    """Return the newest earlier version of each subject that has one, in their order.

    Reads the journal only: whether the file is still there, unchanged, is for an inspection.
    """
    missing: dict[tuple[str, str], list[Subject]] = {}
    for each in wanted:
        missing.setdefault((each.format, each.name), []).append(each)
    found: dict[Path, Earlier] = {}
    searched = 0
    for job in (await runner.jobs())[:MAX_JOBS]:
        offset = 0
        while missing and searched < MAX_STEPS and offset < job.steps:
            rows = await runner.steps(job.id, offset)
            if not rows:
                break
            _take(rows, job, missing, found)
            offset += len(rows)
            searched += len(rows)
    return tuple(found[each.path] for each in wanted if each.path in found)


def _take(
    rows: Iterable[StepRow],
    job: JobRow,
    missing: dict[tuple[str, str], list[Subject]],
    found: dict[Path, Earlier],
) -> None:
    for row in rows:
        if row.state is not JobState.DONE or not row.outputs:
            continue
        path, output = Path(row.path), Path(row.outputs[0])
        name = subject(row.format, row.title, path.name)
        inside = output.name == path.name  # else the result is just a signature beside the file
        for each in missing.pop((row.format, name), ()):
            found[each.path] = Earlier(
                subject=each.path,
                path=output if inside else path,
                sha256=row.output_sha256 if inside and len(row.outputs) == 1 else None,
                signed_at=job.finished or job.created,
            )
