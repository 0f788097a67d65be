"""Following a job to its end and printing what became of each artifact."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import UTC, datetime

from signstation.app.api import MAX_STEPS_PER_CALL
from signstation.cli.conversation import Conversation
from signstation.cli.objects import job_json, step_json
from signstation.cli.output import Output, nearby, wire_error
from signstation.effects import ExitStatus
from signstation.errors import Cancelled
from signstation.model.jobs import JobRow, JobState, StepRow
from signstation.model.orders import PlanSummary
from signstation.reports.messages import explain
from signstation.reports.words import sentence

STATES = {
    JobState.QUEUED: "queued",
    JobState.WAITING: "waiting",
    JobState.RUNNING: "running",
    JobState.CANCELLING: "being cancelled",
    JobState.PUBLISHING: "being published",
    JobState.INTERRUPTED: "interrupted",
    JobState.DONE: "done",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "cancelled",
}


def follow(talk: Conversation, job: int) -> JobRow:
    """Wait for a job; Ctrl-C cancels it in order. Progress is shown on a terminal only."""
    progress = Progress(talk, job)
    try:
        return talk.wait(
            talk.api.wait(job), interrupt=lambda: talk.api.cancel(job), tick=progress.tick
        )
    finally:
        progress.clear()


class Progress:
    """A line on stderr that is written over; silent where stderr is not a terminal."""

    def __init__(self, talk: Conversation, job: int) -> None:
        """Ask for the job's counts now and then, without waiting."""
        self._talk = talk
        self._job = job
        self._asked: Future[JobRow] | None = None
        self._shown = False
        self._on = sys.stderr.isatty()

    def tick(self) -> None:
        """Show the counts that have come, and ask again."""
        if not self._on:
            return
        if self._asked and self._asked.done() and not self._asked.exception():
            row = self._asked.result()
            failed = f", {row.failed} failed" if row.failed else ""
            self._write(f"Signing: {row.done} of {row.steps} done{failed}")
        if self._asked is None or self._asked.done():
            self._asked = self._talk.api.job(self._job)

    def clear(self) -> None:
        """Leave an empty line."""
        if self._shown:
            self._write("")

    def _write(self, text: str) -> None:
        self._shown = True
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()


def steps_of(talk: Conversation, job: int) -> list[StepRow]:
    """Return all steps of a job in order."""
    found: list[StepRow] = []
    while True:
        part = talk.wait(talk.api.steps(job, len(found)))
        found += part
        if len(part) < MAX_STEPS_PER_CALL:
            return found


def print_jobs(output: Output, jobs: tuple[JobRow, ...]) -> None:
    """Print jobs as a table."""
    for each in jobs:
        output.object(job_json(each))
    if not jobs:
        output.text("No jobs yet.")
        return
    output.table(
        ("JOB", "STATE", "ORDERED", "DONE", "FAILED", "TITLE"),
        [
            (
                str(each.id),
                _state(each),
                datetime.fromtimestamp(each.created, UTC).strftime("%Y-%m-%d %H:%M UTC"),
                f"{each.done} of {each.steps}",
                str(each.failed),
                each.title,
            )
            for each in jobs
        ],
    )


def _state(job: JobRow) -> str:
    if not job.paused:
        return STATES[job.state]
    return "paused" if job.state is JobState.QUEUED else f"paused, {STATES[job.state]}"


def print_steps(output: Output, steps: Sequence[StepRow], plan: PlanSummary | None = None) -> None:
    """Print each artifact, those that ``plan`` refused too; errors go to the end."""
    rows: list[tuple[str, ...]] = []
    slots = {str(each.path): "; ".join(each.slots) for each in plan.items} if plan else {}
    for step in steps:
        output.object(step_json(step))
        outputs = (
            ", ".join(nearby(each) for each in step.outputs) if step.state is JobState.DONE else "—"
        )
        signatures = slots.get(step.path, step.format)
        rows.append((nearby(step.path), signatures, outputs, _result(output, step)))
    for refusal in plan.refused if plan else ():
        error = wire_error(refusal.error)
        output.error(error, str(refusal.path))
        rows.append((nearby(str(refusal.path)), "—", "—", sentence(explain(error).what)))
    output.table(("ARTIFACT", "SIGNATURES", "OUTPUT", "RESULT"), rows)


def _result(output: Output, step: StepRow) -> str:
    match step.state:
        case JobState.DONE:
            return "signed, recheck passed"
        case JobState.FAILED | JobState.CANCELLED:
            error = wire_error(step.error) if step.error else Cancelled()
            output.error(error, step.path)
            return sentence(explain(error).what)
        case JobState.INTERRUPTED:
            output.note(ExitStatus.HOST)
    return STATES[step.state]
