"""What all commands share: help with examples, common options, types of arguments, the start."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from signstation.cli.examples import epilog

F = TypeVar("F", bound=Callable[..., object])

PATH = click.Path(path_type=Path)
"""A path as typed; whether it can be read is for the station to say (status 7, not 2)."""

_DAY = 86400
_UNITS = {"d": _DAY, "w": 7 * _DAY, "m": 30 * _DAY, "y": 365 * _DAY}
_LIFETIME = re.compile(r"([1-9][0-9]{0,4})([dwmy])")


class _WithExamples(click.Command):
    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples as they are: a shell line is not wrapped."""
        formatter.write(f"\n{epilog(ctx.command_path)}\n")


class ExampleCommand(_WithExamples):
    """A command whose help ends in its examples."""


class LazyGroup(_WithExamples, click.Group):
    """A group that imports a command's module when the command is asked for.

    So that ``--version`` and completion do not pay for the engine.
    """

    def __init__(
        self,
        *arguments: Any,  # noqa: ANN401 - what click's own group takes
        lazy: Mapping[str, str] | None = None,
        **more: Any,  # noqa: ANN401 - what click's own group takes
    ) -> None:
        """``lazy`` maps names to ``module:attribute`` in the order of the help."""
        super().__init__(*arguments, **more)
        self._lazy = dict(lazy or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return [*self._lazy, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        if cmd_name not in self._lazy:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self._lazy[cmd_name].partition(":")
        return cast("click.Command", getattr(importlib.import_module(module), attribute))


class Moment(click.ParamType[int]):
    """A time: Unix seconds, a day, or ISO 8601; without a zone it is UTC."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Return Unix seconds."""
        if isinstance(value, int):
            return value
        text = str(value)
        try:
            if text.isascii() and text.isdigit():
                seconds = int(text)
            else:
                moment = datetime.fromisoformat(text)
                moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
                seconds = int(moment.timestamp())
            datetime.fromtimestamp(seconds, UTC)  # within what dates can say
        except (ValueError, OverflowError, OSError):
            self.fail(f"{text!r} is not Unix seconds, a day (2030-01-31) or ISO 8601", param, ctx)
        return seconds


class Lifetime(click.ParamType[int]):
    """How long a key lives: ``90d``, ``8w``, ``6m``, ``2y`` or ``never`` (0)."""

    name = "lifetime"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Return seconds, 0 for never."""
        if isinstance(value, int):
            return value
        text = str(value)
        if text == "never":
            return 0
        found = _LIFETIME.fullmatch(text)
        if not found:
            self.fail(f"{text!r} is not like 90d, 8w, 6m, 2y or never", param, ctx)
        return int(found[1]) * _UNITS[found[2]]


def json_option(function: F) -> F:
    """Add ``--json``."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON object per line instead of text."
    )(function)


def secret_option(function: F) -> F:
    """Add ``--secret-fd``."""
    return click.option(
        "--secret-fd",
        type=int,
        metavar="N",
        help="Read secrets from this descriptor: a line per prompt, in the order of the keys.",
    )(function)
