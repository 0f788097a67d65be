"""``signstation doctor``."""

from __future__ import annotations

import click

from signstation.cli.command import ExampleCommand, json_option
from signstation.cli.objects import health_json
from signstation.cli.output import Output
from signstation.cli.run import run, station
from signstation.effects import ExitStatus
from signstation.model.station import Health
from signstation.reports.words import sentence

_HEALTH = {Health.GOOD: "good", Health.WARNING: "look", Health.BAD: "BAD"}


@click.command(cls=ExampleCommand, short_help="See what this machine has and lacks.")
@json_option
def doctor(as_json: bool) -> int:  # noqa: FBT001 - a click flag
    """Look at tools, protections of the kernel, state and keys; each lack has its remedy."""
    return run(as_json, _doctor)


def _doctor(output: Output) -> None:
    with station(output) as talk:
        rows = talk.wait(talk.api.doctor())
    for each in rows:
        output.object(health_json(each))
        if each.health is Health.BAD:
            output.note(ExitStatus.HOST)
    # The cells are escaped once more by the table, which changes nothing.
    output.table(
        ("", "WHAT", "FOUND"),
        [(_HEALTH[each.health], sentence(each.title), sentence(each.detail)) for each in rows],
    )
    for each in rows:
        if each.remedy:
            output.text(f"{sentence(each.title)}: {sentence(each.remedy)}")
