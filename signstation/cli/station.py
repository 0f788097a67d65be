"""``signstation station …``: the state of this station saved, brought back, and kept small."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from signstation.app.backup import BackupOrder, Contents, counts, key_files, refuse_taken
from signstation.app.backup import write_backup as _write_backup
from signstation.app.backup_restore import Restored, RestoreOrder, refuse_occupied, restore_backup
from signstation.app.home import state_directory
from signstation.app.retention import Freed, Leftover, foresee, prune
from signstation.cli.asking import TRIES
from signstation.cli.command import (
    PATH,
    ExampleCommand,
    LazyGroup,
    Lifetime,
    json_option,
    secret_option,
)
from signstation.cli.objects_station import backup_json, pruned_json
from signstation.cli.output import Output, nearby
from signstation.cli.run import asker_for, run
from signstation.errors import BackupLocked
from signstation.model.prompts import Prompt, PromptKind
from signstation.model.text import Text, text
from signstation.reports.words import human_size, show

KINDS = {
    Leftover.JOBS: "finished jobs with their requests",
    Leftover.LOGS: "logs that were put aside",
    Leftover.COPIES: "private copies and staging leftovers",
    Leftover.JOURNALS: "journals kept before a migration",
}


@click.group(cls=LazyGroup, short_help="Back up, restore and tidy this station.")
def station() -> None:
    """The state of this station: journal, settings, trust, audit log and keys."""


@station.command("backup", cls=ExampleCommand, short_help="Save the state to an encrypted file.")
@click.argument("target", metavar="FILE", type=PATH)
@click.option("--with-keys", is_flag=True, help="Take the station's own key files along.")
@click.option("--replace", is_flag=True, help="Write over an existing file.")
@secret_option
@json_option
def backup(
    target: Path,
    with_keys: bool,  # noqa: FBT001 - a click flag
    replace: bool,  # noqa: FBT001 - a click flag
    secret_fd: int | None,
    as_json: bool,  # noqa: FBT001 - a click flag
) -> int:
    """Save the whole state to one file that is always encrypted, and read it back.

    The passphrase is asked twice. Without it nobody can read the file: not even we. Keys in GnuPG,
    in files elsewhere and on tokens are not part of the state.
    """
    home = state_directory(os.environ)
    order = BackupOrder(home, target.absolute(), with_keys, replace, int(time.time()))
    return run(as_json, lambda output: _backup(output, order, secret_fd))


@station.command("restore", cls=ExampleCommand, short_help="Bring a saved state back.")
@click.argument("source", metavar="FILE", type=PATH)
@click.option("--replace", is_flag=True, help="Put it in the place of a state, kept beside.")
@secret_option
@json_option
def restore(
    source: Path,
    replace: bool,  # noqa: FBT001 - a click flag
    secret_fd: int | None,
    as_json: bool,  # noqa: FBT001 - a click flag
) -> int:
    """Bring the state of a backup to this station, which must be empty and not open.

    All is unpacked and checked first; then the new state takes the place of the old in one step.
    """
    home = state_directory(os.environ)
    order = RestoreOrder(source.absolute(), home, replace, int(time.time()))
    return run(as_json, lambda output: _restore(output, order, secret_fd))


@station.command("prune", cls=ExampleCommand, short_help="Forget old jobs, logs and leftovers.")
@click.option(
    "--older-than",
    type=Lifetime(),
    required=True,
    metavar="TIME",
    help="What ended before: 90d, 8w, 6m, 2y.",
)
@click.option("--apply", is_flag=True, help="Remove it; else it is only said what would go.")
@json_option
def prune_(older_than: int, apply: bool, as_json: bool) -> int:  # noqa: FBT001 - click flags
    """Say what is old and how much it holds; with --apply remove it.

    The audit log is never touched, and neither are results.
    """
    if older_than == 0:
        raise click.UsageError("--older-than never removes nothing")
    home, before = state_directory(os.environ), int(time.time()) - older_than
    return run(as_json, lambda output: _prune(output, home, before, apply=apply))


def _backup(output: Output, order: BackupOrder, secret_fd: int | None) -> None:
    refuse_taken(order)
    prompt = _prompt(
        PromptKind.NEW_PASSPHRASE,
        order.target,
        Text("Choose the passphrase of the backup"),
        Text("Whoever has the file and it has all that is in the backup."),
    )
    passphrase = asker_for(secret_fd).ask(prompt)
    try:
        contents = _write_backup(order, passphrase)
    finally:
        passphrase.wipe()
    output.object(backup_json(contents, order.target, None))
    output.text(f"Saved and read back: {show(nearby(str(order.target)))}", *_lines(contents))


def _restore(output: Output, order: RestoreOrder, secret_fd: int | None) -> None:
    refuse_occupied(order)
    done = _asked(order, secret_fd)
    beside = str(done.beside) if done.beside else None
    output.object(backup_json(done.contents, order.source, beside))
    output.text(f"The state is back in {show(str(order.home))}", *_lines(done.contents))
    if beside:
        output.text(f"  The state that was there: {show(beside)}")
    if not done.contents.with_keys:
        output.text("  Secret keys were not in it: take them in with signstation key import.")


def _asked(order: RestoreOrder, secret_fd: int | None) -> Restored:
    """Ask for the passphrase, again where it was wrong; a descriptor has only one answer."""
    asker = asker_for(secret_fd)
    for left in reversed(range(TRIES if secret_fd is None else 1)):
        prompt = _prompt(
            PromptKind.PASSPHRASE,
            order.source,
            Text("The passphrase of the backup"),
            text("It was made with {path}.", path=order.source.name),
            again=left < TRIES - 1 and secret_fd is None,
        )
        passphrase = asker.ask(prompt)
        try:
            return restore_backup(order, passphrase)
        except BackupLocked:
            if not left:
                raise
        finally:
            passphrase.wipe()
    raise BackupLocked(path=str(order.source))


def _prompt(
    kind: PromptKind, path: Path, title: Text, body: Text, *, again: bool = False
) -> Prompt:
    return Prompt(
        id="backup",
        kind=kind,
        name="passphrase of the backup",
        title=title,
        body=body,
        key=str(path),
        previous_wrong=again,
    )


def _lines(contents: Contents) -> list[str]:
    files, size = counts(contents)
    made = datetime.fromtimestamp(contents.made, UTC).strftime("%Y-%m-%d %H:%M UTC")
    keys = f"{key_files(contents)} in it" if contents.with_keys else "left out: certificates only"
    return [
        f"  Made {made} by signstation {show(contents.program)}",
        f"  {files} files, {human_size(size)}",
        f"  Key files: {keys}",
    ]


def _prune(output: Output, home: Path, before: int, *, apply: bool) -> None:
    found: tuple[Freed, ...] = prune(home, before) if apply else foresee(home, before)
    for each in found:
        output.object(pruned_json(each, removed=apply))
    output.table(
        ("WHAT", "COUNT", "SIZE"),
        [(KINDS[each.kind], str(each.count), human_size(each.size)) for each in found],
    )
    if apply:
        output.text("Removed. The audit log is as it was.")
    else:
        output.text("Nothing was removed: --apply removes it. The audit log stays in any case.")
