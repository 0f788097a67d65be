"""``signstation formats``."""

from __future__ import annotations

import click

from signstation.cli.command import ExampleCommand, json_option
from signstation.cli.objects import format_json
from signstation.cli.output import Output
from signstation.cli.run import run
from signstation.registry.plugins import load_formats
from signstation.reports.words import sentence


@click.command(cls=ExampleCommand, short_help="List formats and signature types.")
@json_option
def formats(as_json: bool) -> int:  # noqa: FBT001 - a click flag
    """List what `--as` may name: formats, their signature types (the default first), options."""
    return run(as_json, _formats)


def _formats(output: Output) -> None:
    rows = []
    for kind in load_formats().values():
        output.object(format_json(kind))
        options = [
            f"{each.name}={'|'.join(choice.value for choice in each.choices) or 'TEXT'}"
            for each in kind.options
        ]
        types = ", ".join(each.value for each in kind.signature_types)
        rows.append(
            (kind.id, sentence(kind.title), types, kind.default_hash.title, "  ".join(options))
        )
    output.table(("FORMAT", "WHAT IT IS", "SIGNATURES", "HASH", "OPTIONS"), rows)
