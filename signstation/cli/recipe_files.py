"""What all recipes share: the certificates that were named, and the files that are written."""

from __future__ import annotations

import hashlib
import os
import shlex
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click

from signstation.app.reading import read_file
from signstation.cli.command import PATH, json_option
from signstation.cli.conversation import Conversation
from signstation.cli.objects import head
from signstation.cli.output import Output, nearby
from signstation.cli.run import run, station, typed_key
from signstation.codec.armor import MAX_ARMOR
from signstation.errors import UsageError
from signstation.recipes.certificates import Certificates, read_certificates
from signstation.recipes.made import Recipe
from signstation.reports.words import show
from signstation.system.files import make_directories, open_root, writing
from signstation.system.files_new import write

F = TypeVar("F", bound=Callable[..., object])
_MODE = 0o644
_DIRECTORY_MODE = 0o755
_OPENPGP = frozenset({".asc", ".gpg"})
"""Suffixes of what a key store exports as an OpenPGP certificate."""


@dataclass(frozen=True, slots=True)
class Common:
    """The options of every recipe."""

    keys: tuple[str, ...]
    certificates: tuple[Path, ...]
    name: str
    output: Path
    replace: bool


def common_options(function: F) -> F:
    """Add the options of ``Common`` and ``--json``."""
    for each in (
        json_option,
        click.option("--replace", is_flag=True, help="Overwrite files."),
        click.option("--output", type=PATH, default=Path(), help="Directory (default: here)."),
        click.option("--name", required=True, help="What the files are named after."),
        click.option(
            "--certificate",
            "certificates",
            multiple=True,
            type=PATH,
            help="A file with an OpenPGP certificate; repeatable.",
        ),
        click.option(
            "--key", "keys", multiple=True, help="A key of this station, as for `sign`; repeatable."
        ),
    ):
        function = each(function)
    return function


def cook(
    as_json: bool,  # noqa: FBT001 - a click flag
    given: dict[str, object],
    make: Callable[[Common, Certificates], Recipe],
) -> int:
    """Read the certificates, make the recipe, write and print it; returns the status."""
    common = take_common(given)

    def work(output: Output) -> None:
        serve(output, common, make(common, certificates(output, common)))

    return run(as_json, work)


def take_common(given: dict[str, object]) -> Common:
    """Take the common options out of a command's arguments."""
    return Common(**{name: given.pop(name) for name in Common.__slots__})  # type: ignore[arg-type]  # click gives what the options say


def certificates(output: Output, common: Common) -> Certificates:
    """Return the certificates of keys and files. Raises UsageError where none is named."""
    if not common.keys and not common.certificates:
        raise UsageError(reason="name the key: --key KEY, or --certificate FILE")
    contents = [read_file(each.absolute(), MAX_ARMOR) for each in common.certificates]
    if common.keys:
        with station(output) as talk:
            contents += [content for key in common.keys for content in _exported(talk, key)]
    return read_certificates(tuple(contents))


def _exported(talk: Conversation, typed: str) -> tuple[bytes, ...]:
    key = talk.wait(talk.api.resolve_key(typed_key(typed)))
    with tempfile.TemporaryDirectory(prefix="signstation-") as scratch:
        written = talk.wait(talk.api.export_key(key, Path(scratch), replace=False))
        found = tuple(each.read_bytes() for each in written if each.suffix in _OPENPGP)
    if not found:
        raise UsageError(reason=f"{key} has no OpenPGP certificate, which this recipe hands out")
    return found


def serve(output: Output, common: Common, recipe: Recipe) -> None:
    """Write the files below the output directory and say what to do with them."""
    directory = output_directory(common)
    for each in recipe.files:
        make_parents(directory, each.name)
        write(directory / each.name, each.content, _MODE, replace=common.replace)
    output.object(
        {
            **head("recipe"),
            "name": common.name,
            "files": [
                {
                    "path": str(directory / each.name),
                    "place": each.place,
                    "sha256": hashlib.sha256(each.content).hexdigest(),
                    "says": each.says,
                }
                for each in recipe.files
            ],
            "notes": list(recipe.notes),
            "commands": [list(each) for each in recipe.commands],
        }
    )
    output.table(
        ("WRITTEN", "BELONGS TO", ""),
        [(nearby(str(directory / each.name)), each.place, each.says) for each in recipe.files],
    )
    output.text(*(f"Note: {show(each)}" for each in recipe.notes))
    if recipe.commands:
        output.text("", "By hand:", *(f"  {show(shlex.join(each))}" for each in recipe.commands))


def output_directory(common: Common) -> Path:
    """Return the output directory, made where it is missing."""
    directory = common.output.absolute()
    with writing(directory):
        if not directory.exists():
            directory.mkdir(parents=True)
            directory.chmod(_DIRECTORY_MODE)  # whatever our umask: a web server reads it
    return directory


def make_parents(directory: Path, name: str) -> None:
    """Make the directories above a name, as open as ``directory`` is."""
    parts = tuple(name.split("/")[:-1])
    if parts:
        root = open_root(directory)
        try:
            os.close(make_directories(root, parts, directory / name))
        finally:
            os.close(root)
