"""``signstation profile …``: what ``sign --profile`` takes, listed and deleted."""

from __future__ import annotations

import click

from signstation.cli.command import ExampleCommand, LazyGroup, json_option
from signstation.cli.objects import profile_json
from signstation.cli.output import Output, nearby
from signstation.cli.run import run, station
from signstation.model.profiles import Profile


@click.group(cls=LazyGroup, short_help="Saved profiles: list, delete.")
def profile() -> None:
    """Saved choices of keys, signature types, hash and output, by name."""


@profile.command("list", cls=ExampleCommand, short_help="List the saved profiles.")
@json_option
def list_(as_json: bool) -> int:  # noqa: FBT001 - a click flag
    """List the saved profiles with the file that each stands in."""
    return run(as_json, _list)


@profile.command("delete", cls=ExampleCommand, short_help="Delete a saved profile.")
@click.argument("name")
@json_option
def delete(name: str, as_json: bool) -> int:  # noqa: FBT001 - a click flag
    """Take the profile NAME out of your settings; nothing else in the file changes.

    What was deleted is printed, so that it can be typed again. A profile that the administrator of
    this machine wrote is refused.
    """
    return run(as_json, lambda output: _delete(output, name))


def _list(output: Output) -> None:
    with station(output) as talk:
        found = talk.wait(talk.api.profiles())
    if found:
        _print(output, found)
    else:
        output.text("No profiles are saved.")


def _delete(output: Output, name: str) -> None:
    with station(output) as talk:
        gone = talk.wait(talk.api.delete_profile(name))
    output.text("Deleted:")
    _print(output, (gone,))


def _print(output: Output, profiles: tuple[Profile, ...]) -> None:
    for each in profiles:
        output.object(profile_json(each))
    output.table(
        ("NAME", "KEYS", "HASH", "OUTPUT", "FILE"),
        [
            (
                each.name,
                ", ".join((*each.keys, *(f"{kind.format}: {kind.key}" for kind in each.kinds)))
                or "—",
                _hashes(each) or "—",
                each.output or "—",
                nearby(each.source),
            )
            for each in profiles
        ],
    )


def _hashes(profile: Profile) -> str:
    kinds = (f"{each.format}: {each.hash}" for each in profile.kinds if each.hash)
    return ", ".join((*filter(None, (profile.hash,)), *kinds))
