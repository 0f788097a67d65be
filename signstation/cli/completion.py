"""``signstation completion``."""

from __future__ import annotations

import sys

import click
from click.shell_completion import get_completion_class

from signstation.cli.command import ExampleCommand
from signstation.cli.run import run
from signstation.cli.variables import COMPLETE_VARIABLE
from signstation.errors import UsageError

SHELLS = ("bash", "zsh", "fish")


@click.command(cls=ExampleCommand, short_help="Print a shell's completion script.")
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> int:
    """Print the script that completes commands and options in a shell; `source` it."""

    def write(_: object) -> None:
        kind = get_completion_class(shell)
        if kind is None:
            raise UsageError(reason=f"no completion for {shell}")
        script = kind(context.find_root().command, {}, "signstation", COMPLETE_VARIABLE).source()
        sys.stdout.write(script + "\n")

    return run(as_json=False, work=write)
