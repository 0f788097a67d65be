"""``signstation report``: the evidence of a release, for those who do not have this station."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import click

from signstation.app.evidence import REPORT, SCRIPT, default_output
from signstation.cli.asking import Lines
from signstation.cli.command import PATH, ExampleCommand, json_option, secret_option
from signstation.cli.conversation import Conversation
from signstation.cli.objects import evidence_json
from signstation.cli.output import Output, nearby
from signstation.cli.run import asker_for, run, station, typed_key
from signstation.cli.steps import follow, print_steps, steps_of
from signstation.effects import ExitStatus
from signstation.model.evidence import Evidence, EvidenceOrder
from signstation.model.language import Language
from signstation.model.orders import Destination, SignOrder
from signstation.reports.words import show


@click.command(cls=ExampleCommand, short_help="Gather the evidence of a release.")
@click.argument("release", metavar="DIRECTORY", type=PATH)
@click.option(
    "--output", type=PATH, metavar="DIR", help="New directory (default: DIRECTORY-evidence)."
)
@click.option(
    "--language",
    type=click.Choice([each.value for each in Language]),
    help="Language of the reports for people (default: as LC_ALL, LC_MESSAGES or LANG say).",
)
@click.option("--key", "keys", multiple=True, help="Sign report.json with this key; repeatable.")
@secret_option
@json_option
def report(
    release: Path,
    output: Path | None,
    language: str | None,
    keys: tuple[str, ...],
    secret_fd: int | None,
    as_json: bool,  # noqa: FBT001 - a click flag
) -> int:
    """Verify a signed release and write what others need to check it.

    One new directory: the report (HTML, PDF, SVG, and JSON signed by the key of the audit log), the
    list of signatures, the public keys in the forms that tools take, the proofs that the signatures
    stand in the audit log, and verify.sh, which checks everything with the consumers' own tools.
    The status is 1 where something is not verified; the evidence is written all the same.
    """
    directory = release.absolute()
    order = EvidenceOrder(
        directory,
        (output or default_output(directory)).absolute(),
        Language(language) if language else language_of(os.environ),
    )
    return run(as_json, lambda said: _report(said, order, keys, secret_fd))


def language_of(environment: Mapping[str, str]) -> Language:
    """Return the language that an environment asks for (POSIX: the first that is set counts)."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    wanted = next((environment[each] for each in names if environment.get(each)), "")
    code = re.split("[_.@]", wanted)[0]
    return next((each for each in Language if each.value == code), Language.ENGLISH)


def _report(
    output: Output, order: EvidenceOrder, typed: tuple[str, ...], secret_fd: int | None
) -> None:
    asker = asker_for(secret_fd)
    with station(output, asker) as talk:
        # A wrong key is told before the work, not after it.
        keys = tuple(talk.wait(talk.api.resolve_key(typed_key(each))) for each in typed)
        if isinstance(asker, Lines):
            asker.for_keys([str(each) for each in keys])
        made = talk.wait(talk.api.evidence(order))
        _print(output, made)
        if keys:
            wanted = SignOrder(
                paths=(made.directory / REPORT,),
                keys=keys,
                format="blob",
                destination=Destination.IN_PLACE,
                title="report",
            )
            _sign(output, talk, wanted)


def _sign(output: Output, talk: Conversation, order: SignOrder) -> None:
    plan = talk.wait(talk.api.plan(order))
    job = talk.wait(talk.api.submit(plan.id)) if plan.items else None
    steps = []
    if job is not None:
        follow(talk, job)
        steps = steps_of(talk, job)
    print_steps(output, steps, plan)


def _print(output: Output, made: Evidence) -> None:
    if made.verified != made.artifacts:
        output.note(ExitStatus.VERDICT)
    output.object(evidence_json(made))
    place = show(nearby(str(made.directory)))
    output.text(f"{place}: {made.verified} of {made.artifacts} verified")
    output.text(*(f"  {show(each)}" for each in made.files))
    output.text(*(f"Lacking: {each}" for each in made.findings))
    output.text(f"Check it anywhere: sh {place}/{SCRIPT} RELEASE-DIRECTORY")
