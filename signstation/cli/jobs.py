"""``signstation job …``: what was ordered, how far it is, and what to do about it."""

from __future__ import annotations

import click

from signstation.cli.command import ExampleCommand, LazyGroup, json_option, secret_option
from signstation.cli.conversation import Conversation
from signstation.cli.jobdetail import counter_lines, digest_lines, order_lines
from signstation.cli.objects import job_detail_json
from signstation.cli.output import Output
from signstation.cli.pauses import pause, unpause
from signstation.cli.run import asker_for, run, station
from signstation.cli.steps import follow, print_jobs, print_steps, steps_of
from signstation.model.jobs import JobRow, JobState


@click.group(cls=LazyGroup, short_help="See and steer signing jobs.")
def job() -> None:
    """See and steer signing jobs."""


@job.command("list", cls=ExampleCommand, short_help="List all jobs, newest first.")
@json_option
def list_(as_json: bool) -> int:  # noqa: FBT001 - a click flag
    """List all jobs, newest first."""
    return run(as_json, _list)


@job.command("show", cls=ExampleCommand, short_help="Show a job's artifacts.")
@click.argument("job_id", metavar="JOB", type=click.IntRange(min=1))
@json_option
def show_(job_id: int, as_json: bool) -> int:  # noqa: FBT001 - a click flag
    """Show a job: keys, the exact commands, what became of each artifact, and where time went.

    The commands are what the real tools would be told for the same signatures; FILE stands for
    each artifact, CERTIFICATE for the file of the certificate. The status is that of the job's
    errors.
    """
    return run(as_json, lambda output: _show(output, job_id))


@job.command("resume", cls=ExampleCommand, short_help="Go on with interrupted jobs.")
@click.argument("job_id", metavar="[JOB]", type=click.IntRange(min=1), required=False)
@secret_option
@json_option
def resume(job_id: int | None, secret_fd: int | None, as_json: bool) -> int:  # noqa: FBT001
    """Go on with interrupted jobs (with all of them when none is named) and wait for their end.

    Signatures that were made before the interruption are used again. Where it is not known whether
    a token signed, this order is the consent to sign again.
    """
    return run(as_json, lambda output: _resume(output, job_id, secret_fd))


@job.command("retry", cls=ExampleCommand, short_help="Try failed artifacts again.")
@click.argument("job_id", metavar="JOB", type=click.IntRange(min=1))
@secret_option
@json_option
def retry(job_id: int, secret_fd: int | None, as_json: bool) -> int:  # noqa: FBT001
    """Queue a job's failed and cancelled artifacts again and wait for their end."""
    return run(as_json, lambda output: _retry(output, job_id, secret_fd))


@job.command("cancel", cls=ExampleCommand, short_help="Stop a job.")
@click.argument("job_id", metavar="JOB", type=click.IntRange(min=1))
@json_option
def cancel(job_id: int, as_json: bool) -> int:  # noqa: FBT001 - a click flag
    """Stop a job in order: what is published stays, nothing is half done."""
    return run(as_json, lambda output: _cancel(output, job_id))


job.add_command(pause)
job.add_command(unpause)


def _list(output: Output) -> None:
    with station(output) as talk:
        print_jobs(output, talk.wait(talk.api.jobs()))


def _show(output: Output, job_id: int) -> None:
    with station(output) as talk:
        print_jobs(output, (talk.wait(talk.api.job(job_id)),))
        detail = talk.wait(talk.api.job_detail(job_id))
        steps = steps_of(talk, job_id)
    output.object(job_detail_json(detail))
    output.text("", *order_lines(detail), "")
    print_steps(output, steps)
    output.text(*digest_lines(steps), *counter_lines(steps))


def _resume(output: Output, job_id: int | None, secret_fd: int | None) -> None:
    with station(output, asker_for(secret_fd)) as talk:
        # Jobs that ask nobody go on by themselves as soon as a station is there.
        unfinished = _unfinished(talk, job_id)  # what is paused is not waited for
        if job_id is None or not unfinished or unfinished[0].state is JobState.INTERRUPTED:
            talk.wait(talk.api.resume(job_id))
        if not unfinished:
            output.text("No job is interrupted.")
        for each in unfinished:
            _finish(output, talk, each.id)


def _unfinished(talk: Conversation, job_id: int | None) -> list[JobRow]:
    jobs = talk.wait(talk.api.jobs())
    return [
        each
        for each in reversed(jobs)
        if not each.state.final and not each.paused and job_id in {None, each.id}
    ]


def _retry(output: Output, job_id: int, secret_fd: int | None) -> None:
    with station(output, asker_for(secret_fd)) as talk:
        talk.wait(talk.api.retry(job_id))
        _finish(output, talk, job_id)


def _cancel(output: Output, job_id: int) -> None:
    with station(output) as talk:
        talk.wait(talk.api.cancel(job_id))
        print_jobs(output, (talk.wait(talk.api.job(job_id)),))


def _finish(output: Output, talk: Conversation, job_id: int) -> None:
    follow(talk, job_id)
    print_steps(output, steps_of(talk, job_id))
