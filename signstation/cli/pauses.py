"""``signstation job pause`` and ``unpause``: hold jobs back, and let them go on."""

from __future__ import annotations

import click

from signstation.cli.command import ExampleCommand, json_option, secret_option
from signstation.cli.output import Output
from signstation.cli.run import asker_for, run, station
from signstation.cli.steps import follow, print_jobs, print_steps, steps_of
from signstation.errors import UsageError

_JOB = click.argument("job_id", metavar="[JOB]", type=click.IntRange(min=1), required=False)


@click.command("pause", cls=ExampleCommand, short_help="Hold a job back.")
@_JOB
@click.option("--all", "every", is_flag=True, help="All jobs that are in the queue now.")
@json_option
def pause(job_id: int | None, every: bool, as_json: bool) -> int:  # noqa: FBT001 - click flags
    """Begin no more artifacts of a job; those that are being signed are finished.

    Its keys are closed meanwhile. A paused job stays paused, after a restart too, until it is let
    go on; jobs that are ordered later are not held back.
    """
    return run(as_json, lambda output: _pause(output, _chosen(job_id, every=every)))


@click.command("unpause", cls=ExampleCommand, short_help="Let a paused job go on.")
@_JOB
@click.option("--all", "every", is_flag=True, help="All jobs that are paused.")
@secret_option
@json_option
def unpause(
    job_id: int | None,
    every: bool,  # noqa: FBT001 - a click flag
    secret_fd: int | None,
    as_json: bool,  # noqa: FBT001 - a click flag
) -> int:
    """Let a paused job go on and wait for its end; its keys may ask for their passphrase again."""
    return run(as_json, lambda output: _unpause(output, _chosen(job_id, every=every), secret_fd))


def _chosen(job_id: int | None, *, every: bool) -> int | None:
    if every == (job_id is not None):
        raise UsageError(reason="give the number of a job, or --all")
    return job_id


def _pause(output: Output, job_id: int | None) -> None:
    with station(output) as talk:
        paused = talk.wait(talk.api.pause(job_id))
        named = paused if job_id is None else (job_id,)
        rows = tuple(talk.wait(talk.api.job(each)) for each in named)
    if rows:
        print_jobs(output, rows)
    else:
        output.text("No job has artifacts that wait.")


def _unpause(output: Output, job_id: int | None, secret_fd: int | None) -> None:
    with station(output, asker_for(secret_fd)) as talk:
        going_on = talk.wait(talk.api.unpause(job_id))
        if not going_on:
            output.text("No job is paused.")
        for each in going_on:
            follow(talk, each)
            print_steps(output, steps_of(talk, each))
