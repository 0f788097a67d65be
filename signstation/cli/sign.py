"""``signstation sign``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from signstation.app.home import settings_files, state_directory
from signstation.app.settings import load
from signstation.cli.asking import Lines
from signstation.cli.command import (
    PATH,
    ExampleCommand,
    Moment,
    json_option,
    secret_option,
)
from signstation.cli.conversation import Conversation
from signstation.cli.objects import plan_json, planned_json
from signstation.cli.output import Output, nearby, wire_error
from signstation.cli.profile import by_kind, one_of
from signstation.cli.release import release_lines
from signstation.cli.run import asker_for, run, station, typed_key
from signstation.cli.steps import follow, print_steps, steps_of
from signstation.errors import UsageError
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import KeyRef
from signstation.model.options import CONTENT, CONTENT_LEFT, Existing
from signstation.model.orders import Destination, PlannedPrompt, PlanSummary, SignOrder
from signstation.model.profiles import Profile
from signstation.reports.words import human_size, show

EPOCH_VARIABLE = "SOURCE_DATE_EPOCH"
"""Pins the signing time, as reproducible builds do (reproducible-builds.org specification)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The command's arguments."""

    paths: tuple[Path, ...]
    keys: tuple[str, ...]
    artifact_type: str | None
    hash: str | None
    certificates: tuple[Path, ...]
    time: int | None
    output: Path | None
    in_place: bool
    existing: str | None
    options: tuple[str, ...]
    profile: str | None
    signatures_only: bool
    no_checkpoint: bool
    only_new: bool
    allow_private_keys: bool
    replace: bool
    dry_run: bool
    secret_fd: int | None


