"""The command line's entry: the grammar, and what every kind of failure becomes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

import signstation
from signstation.cli.command import LazyGroup
from signstation.cli.variables import COMPLETE_VARIABLE
from signstation.effects import ExitStatus

COMMANDS = {
    "sign": "signstation.cli.sign:sign",
    "checksums": "signstation.cli.checksums:checksums",
    "verify": "signstation.cli.verify:verify",
    "inspect": "signstation.cli.inspect:inspect",
    "diff": "signstation.cli.difference:diff",
    "formats": "signstation.cli.formats:formats",
    "key": "signstation.cli.keys:key",
    "trust": "signstation.cli.trust:trust",
    "profile": "signstation.cli.profiles:profile",
    "job": "signstation.cli.jobs:job",
    "report": "signstation.cli.report:report",
    "audit": "signstation.cli.audit:audit",
    "recipe": "signstation.cli.recipe:recipe",
    "client": "signstation.cli.client:client",
    "lint": "signstation.cli.lint:lint",
    "station": "signstation.cli.station:station",
    "doctor": "signstation.cli.doctor:doctor",
    "demo": "signstation.cli.demo:demo",
    "completion": "signstation.cli.completion:completion",
}


HELP = """Sign and verify Linux artifacts, and see what a signature is worth.

Without a command the window opens.

\b
Status: 0 good, 1 a verdict other than "verified", 2 usage, 3 cancelled,
4 policy, 5 key or device, 6 tool missing, 7 path, 8 this machine, 70 a bug.
"""  # \b keeps click from filling the lines that follow


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    name="signstation",
    help=HELP,
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
)
@click.version_option(
    signstation.__version__, prog_name="signstation", message="%(prog)s %(version)s"
)
def root() -> None:
    """Sign and verify Linux artifacts, and see what a signature is worth."""


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status; prints, never raises."""
    try:
        result = root.main(
            args=list(arguments),
            prog_name="signstation",
            complete_var=COMPLETE_VARIABLE,
            standalone_mode=False,
        )
    except SystemExit as end:  # after completions were printed
        return end.code if isinstance(end.code, int) else int(ExitStatus.GOOD)
    except click.ClickException as error:
        error.show()
        return int(ExitStatus.USAGE)
    except (click.Abort, KeyboardInterrupt):
        return int(ExitStatus.CANCELLED)
    except BrokenPipeError:
        # Whoever read our output has had enough; nothing more can be said there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitStatus.CANCELLED)
    return result if isinstance(result, int) else int(ExitStatus.GOOD)