@click.command(cls=ExampleCommand, short_help="Sign files and directories.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=PATH)
@click.option("--key", "keys", multiple=True, help="A key, as `key list` prints it; repeatable.")
@click.option(
    "--as",
    "artifact_type",
    metavar="FORMAT[:SIGNATURE]",
    help="Take every file as this format, as `formats` lists them.",
)
@click.option("--hash", type=click.Choice(["sha256", "sha384", "sha512"]), help="Envelope hash.")
@click.option(
    "--cert", "certificates", multiple=True, type=PATH, help="A certificate of the key; repeatable."
)
@click.option("--time", type=Moment(), help="Signing time; else SOURCE_DATE_EPOCH, else now.")
@click.option("--output", type=PATH, help="Directory for the signed files (default: ./signed).")
@click.option("--in-place", is_flag=True, help="Change the files themselves.")
@click.option(
    "--existing",
    type=click.Choice([each.value for each in Existing]),
    help="What happens to signatures that are already there.",
)
@click.option(
    "--option", "options", multiple=True, metavar="NAME=VALUE", help="An option of the format."
)
@click.option("--profile", metavar="NAME", help="Defaults from the settings.")
@click.option(
    "--signatures-only",
    is_flag=True,
    help="Write detached signatures without a copy of their file.",
)
@click.option(
    "--no-checkpoint",
    is_flag=True,
    help="Leave no checkpoint.txt of the audit log in the output directory.",
)
@click.option("--only-new", is_flag=True, help="Leave out what these keys have signed already.")
@click.option(
    "--allow-private-keys",
    is_flag=True,
    help="Sign a directory although a private key lies in it.",
)
@click.option("--replace", is_flag=True, help="Overwrite output files.")
@click.option("--dry-run", is_flag=True, help="Show the plan and sign nothing.")
@secret_option
@json_option
def sign(as_json: bool, **given: object) -> int:  # noqa: FBT001 - a click flag
    """Sign what is recognised in files and directories.

    Originals stay as they are: signed copies and detached signatures go to the output directory,
    after our own verifier has read them again. With several keys each artifact is signed by the
    keys that can make its kind of signature.
    """
    wanted = Wanted(**given)  # type: ignore[arg-type]  # click gives what the options say
    return run(as_json, lambda output: _sign(output, wanted))


def _sign(output: Output, wanted: Wanted) -> None:
    if wanted.in_place and wanted.output:
        raise UsageError(reason="--in-place and --output contradict each other")
    profile = Profile("", "")
    if wanted.profile is not None:
        profile = load(settings_files(state_directory(os.environ))).profile(wanted.profile)
    kinds = () if wanted.keys or wanted.artifact_type else profile.kinds
    if wanted.hash:
        kinds = tuple(replace(each, hash="") for each in kinds)
    typed = wanted.keys or tuple(each.key for each in kinds) or profile.keys
    if not typed:
        raise UsageError(
            reason="no key is named: --key takes one that `signstation key list` shows"
        )
    asker = asker_for(wanted.secret_fd)
    with station(output, asker) as talk:
        keys = tuple(talk.wait(talk.api.resolve_key(typed_key(each))) for each in typed)
        if isinstance(asker, Lines):
            asker.for_keys([str(each) for each in keys])
        order = _order(wanted, profile, keys)
        for each in by_kind(talk, order, kinds, keys) if kinds else (order,):
            carry_out(output, talk, each, dry_run=wanted.dry_run)


def carry_out(output: Output, talk: Conversation, order: SignOrder, *, dry_run: bool) -> None:
    """Plan, sign and print, or print the plan alone. Raises UsageError where nothing is known."""
    plan = talk.wait(talk.api.plan(order))
    if not (plan.items or plan.refused or plan.covered or plan.signed):
        raise UsageError(reason="nothing here is of a known format; --as blob signs any file")
    if dry_run:
        _print_plan(output, plan)
        return
    steps = []
    if plan.items:
        job = talk.wait(talk.api.submit(plan.id))
        follow(talk, job)
        steps = steps_of(talk, job)
    print_steps(output, steps, plan)
    if plan.findings or plan.covered or plan.signed:
        output.object(plan_json(plan))
    _print_notes(output, plan)


def _order(wanted: Wanted, profile: Profile, keys: tuple[KeyRef, ...]) -> SignOrder:
    format_id, _, signature = (wanted.artifact_type or profile.artifact_type).partition(":")
    chosen_hash = wanted.hash or profile.hash
    existing = wanted.existing or profile.existing
    return SignOrder(
        paths=tuple(each.absolute() for each in wanted.paths),
        keys=keys,
        format=format_id or None,
        signature=signature or None,
        hash=one_of(HashAlgorithm, chosen_hash) if chosen_hash else None,
        certificates=tuple(
            each.absolute() for each in wanted.certificates or _beside_settings(profile)
        ),
        time=signing_time(wanted.time),
        destination=Destination.IN_PLACE if wanted.in_place else Destination.DIRECTORY,
        output=_output(wanted, profile),
        existing=one_of(Existing, existing) if existing else None,
        replace=wanted.replace,
        options=_options(_typed(wanted), profile.options),
        checkpoint=not wanted.no_checkpoint,
        only_new=wanted.only_new,
        private_keys=wanted.allow_private_keys,
    )


def _output(wanted: Wanted, profile: Profile) -> Path | None:
    if wanted.output:
        return wanted.output.absolute()
    if profile.output and not wanted.in_place:
        return Path(profile.output).expanduser().absolute()
    return None


def _beside_settings(profile: Profile) -> tuple[Path, ...]:
    """Certificates of a profile; a relative path is meant from the settings file."""
    return tuple(Path(profile.source).parent / each for each in profile.certificates)


def signing_time(given: int | None) -> int | None:
    """Return the time that was given, else SOURCE_DATE_EPOCH, None for now."""
    epoch = os.environ.get(EPOCH_VARIABLE)
    if given is not None or not epoch:
        return given
    if not (epoch.isascii() and epoch.isdigit()):
        raise UsageError(reason=f"{EPOCH_VARIABLE} is not a number of seconds")
    return int(epoch)


def _typed(wanted: Wanted) -> tuple[str, ...]:
    if wanted.signatures_only:
        return (*wanted.options, f"{CONTENT}={CONTENT_LEFT}")
    return wanted.options


def _options(
    given: Sequence[str], defaults: tuple[tuple[str, str], ...]
) -> tuple[tuple[str, str], ...]:
    values = dict(defaults)
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name:
            raise UsageError(reason=f"--option {each} is not NAME=VALUE")
        values[name] = value
    return tuple(sorted(values.items()))


def _print_notes(output: Output, plan: PlanSummary) -> None:
    output.text(*release_lines(plan))
    if plan.skipped:
        output.text(f"Not recognised and left out: {len(plan.skipped)} (--as blob signs any file)")
    output.text(*(f"Note: {show(each)}" for each in plan.warnings))


def _asked(prompt: PlannedPrompt) -> str:
    """``passphrase gpg:FPR``; a PIN or touch that comes with each signature says how often."""
    name = show(prompt.name)
    return name if prompt.count == 1 else f"{name}, {prompt.count} times"


def _print_plan(output: Output, plan: PlanSummary) -> None:
    for refusal in plan.refused:
        output.error(wire_error(refusal.error), str(refusal.path))
    output.object(plan_json(plan))
    for item in plan.items:
        output.object(planned_json(item))
    output.table(
        ("ARTIFACT", "FORMAT", "SIZE", "SIGNATURES", "OUTPUT"),
        [
            (
                nearby(str(item.path)),
                item.format,
                human_size(item.size),
                "; ".join(item.slots),
                ", ".join(nearby(str(each)) for each in item.outputs),
            )
            for item in plan.items
        ],
    )
    _print_notes(output, plan)
    output.text(f"Key operations: {plan.key_operations}. Nothing was signed.")
    output.text(*(f"Will be asked for: {_asked(each)}" for each in plan.prompts))
